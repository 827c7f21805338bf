//! Sessions: rows in the database, and a cookie that says nothing but which row.

use std::time::{Duration as StdDuration, Instant};

use async_trait::async_trait;
use axum_login::{AuthManagerLayer, AuthManagerLayerBuilder};
use moka::{ops::compute::Op, sync::Cache};
use sqlx::{Any, AnyPool, any::AnyArguments, query::Query};
use time::{Duration, OffsetDateTime};
use tower_sessions::{
    Expiry, SessionManagerLayer, SessionStore,
    cookie::SameSite,
    session::{Id, Record},
    session_store::{Error, Result},
};

use super::{Backend, statement};

/// The name of the session cookie.
pub const COOKIE: &str = "session";

/// How long `Remember me` remembers.
pub const REMEMBERED: Expiry = Expiry::OnInactivity(Duration::days(30));
/// Without it the cookie ends with the browser.
pub const UNTIL_CLOSED: Expiry = Expiry::OnSessionEnd;

/// What another machine changed is noticed after this long at most.
pub const STALE_AFTER: StdDuration = StdDuration::from_secs(4);
/// Sessions that are kept in memory at most.
const RECENT: u64 = 10_000;
/// Ended sessions that are deleted in one go: nobody waits for longer than that takes.
const SWEPT_AT_ONCE: i64 = 100;

/// The session store. A session that was just used is kept in memory for [`STALE_AFTER`]; one
/// that was ended on this machine is ended at once.
#[derive(Clone, Debug)]
pub struct Sessions {
    pool: AnyPool,
    // `None` is a session that has ended. It stays, so that nobody who read the row a moment
    // before puts it back.
    recent: Cache<Id, Option<Record>>,
}

impl Sessions {
    /// Over a migrated database.
    pub fn new(pool: AnyPool) -> Self {
        let recent = Cache::builder().max_capacity(RECENT).time_to_live(STALE_AFTER).build();
        Self { pool, recent }
    }

    /// Deletes what has run out, in small steps, and is idle for half of the time. How many there were.
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
                .bind(SWEPT_AT_ONCE)
                .execute(database)
                .await
            })
            .await?
            .rows_affected();
            deleted += step;
            if step < SWEPT_AT_ONCE.unsigned_abs() {
                return Ok(deleted);
            }
            tokio::time::sleep(begin.elapsed()).await;
        }
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        loop {
            let insert = with_row(
                "INSERT INTO sessions (id, data, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                record,
            )?;
            let added =
                statement::run("sessions.create", &self.pool, async |database| insert.execute(database).await).await;
            if added.map_err(unavailable)?.rows_affected() == 1 {
                break;
            }
            record.id = Id::default();
        }
        self.recent.insert(record.id, Some(record.clone()));
        Ok(())
    }

    // Only what is there: a session that was ended while a request ran must not come back with it.
    async fn save(&self, record: &Record) -> Result<()> {
        let update = with_row("UPDATE sessions SET data = $2, expires_at = $3 WHERE id = $1", record)?;
        let saved = statement::run("sessions.save", &self.pool, async |database| update.execute(database).await).await;
        let kept = (saved.map_err(unavailable)?.rows_affected() == 1).then(|| record.clone());
        // Somebody may have ended it since it was saved: then that stands.
        self.recent.entry(record.id).and_compute_with(|known| match known {
            Some(known) if known.value().is_none() => Op::Nop,
            _ => Op::Put(kept),
        });
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let now = OffsetDateTime::now_utc();
        let alive = |record: &Record| record.expiry_date > now;
        if let Some(record) = self.recent.get(id) {
            return Ok(record.filter(alive));
        }
        let row: Option<(String, i64)> = statement::run("sessions.load", &self.pool, async |database| {
            sqlx::query_as("SELECT data, expires_at FROM sessions WHERE id = $1")
                .bind(id.to_string())
                .fetch_optional(database)
                .await
        })
        .await
        .map_err(unavailable)?;
        let record = row.map(|(data, expires_at)| decode(*id, &data, expires_at)).transpose()?;
        // Somebody may have ended it since it was read: then that stands.
        Ok(self.recent.entry(*id).or_insert(record).into_value().filter(alive))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.recent.insert(*id, None);
        let deleted = statement::run("sessions.delete", &self.pool, async |database| {
            sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id.to_string()).execute(database).await
        })
        .await;
        match deleted {
            // Again: it may have waited for longer than a mark lasts, and the row was read meanwhile.
            Ok(_) => self.recent.insert(*id, None),
            Err(_) => self.recent.invalidate(id),
        }
        deleted.map(|_| ()).map_err(unavailable)
    }
}

/// A statement whose $1, $2 and $3 are the session's id, data and end.
fn with_row<'q>(statement: &'q str, record: &Record) -> Result<Query<'q, Any, AnyArguments<'q>>> {
    let data = serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
    Ok(sqlx::query(statement).bind(record.id.to_string()).bind(data).bind(record.expiry_date.unix_timestamp()))
}

fn decode(id: Id, data: &str, expires_at: i64) -> Result<Record> {
    let data = serde_json::from_str(data).map_err(|error| Error::Decode(error.to_string()))?;
    let expiry_date =
        OffsetDateTime::from_unix_timestamp(expires_at).map_err(|error| Error::Decode(error.to_string()))?;
    Ok(Record { id, data, expiry_date })
}

fn unavailable(error: sqlx::Error) -> Error {
    Error::Backend(error.to_string())
}

/// Puts the session and its user on each request.
pub fn layer(store: Sessions, backend: Backend, secure: bool) -> AuthManagerLayer<Backend, Sessions> {
    let sessions = SessionManagerLayer::new(store)
        .with_name(COOKIE)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(secure)
        .with_expiry(UNTIL_CLOSED);
    AuthManagerLayerBuilder::new(backend, sessions).build()
}
