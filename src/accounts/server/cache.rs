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

use crate::server::database::statement::STATEMENT_TIMEOUT;

/// How long a row counts: what another machine changed is noticed after this long at most.
pub const STALE_AFTER: Duration = Duration::from_secs(4);
/// How long it counts that a row is gone. Until then a statement that has read it before may still bring it.
const GONE_FOR: Duration = STATEMENT_TIMEOUT.saturating_mul(2);
/// About how many rows are kept at most, beside those that were changed here just now.
const MAX_ROWS: usize = 10_000;

/// How it is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Read,
    ChangedHere,
    /// On another machine. There may be more of these than have room.
    ChangedElsewhere,
}

/// What is known of a row; no value where there is no such row.
#[derive(Clone)]
struct Known<V> {
    value: Option<V>,
    since: Instant,
    source: Source,
}

impl<V> Known<V> {
    fn new(value: Option<V>, source: Source) -> Self {
        Self { value, since: Instant::now(), source }
    }

    fn counts(&self) -> bool {
        let is_gone = self.value.is_none() && self.source != Source::Read;
        self.since.elapsed() < if is_gone { GONE_FOR } else { STALE_AFTER }
    }
}

/// However many rows are read meanwhile, those that were changed here just now stay.
#[derive(Clone)]
struct ChangesStay;

impl<K, V> Lifecycle<K, Known<V>> for ChangesStay {
    type RequestState = ();

    fn is_pinned(&self, _: &K, known: &Known<V>) -> bool {
        known.source == Source::ChangedHere && known.counts()
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
    /// What is known; the inner `None` is a row that is not there.
    pub fn get<Q>(&self, key: &Q) -> Option<Option<V>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.0.get(key).filter(Known::counts).map(|known| known.value)
    }

    /// The row was changed, or is gone.
    pub fn change(&self, key: K, value: Option<V>) {
        self.0.insert(key, Known::new(value, Source::ChangedHere));
    }

    /// The row was changed. One that is gone stays so.
    pub fn change_unless_gone(&self, key: &K, value: Option<V>) {
        self.keep_or_put(key, |known| known.value.is_none(), Known::new(value, Source::ChangedHere));
    }

    /// Another machine has removed the row. PostgreSQL says so of rows that were removed here too, which stay as they are.
    pub fn gone_elsewhere(&self, key: &K) {
        let is_gone_here = |known: &Known<V>| known.value.is_none() && known.source == Source::ChangedHere;
        self.keep_or_put(key, is_gone_here, Known::new(None, Source::ChangedElsewhere));
    }

    /// The row was read. If it was changed since, the change stays, and is the answer.
    pub fn read(&self, key: &K, value: Option<V>) -> Option<V> {
        self.keep_or_put(key, |_| true, Known::new(value, Source::Read))
    }

    /// Nothing is known any more.
    pub fn forget<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.0.remove(key);
    }

    /// Makes room of what no longer counts.
    pub fn forget_stale(&self) {
        self.0.retain(|_, known| known.counts());
    }

    /// What is there stays if it counts and `stays` says so. Returns what is there then.
    fn keep_or_put(&self, key: &K, stays: impl FnOnce(&Known<V>) -> bool, new: Known<V>) -> Option<V> {
        let or_new = |_: &K, known: &mut Known<V>| {
            if !(known.counts() && stays(known)) {
                *known = new.clone();
            }
            EntryAction::Retain(known.value.clone())
        };
        match self.0.entry(key, None, or_new) {
            EntryResult::Retained(value) => value,
            EntryResult::Vacant(place) | EntryResult::Replaced(place, _) => {
                let value = new.value.clone();
                match place.insert(new) {
                    Ok(()) => value,
                    // A change has taken the place meanwhile.
                    Err(_) => self.get(key).unwrap_or(value),
                }
            }
            EntryResult::Removed(..) | EntryResult::Timeout => new.value,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    fn read_others(cache: &Cache<u32, &str>, keys: Range<u32>) {
        for key in keys {
            cache.read(&key, Some("other"));
        }
    }

    #[test]
    fn what_was_changed_here_stays_however_many_rows_are_read_meanwhile() {
        let cache = Cache::default();
        // A row that comes to a full cache is one of the next to go.
        read_others(&cache, 2..50_000);
        cache.change(0, None);
        cache.gone_elsewhere(&0);
        assert!(cache.0.peek(&0).is_some_and(|known| ChangesStay.is_pinned(&0, &known)));
        cache.change(1, Some("new"));
        read_others(&cache, 50_000..100_000);
        assert_eq!(cache.read(&0, Some("old")), None);
        assert_eq!(cache.read(&1, Some("old")), Some("new"));
    }

    #[test]
    fn rows_that_go_elsewhere_leave_room_for_those_that_are_read() {
        let cache = Cache::default();
        (0..50_000).for_each(|key| cache.gone_elsewhere(&key));
        read_others(&cache, 50_000..50_100);
        let kept = (50_000..50_100).filter(|key| cache.get(key).is_some()).count();
        assert!(kept > 50, "{kept}");
    }

    #[test]
    fn a_row_that_is_gone_does_not_come_back_until_it_is_forgotten() {
        let cache = Cache::default();
        cache.change(0, None);
        cache.gone_elsewhere(&1);
        for key in 0..2 {
            cache.change_unless_gone(&key, Some("saved"));
            assert_eq!(cache.read(&key, Some("read")), None);
            assert_eq!(cache.get(&key), Some(None));
        }
        cache.forget(&0);
        cache.change_unless_gone(&0, Some("saved"));
        assert_eq!(cache.get(&0), Some(Some("saved")));
    }

    #[test]
    fn a_row_counts_for_a_moment_and_that_it_is_gone_for_longer_than_a_statement_can_take() {
        let cache = Cache::default();
        cache.read(&0, Some("read"));
        cache.change(1, Some("new"));
        cache.change(2, None);
        let age = |seconds: u64| {
            for key in 0..3 {
                let back = |_: &u32, known: &mut Known<&str>| {
                    known.since = known.since.checked_sub(Duration::from_secs(seconds)).unwrap();
                    EntryAction::Retain(())
                };
                cache.0.entry(&key, None, back);
            }
        };
        age(3);
        assert_eq!([0, 1, 2].map(|key| cache.get(&key)), [Some(Some("read")), Some(Some("new")), Some(None)]);
        age(2);
        assert_eq!([0, 1, 2].map(|key| cache.get(&key)), [None, None, Some(None)]);
        cache.forget_stale();
        assert_eq!(cache.0.len(), 1);
        age(STATEMENT_TIMEOUT.as_secs());
        assert_eq!(cache.read(&2, Some("read")), None);
        age(STATEMENT_TIMEOUT.as_secs());
        assert_eq!(cache.read(&2, Some("read")), Some("read"));
    }
}
