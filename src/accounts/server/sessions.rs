//! The `sessions` table: the statements on it, but for those in `session_reader.rs` and `last_use.rs`. A row is one log-in in one browser.
//!
//! Only a hash of a session's id is stored: reading the table opens no session. The hash is also what forms call a
//! session by.

use std::{cmp::Reverse, fmt::Display, time::Instant};

use async_trait::async_trait;
use serde_json::Value;
use sqlx::{AnyPool, FromRow};
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

use super::{
    Users,
    cache::Cache,
    last_use::LastUse,
    session_hash::SessionHash,
    session_life::{BEGAN_AT, SessionLife},
    session_reader::{Found, SessionReader},
};
use crate::server::database::statement;

/// The key of the browser's name in a session's data.
pub const BROWSER: &str = "browser";
/// The key under which axum-login keeps the user in a session's data.
const LOG_IN: &str = "axum-login.data";
/// How many seconds old `last_seen_at` may become before it is written again: a write for each request would cost more
/// than the request.
const LAST_SEEN_STEP: i64 = 10 * 60;
/// In how many browsers a user can be logged in. One more ends the session that was not used for the longest.
const MAX_SESSIONS: usize = 50;
/// How many of those that were too many before there was a bound are ended by one log-in, which waits for it.
const ENDED_AT_ONCE: usize = 100;
/// How many expired sessions are deleted at once. Nobody waits for longer than that takes.
const DELETED_AT_ONCE: i64 = 100;

/// A session as its user sees it.
#[derive(Clone, Debug, FromRow)]
pub struct SessionRow {
    /// The hash of its id.
    pub id: String,
    /// Such as "Firefox on Linux".
    pub browser: String,
    /// When the user logged in, in seconds since 1970.
    pub created_at: i64,
    /// When it was last used, in seconds since 1970 and to ten minutes.
    pub last_seen_at: i64,
    /// When it ends by itself, in seconds since 1970.
    pub expires_at: i64,
}

/// The session store. A session that was just used stays in memory for [`STALE_AFTER`](super::cache::STALE_AFTER); one that
/// ends on this machine ends at once.
#[derive(Clone, Debug)]
pub struct Sessions {
    pool: AnyPool,
    users: Users,
    cache: Cache<SessionHash, Record>,
    reader: SessionReader,
    last_use: LastUse,
}

impl Sessions {
    /// Over a migrated database. To be called within the runtime.
    pub fn new(pool: AnyPool, users: Users) -> Self {
        let (reader, last_use) = (SessionReader::new(pool.clone()), LastUse::new(pool.clone()));
        Self { pool, users, cache: Cache::default(), reader, last_use }
    }

    /// Where a user is logged in, the latest first.
    pub async fn list_for_user(&self, user_id: &str) -> sqlx::Result<Vec<SessionRow>> {
        statement::run("sessions.list_for_user", &self.pool, async |database| {
            sqlx::query_as(
                "SELECT id, browser, created_at, last_seen_at, expires_at FROM sessions \
                 WHERE user_id = $1 ORDER BY created_at DESC, id",
            )
            .bind(user_id)
            .fetch_all(database)
            .await
        })
        .await
    }

    /// Ends those of a user's sessions that `is_picked` picks, at once: the next request finds none.
    pub async fn end(&self, user_id: &str, is_picked: impl Fn(&SessionRow) -> bool) -> sqlx::Result<()> {
        let rows = self.list_for_user(user_id).await?;
        self.end_rows(rows.into_iter().filter(is_picked)).await
    }

    /// Another machine has ended the session with this hash.
    pub fn ended_elsewhere(&self, hash: &str) {
        if let Some(hash) = SessionHash::parse(hash) {
            self.cache.gone_elsewhere(&hash);
        }
    }

    /// Forgets the sessions and users that were read too long ago to count.
    pub fn forget_stale(&self) {
        self.cache.forget_stale();
        self.users.forget_stale();
    }

    /// Ends the sessions of a user that were not used for the longest, if there is no room for one more.
    async fn make_room(&self, user_id: &str) -> sqlx::Result<()> {
        let mut rows = self.list_for_user(user_id).await?;
        rows.sort_by_key(|row| Reverse((row.last_seen_at, row.created_at)));
        self.end_rows(rows.into_iter().skip(MAX_SESSIONS - 1).take(ENDED_AT_ONCE)).await
    }

    async fn end_rows(&self, rows: impl Iterator<Item = SessionRow>) -> sqlx::Result<()> {
        for row in rows {
            if let Some(hash) = SessionHash::parse(&row.id) {
                self.end_one(hash).await?;
            }
        }
        Ok(())
    }

    async fn end_one(&self, hash: SessionHash) -> sqlx::Result<()> {
        self.cache.gone(hash);
        let deleted = statement::run("sessions.delete", &self.pool, async |database| {
            sqlx::query("DELETE FROM sessions WHERE id = $1").bind(hash.to_string()).execute(database).await
        })
        .await;
        match deleted {
            // Again: it is remembered for so long from now on.
            Ok(_) => self.cache.gone(hash),
            Err(_) => self.cache.forget(hash),
        }
        deleted.map(|_| ())
    }

    /// Deletes expired sessions in small steps, and is idle for half of the time. Returns how many there were.
    pub async fn delete_expired(&self) -> sqlx::Result<u64> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let mut deleted = 0;
        loop {
            let begin = Instant::now();
            let step = statement::run("sessions.delete_expired", &self.pool, async |database| {
                sqlx::query(
                    "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= $1 LIMIT $2)",
                )
                .bind(now)
                .bind(DELETED_AT_ONCE)
                .execute(database)
                .await
            })
            .await?
            .rows_affected();
            deleted += step;
            if step < DELETED_AT_ONCE.unsigned_abs() {
                return Ok(deleted);
            }
            tokio::time::sleep(begin.elapsed()).await;
        }
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let (user_id, browser) = (user_of(record)?, text(record.data.get(BROWSER)));
        let now = OffsetDateTime::now_utc().unix_timestamp();
        // The second factor, shown once more, makes a new row for a session that goes on.
        let began_at = record.data.get(BEGAN_AT).and_then(Value::as_i64).unwrap_or(now);
        let life = SessionLife::of(&record.data);
        let (data, expires_at) = (encode(record)?, (now + life.idle).min(began_at + life.absolute));
        self.make_room(&user_id).await.map_err(unavailable)?;
        let hash = loop {
            let hash = SessionHash::of(&record.id);
            let added = statement::run("sessions.create", &self.pool, async |database| {
                sqlx::query(
                    "INSERT INTO sessions (id, user_id, browser, data, created_at, last_seen_at, expires_at) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
                )
                .bind(hash.to_string())
                .bind(&user_id)
                .bind(&browser)
                .bind(&data)
                .bind(began_at)
                .bind(now)
                .bind(expires_at)
                .execute(database)
                .await
            });
            match added.await {
                Ok(added) if added.rows_affected() == 1 => break hash,
                Ok(_) => {}
                // The account was removed in the meantime: its session is nobody's.
                Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => return Ok(()),
                Err(error) => return Err(unavailable(error)),
            }
            record.id = Id::default();
        };
        // It may have been ended already, with all others of the user.
        self.cache.change_unless_gone(&hash, Some(record.clone()));
        Ok(())
    }

    // Only a row that is there: a session that ended while a request ran must not come back with it.
    async fn save(&self, record: &Record) -> Result<()> {
        let hash = SessionHash::of(&record.id);
        let data = encode(record)?;
        let saved = statement::run("sessions.save", &self.pool, async |database| {
            sqlx::query("UPDATE sessions SET data = $2 WHERE id = $1")
                .bind(hash.to_string())
                .bind(data)
                .execute(database)
                .await
        });
        let kept = (saved.await.map_err(unavailable)?.rows_affected() == 1).then(|| record.clone());
        self.cache.change_unless_gone(&hash, kept);
        Ok(())
    }

    /// One statement brings the session and its user. The user is put into the cache of [`Users`], where axum-login
    /// finds them in the next step.
    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let now = OffsetDateTime::now_utc();
        let is_valid = |record: &Record| record.expiry_date > now;
        let hash = SessionHash::of(id);
        if let Some(record) = self.cache.get(&hash) {
            return Ok(record.filter(is_valid));
        }
        let began = Instant::now();
        let record = match self.reader.read(hash).await.map_err(unavailable)? {
            None => None,
            Some(found) => {
                let record = record(*id, &found)?;
                self.users.remember_read(began, &found.user);
                if is_valid(&record) && now.unix_timestamp() - found.last_seen_at >= LAST_SEEN_STEP {
                    self.last_use.note(hash, SessionLife::of(&record.data));
                }
                Some(record)
            }
        };
        Ok(self.cache.put_read(&hash, began, record).filter(is_valid))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.end_one(SessionHash::of(id)).await.map_err(unavailable)
    }
}

fn user_of(record: &Record) -> Result<String> {
    let user_id = record.data.get(LOG_IN).and_then(|log_in| log_in.get("user_id")).and_then(Value::as_str);
    user_id.map(str::to_owned).ok_or_else(|| Error::Encode("a session without a user is not kept".to_owned()))
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The data as JSON. When a session ends is for [`SessionLife`] to say.
fn encode(record: &Record) -> Result<String> {
    serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))
}

fn record(id: Id, found: &Found) -> Result<Record> {
    let data = serde_json::from_str(&found.data).map_err(|error| Error::Decode(error.to_string()))?;
    let expiry_date =
        OffsetDateTime::from_unix_timestamp(found.expires_at).map_err(|error| Error::Decode(error.to_string()))?;
    Ok(Record { id, data, expiry_date })
}

fn unavailable(error: impl Display) -> Error {
    Error::Backend(error.to_string())
}
