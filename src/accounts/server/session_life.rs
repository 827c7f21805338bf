//! How long a session may be idle, how long it may last whatever it does, and for how long it may do what is dangerous.

use std::collections::HashMap;

use serde_json::Value;
use time::OffsetDateTime;
use tower_sessions::Session;

/// The key under which a session's data say that `Remember me` was ticked.
pub const REMEMBER: &str = "remember";

/// The key under which they say when the user has logged in, in seconds since 1970.
pub const BEGAN_AT: &str = "began_at";
/// The key under which they say when the user has shown the second factor, in seconds since 1970.
pub const CONFIRMED_AT: &str = "confirmed_at";
/// For how many seconds after that the user may do what is dangerous.
const CONFIRMED_FOR: i64 = 10 * 60;
/// By how many seconds the clocks of two machines may differ.
const CLOCKS_DIFFER: i64 = 60;

/// In seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLife {
    /// How long it lasts without a visit.
    pub idle: i64,
    /// How long it lasts at most.
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
}

/// Whether the user of this session has just shown the second factor.
pub async fn was_confirmed(session: &Session) -> bool {
    let confirmed_at = session.get::<i64>(CONFIRMED_AT).await.ok().flatten().unwrap_or_default();
    let age = OffsetDateTime::now_utc().unix_timestamp() - confirmed_at;
    (-CLOCKS_DIFFER..CONFIRMED_FOR).contains(&age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lasts_longer_where_that_was_ticked() {
        assert_eq!(SessionLife::of(&HashMap::new()), UNTIL_CLOSED);
        assert_eq!(SessionLife::of(&HashMap::from([(REMEMBER.to_owned(), true.into())])), REMEMBERED);
    }
}
