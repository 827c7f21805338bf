//! Rows of a table that stay in memory for a moment. What was changed counts at once: what a request has read before the
//! change does not take its place.

use std::{
    borrow::Borrow,
    fmt,
    hash::Hash,
    sync::Arc,
    time::{Duration, Instant},
};

use quick_cache::{
    DefaultHashBuilder, Lifecycle, UnitWeighter,
    sync::{Cache as QuickCache, EntryAction, EntryResult},
};

/// How long a row stays: what another machine changed is noticed after this long at most.
pub const STALE_AFTER: Duration = Duration::from_secs(4);
/// How many rows are kept at most, beside those that were changed just now.
const MAX_ROWS: usize = 10_000;

/// What is known of a row; no value where there is no such row any more.
#[derive(Clone)]
struct Known<V> {
    value: Option<V>,
    since: Instant,
    was_changed: bool,
}

impl<V> Known<V> {
    fn new(value: Option<V>, was_changed: bool) -> Self {
        Self { value, since: Instant::now(), was_changed }
    }

    fn is_fresh(&self) -> bool {
        self.since.elapsed() < STALE_AFTER
    }
}

/// However many rows are read meanwhile, those that were changed just now stay.
#[derive(Clone)]
struct ChangesStay;

impl<K, V> Lifecycle<K, Known<V>> for ChangesStay {
    type RequestState = ();

    fn is_pinned(&self, _: &K, known: &Known<V>) -> bool {
        known.was_changed && known.is_fresh()
    }
}

/// Rows by their keys. A clone is the same cache.
pub struct Cache<K, V>(Arc<QuickCache<K, Known<V>, UnitWeighter, DefaultHashBuilder, ChangesStay>>);

impl<K, V> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> fmt::Debug for Cache<K, V> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Cache")
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Default for Cache<K, V> {
    fn default() -> Self {
        let rows = u64::try_from(MAX_ROWS).unwrap_or(u64::MAX);
        let hash = DefaultHashBuilder::default();
        Self(Arc::new(QuickCache::with(MAX_ROWS, rows, UnitWeighter, hash, ChangesStay)))
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// What is known; the inner `None` is a row that is gone.
    pub fn get<Q>(&self, key: &Q) -> Option<Option<V>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.0.get(key).filter(Known::is_fresh).map(|known| known.value)
    }

    /// The row was changed, or is gone.
    pub fn change(&self, key: K, value: Option<V>) {
        self.0.insert(key, Known::new(value, true));
    }

    /// The row was changed. One that is gone stays so.
    pub fn change_unless_gone(&self, key: &K, value: Option<V>) {
        self.keep_or_put(key, |known| known.value.is_none(), Known::new(value, true));
    }

    /// The row was read. If it was changed since, the change stays, and is the answer.
    pub fn read(&self, key: &K, value: Option<V>) -> Option<V> {
        self.keep_or_put(key, |_| true, Known::new(value, false))
    }

    /// Nothing is known any more.
    pub fn forget<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.0.remove(key);
    }

    /// What is there stays if it is fresh and `stays` says so. Returns what is there then.
    fn keep_or_put(&self, key: &K, stays: impl FnOnce(&Known<V>) -> bool, new: Known<V>) -> Option<V> {
        let or_new = |_: &K, known: &mut Known<V>| {
            if !(known.is_fresh() && stays(known)) {
                *known = new.clone();
            }
            EntryAction::Retain(known.value.clone())
        };
        match self.0.entry(key, None, or_new) {
            EntryResult::Retained(value) => value,
            EntryResult::Vacant(place) | EntryResult::Replaced(place, _) => {
                let value = new.value.clone();
                // Where a change has taken the place meanwhile, that stays.
                let _or_changed = place.insert(new);
                value
            }
            EntryResult::Removed(..) | EntryResult::Timeout => new.value,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    #[test]
    fn what_was_changed_stays_however_many_rows_are_read_meanwhile() {
        let cache = Cache::default();
        let read_others = |keys: Range<u32>| {
            for key in keys {
                cache.read(&key, Some("other"));
            }
        };
        // A row that comes to a full cache is one of the next to go.
        read_others(2..50_000);
        cache.change(0, None);
        cache.change(1, Some("new"));
        read_others(50_000..100_000);
        assert_eq!(cache.read(&0, Some("old")), None);
        assert_eq!(cache.read(&1, Some("old")), Some("new"));
        assert!((2..100_000).filter(|key| cache.get(key).is_some()).count() <= MAX_ROWS);
    }

    #[test]
    fn a_row_that_is_gone_does_not_come_back_until_it_is_forgotten() {
        let cache = Cache::default();
        cache.change(0, None);
        cache.change_unless_gone(&0, Some("saved"));
        assert_eq!(cache.get(&0), Some(None));
        cache.forget(&0);
        cache.change_unless_gone(&0, Some("saved"));
        assert_eq!(cache.get(&0), Some(Some("saved")));
    }
}
