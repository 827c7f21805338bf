//! Reads sessions with their users. Those that are asked for while a statement runs are read together by the next: a
//! statement costs far more than a row.

use std::{collections::HashMap, iter, sync::Arc, time::Duration};

use sqlx::{AnyPool, AssertSqlSafe, FromRow, Row, any::AnyRow};
use tokio::{
    sync::{mpsc, oneshot},
    task, time,
};

use super::{User, session_hash::SessionHash, user::user_columns};
use crate::server::database::statement;

/// How many sessions one statement reads at most.
const READ_AT_ONCE: usize = 32;
/// After this long the next statement does not wait for the one that runs.
const SLOW_READ: Duration = Duration::from_millis(10);

/// A row of `sessions` and one of `users`.
#[derive(Clone, Debug)]
pub struct Found {
    pub data: String,
    /// In seconds since 1970, as are the others.
    pub expires_at: i64,
    pub last_seen_at: i64,
    pub user: User,
}

/// Why a session could not be read. Several may wait for one statement.
type ReadError = Arc<sqlx::Error>;

/// Somebody who waits for a session.
struct Waiting {
    hash: String,
    tell: oneshot::Sender<Result<Option<Found>, ReadError>>,
}

/// Reads sessions.
#[derive(Clone, Debug)]
pub struct SessionReader {
    waiting: mpsc::UnboundedSender<Waiting>,
}

impl SessionReader {
    /// Over a migrated database. To be called within the runtime.
    pub fn new(pool: AnyPool) -> Self {
        let (waiting, asked) = mpsc::unbounded_channel();
        tokio::spawn(read_all(pool, asked));
        Self { waiting }
    }

    /// The row of a session, with its user.
    pub async fn read(&self, hash: SessionHash) -> Result<Option<Found>, ReadError> {
        let (tell, told) = oneshot::channel();
        let _told_below = self.waiting.send(Waiting { hash: hash.to_string(), tell });
        told.await.unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed.into()))
    }
}

/// Reads until nobody can ask any more.
async fn read_all(pool: AnyPool, mut asked: mpsc::UnboundedReceiver<Waiting>) {
    while let Some(first) = asked.recv().await {
        // Requests that came at the same time are to be in this statement.
        task::yield_now().await;
        let others = iter::from_fn(|| asked.try_recv().ok());
        // Some may have gone meanwhile.
        let batch = iter::once(first).chain(others).filter(|waiting| !waiting.tell.is_closed());
        let batch: Vec<Waiting> = batch.take(READ_AT_ONCE).collect();
        if !batch.is_empty() {
            let reading = tokio::spawn(read_batch(pool.clone(), batch));
            let _or_slow = time::timeout(SLOW_READ, reading).await;
        }
    }
}

async fn read_batch(pool: AnyPool, batch: Vec<Waiting>) {
    match read_together(&pool, &batch).await {
        Ok(found) => {
            for Waiting { hash, tell } in batch {
                // Several may wait for the same one.
                let _gone = tell.send(found.get(&hash).cloned().transpose());
            }
        }
        Err(error) => {
            let error = Arc::new(error);
            for Waiting { tell, .. } in batch {
                let _gone = tell.send(Err(Arc::clone(&error)));
            }
        }
    }
}

type Rows = HashMap<String, Result<Found, ReadError>>;

async fn read_together(pool: &AnyPool, batch: &[Waiting]) -> sqlx::Result<Rows> {
    let mut hashes: Vec<&str> = batch.iter().map(|waiting| waiting.hash.as_str()).collect();
    let sql = format!(
        concat!(
            "SELECT sessions.id AS session, data, expires_at, last_seen_at, ",
            user_columns!(),
            " FROM sessions JOIN users ON users.id = user_id WHERE sessions.id IN ({})",
        ),
        statement::list(1, &mut hashes)
    );
    let rows = statement::run("sessions.load", pool, async |database| {
        hashes.iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, hash| query.bind(*hash)).fetch_all(database).await
    });
    let found = |row: &AnyRow| -> sqlx::Result<Found> {
        Ok(Found {
            data: row.try_get(1)?,
            expires_at: row.try_get(2)?,
            last_seen_at: row.try_get(3)?,
            user: User::from_row(row)?,
        })
    };
    rows.await?.iter().map(|row| Ok((row.try_get(0)?, found(row).map_err(Arc::new)))).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        future,
        sync::atomic::{AtomicBool, Ordering},
    };

    use sqlx::any::AnyPoolOptions;
    use tower_sessions::session::Id;

    use super::*;
    use crate::server::database::Database;

    #[tokio::test]
    async fn a_connection_that_says_nothing_holds_nobody_up_who_comes_after() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("app.db").display());
        Database::open(&url).await.unwrap();
        let is_silent = Arc::new(AtomicBool::new(true));
        let first_is_silent = Arc::clone(&is_silent);
        let options = AnyPoolOptions::new().max_connections(2).before_acquire(move |_, _| {
            let is_silent = first_is_silent.swap(false, Ordering::SeqCst);
            Box::pin(async move { if is_silent { future::pending().await } else { Ok(true) } })
        });
        let reader = SessionReader::new(options.connect(&url).await.unwrap());
        let read = || {
            let reader = reader.clone();
            tokio::spawn(async move { reader.read(SessionHash::of(&Id::default())).await })
        };
        let before = read();
        while is_silent.load(Ordering::SeqCst) {
            task::yield_now().await;
        }
        let after = time::timeout(Duration::from_secs(10), read()).await.unwrap();
        assert!(after.unwrap().unwrap().is_none());
        assert!(!before.is_finished());
    }
}
