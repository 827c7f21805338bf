//! How long a session may be idle, and how long it may last whatever it does.

use std::collections::HashMap;

use serde_json::Value;

/// The key under which a session's data say that `Remember me` was ticked.
pub const REMEMBER: &str = "remember";

/// The key under which they say when the user has shown the second factor, in seconds since 1970.
pub const CONFIRMED_AT: &str = "confirmed_at";
/// For how many seconds after that the user may do what is dangerous.
pub const CONFIRMED_FOR: i64 = 10 * 60;

/// In seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLife {
    /// Without a visit.
    pub idle: i64,
    /// Whatever it does.
    pub absolute: i64,
}

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// With `Remember me`: a month without a visit ends it, and a quarter with visits.
const REMEMBERED: SessionLife = SessionLife { idle: 30 * DAY, absolute: 90 * DAY };
/// Without it: a working day, also in a browser that is never closed.
const UNTIL_CLOSED: SessionLife = SessionLife { idle: 12 * HOUR, absolute: 24 * HOUR };

impl SessionLife {
    /// Of a session with these data.
    pub fn of(data: &HashMap<String, Value>) -> Self {
        if data.get(REMEMBER).and_then(Value::as_bool) == Some(true) { REMEMBERED } else { UNTIL_CLOSED }
    }

    /// When a session ends that was last used at this time. All in seconds since 1970.
    pub fn end(self, created_at: i64, last_seen_at: i64) -> i64 {
        (last_seen_at + self.idle).min(created_at + self.absolute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_by_idleness_and_at_the_latest_after_its_absolute_life() {
        assert_eq!(UNTIL_CLOSED.end(0, 0), 12 * HOUR);
        assert_eq!(UNTIL_CLOSED.end(0, 11 * HOUR), 23 * HOUR);
        assert_eq!(UNTIL_CLOSED.end(0, 20 * HOUR), 24 * HOUR);
        assert_eq!(REMEMBERED.end(0, 80 * DAY), 90 * DAY);
        assert_eq!(SessionLife::of(&HashMap::new()), UNTIL_CLOSED);
        assert_eq!(SessionLife::of(&HashMap::from([(REMEMBER.to_owned(), true.into())])), REMEMBERED);
    }
}
