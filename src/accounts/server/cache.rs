//! Rows of a table that stay in memory for a moment. What was changed counts at once, and a statement that has read the row
//! before does not bring it back as it was.

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
/// How long a change is remembered: longer than a statement that has read the row before can take.
const CHANGE_REMEMBERED: Duration = STATEMENT_TIMEOUT.saturating_mul(2);
/// About how many rows are kept at most. More only where so many were changed just now.
const MAX_ROWS: usize = 10_000;

/// Where a row comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Read,
    ChangedHere,
    /// On another machine. There may be more of these than have room.
    ChangedElsewhere,
}

/// What is known of a row.
#[derive(Clone)]
struct Known<V> {
    /// The inner `None` is a row that is not there; the outer, that the row was changed and has to be read.
    row: Option<Option<V>>,
    /// When it was changed, or when its reading began.
    at: Instant,
    source: Source,
}

impl<V> Known<V> {
    fn changed(row: Option<Option<V>>) -> Self {
        Self { row, at: Instant::now(), source: Source::ChangedHere }
    }

    fn is_gone(&self) -> bool {
        matches!(self.row, Some(None)) && self.source != Source::Read
    }

    /// A row that is gone does not come back.
    fn counts(&self) -> bool {
        self.at.elapsed() < if self.is_gone() { CHANGE_REMEMBERED } else { STALE_AFTER }
    }

    fn is_remembered(&self) -> bool {
        self.at.elapsed() < if self.source == Source::Read { STALE_AFTER } else { CHANGE_REMEMBERED }
    }
}

/// However many rows are read meanwhile, those that were changed here just now stay.
#[derive(Clone)]
struct ChangesStay;

impl<K, V> Lifecycle<K, Known<V>> for ChangesStay {
    type RequestState = ();

    fn is_pinned(&self, _: &K, known: &Known<V>) -> bool {
        known.source == Source::ChangedHere && known.is_remembered()
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
    /// The row, where it need not be read; the inner `None` is a row that is not there.
    pub fn get<Q>(&self, key: &Q) -> Option<Option<V>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.0.get(key).filter(Known::counts)?.row
    }

    /// The row was removed.
    pub fn gone(&self, key: K) {
        self.0.insert(key, Known::changed(Some(None)));
    }

    /// The row was changed. One that is gone stays so.
    pub fn change_unless_gone(&self, key: &K, row: Option<V>) {
        self.keep_or_put(key, |known| known.is_gone() && known.counts(), Known::changed(Some(row)));
    }

    /// The row was changed, and has to be read.
    pub fn forget(&self, key: K) {
        self.0.insert(key, Known::changed(None));
    }

    /// Another machine has removed the row.
    pub fn gone_elsewhere(&self, key: &K) {
        self.elsewhere(key, Some(None));
    }

    /// Another machine has changed the row.
    pub fn changed_elsewhere(&self, key: &K) {
        self.elsewhere(key, None);
    }

    /// PostgreSQL says so of rows that were changed here, too.
    fn elsewhere(&self, key: &K, row: Option<Option<V>>) {
        let was_changed_here = |known: &Known<V>| known.source == Source::ChangedHere;
        let is_ours = self.0.peek(key).as_ref().is_some_and(was_changed_here);
        let source = if is_ours { Source::ChangedHere } else { Source::ChangedElsewhere };
        let is_gone_here = |known: &Known<V>| known.is_gone() && was_changed_here(known);
        self.keep_or_put(key, is_gone_here, Known { source, ..Known::changed(row) });
    }

    /// The row was read by a statement that began then. What is newer stays, and is the answer.
    pub fn put_read(&self, key: &K, began: Instant, row: Option<V>) -> Option<V> {
        let known = Known { row: Some(row.clone()), at: began, source: Source::Read };
        self.keep_or_put(key, |known| known.at >= began, known).unwrap_or(row)
    }

    /// Removes what is of no use any more.
    pub fn forget_stale(&self) {
        self.0.retain(|_, known| known.is_remembered());
    }

    /// What is there stays if `stays` says so. Returns what is there then.
    fn keep_or_put(&self, key: &K, stays: impl FnOnce(&Known<V>) -> bool, new: Known<V>) -> Option<Option<V>> {
        let or_new = |_: &K, known: &mut Known<V>| {
            if !stays(known) {
                *known = new.clone();
            }
            EntryAction::Retain(known.row.clone())
        };
        match self.0.entry(key, None, or_new) {
            EntryResult::Retained(row) => row,
            EntryResult::Vacant(place) | EntryResult::Replaced(place, _) => {
                let row = new.row.clone();
                match place.insert(new) {
                    Ok(()) => row,
                    // A change has taken the place meanwhile.
                    Err(_) => self.get(key),
                }
            }
            EntryResult::Removed(..) | EntryResult::Timeout => new.row,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    fn read_others(cache: &Cache<u32, &str>, keys: Range<u32>) {
        for key in keys {
            cache.put_read(&key, Instant::now(), Some("other"));
        }
    }

    /// Makes everything older.
    fn age(cache: &Cache<u32, &str>, keys: Range<u32>, by: Duration) {
        for key in keys {
            let back = |_: &u32, known: &mut Known<&str>| {
                known.at = known.at.checked_sub(by).unwrap();
                EntryAction::Retain(())
            };
            cache.0.entry(&key, None, back);
        }
    }

    #[test]
    fn what_was_changed_stays_however_many_rows_are_read_meanwhile() {
        let cache = Cache::default();
        // A row that comes to a full cache is one of the next to go.
        read_others(&cache, 3..50_000);
        let began = Instant::now();
        cache.gone(0);
        cache.change_unless_gone(&1, Some("new"));
        cache.forget(2);
        cache.changed_elsewhere(&1);
        read_others(&cache, 50_000..100_000);
        assert_eq!([0, 1, 2].map(|key| cache.0.peek(&key).is_some()), [true; 3]);
        assert_eq!(cache.put_read(&0, began, Some("old")), None);
        cache.put_read(&1, began, Some("old"));
        assert_eq!(cache.get(&1), None);
    }

    #[test]
    fn rows_that_change_elsewhere_leave_room_for_those_that_are_read() {
        let cache = Cache::default();
        (0..25_000).for_each(|key| cache.gone_elsewhere(&key));
        (25_000..50_000).for_each(|key| cache.changed_elsewhere(&key));
        read_others(&cache, 50_000..50_100);
        let kept = (50_000..50_100).filter(|key| cache.get(key).is_some()).count();
        assert!(kept > 50, "{kept}");
    }

    #[test]
    fn a_row_that_is_gone_does_not_come_back_with_what_is_saved() {
        let cache = Cache::default();
        cache.put_read(&1, Instant::now(), Some("read"));
        cache.gone(0);
        cache.gone_elsewhere(&1);
        for key in 0..2 {
            cache.change_unless_gone(&key, Some("saved"));
            assert_eq!(cache.get(&key), Some(None));
        }
        // One that was not there may come.
        cache.put_read(&2, Instant::now(), None);
        cache.change_unless_gone(&2, Some("saved"));
        assert_eq!(cache.get(&2), Some(Some("saved")));
    }

    #[test]
    fn what_is_heard_of_a_change_that_was_made_here_makes_it_no_smaller() {
        let cache = Cache::default();
        for key in 0..2 {
            if key == 0 {
                cache.gone(key)
            } else {
                cache.change_unless_gone(&key, Some("new"))
            }
            cache.gone_elsewhere(&key);
            cache.changed_elsewhere(&key);
            assert!(cache.0.peek(&key).is_some_and(|known| ChangesStay.is_pinned(&key, &known)), "{key}");
            assert_eq!(cache.get(&key), Some(None), "{key}");
        }
    }

    #[test]
    fn a_statement_that_began_before_a_change_brings_nothing_back_however_slow_it_is() {
        let cache = Cache::default();
        let began = Instant::now();
        cache.gone(0);
        cache.change_unless_gone(&1, Some("new"));
        cache.forget(2);
        cache.gone_elsewhere(&3);
        cache.changed_elsewhere(&4);
        let slow = STATEMENT_TIMEOUT;
        age(&cache, 0..5, slow);
        let began = began.checked_sub(slow).unwrap();
        for (key, answer) in [(0, None), (1, Some("new")), (2, Some("old")), (3, None), (4, Some("old"))] {
            assert_eq!(cache.put_read(&key, began, Some("old")), answer, "{key}");
            assert_ne!(cache.get(&key), Some(Some("old")), "{key}");
        }
        // One that began after it knows more.
        for key in 0..5 {
            assert_eq!(cache.put_read(&key, Instant::now(), Some("newest")), Some("newest"));
            assert_eq!(cache.get(&key), Some(Some("newest")));
        }
    }

    #[test]
    fn of_two_statements_the_one_that_began_later_counts() {
        let cache = Cache::default();
        let (earlier, later) = (Instant::now(), Instant::now() + Duration::from_millis(1));
        cache.put_read(&0, later, Some("later"));
        assert_eq!(cache.put_read(&0, earlier, Some("earlier")), Some("later"));
        cache.put_read(&1, earlier, Some("earlier"));
        assert_eq!(cache.put_read(&1, later, Some("later")), Some("later"));
    }

    #[test]
    fn a_row_counts_for_a_moment_and_a_change_is_remembered_for_longer() {
        let cache = Cache::default();
        cache.put_read(&0, Instant::now(), Some("read"));
        cache.change_unless_gone(&1, Some("new"));
        cache.gone(2);
        cache.put_read(&3, Instant::now(), None);
        let known = || [0, 1, 2, 3].map(|key| cache.get(&key));
        age(&cache, 0..4, STALE_AFTER / 2);
        assert_eq!(known(), [Some(Some("read")), Some(Some("new")), Some(None), Some(None)]);
        age(&cache, 0..4, STALE_AFTER / 2);
        assert_eq!(known(), [None, None, Some(None), None]);
        cache.forget_stale();
        assert_eq!(cache.0.len(), 2);
        age(&cache, 0..4, CHANGE_REMEMBERED);
        assert_eq!(known(), [None; 4]);
        cache.forget_stale();
        assert_eq!(cache.0.len(), 0);
    }
}
