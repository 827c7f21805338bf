//! Notes when sessions were last used, and puts their end off. Those that are used at about the same time are noted by one
//! statement: a commit costs far more than a row.

use std::time::Duration;

use sqlx::{AnyPool, AssertSqlSafe};
use time::OffsetDateTime;
use tokio::{sync::mpsc, time::sleep};

use super::{session_hash::SessionHash, session_life::SessionLife};
use crate::server::database::statement;

/// How many sessions one statement notes at most.
const NOTED_AT_ONCE: usize = 128;
/// How long they are collected for.
const MOMENT: Duration = Duration::from_millis(100);
/// How many may wait. One for which there is no room is noted when it is used again.
const MAX_WAITING: usize = 10_000;

/// A session that is in use, and how long it may last.
type Used = (SessionHash, SessionLife);

/// Notes them. Nobody waits for it, and no request fails with it.
#[derive(Clone, Debug)]
pub struct LastUse {
    used: mpsc::Sender<Used>,
}

impl LastUse {
    /// In a migrated database. To be called within the runtime.
    pub fn new(pool: AnyPool) -> Self {
        let (used, waiting) = mpsc::channel(MAX_WAITING);
        tokio::spawn(note_all(pool, waiting));
        Self { used }
    }

    /// This session is in use.
    pub fn note(&self, hash: SessionHash, life: SessionLife) {
        if let Err(error) = self.used.try_send((hash, life)) {
            tracing::debug!(%error, "the last use of a session was not noted");
        }
    }
}

/// Notes until the last [`LastUse`] is gone.
async fn note_all(pool: AnyPool, mut waiting: mpsc::Receiver<Used>) {
    loop {
        let mut used = Vec::new();
        let count = waiting.recv_many(&mut used, NOTED_AT_ONCE).await;
        if count == 0 {
            return;
        }
        while let Some(&(_, life)) = used.first() {
            let hashes = used.extract_if(.., |(_, other)| *other == life).map(|(hash, _)| hash.to_string());
            if let Err(error) = note_together(&pool, life, hashes.collect()).await {
                tracing::debug!(%error, "the last use of sessions was not noted");
            }
        }
        if count < NOTED_AT_ONCE {
            sleep(MOMENT).await;
        }
    }
}

async fn note_together(pool: &AnyPool, life: SessionLife, mut hashes: Vec<String>) -> sqlx::Result<()> {
    let sql = format!(
        "UPDATE sessions SET last_seen_at = $1, \
         expires_at = CASE WHEN created_at + $3 < $2 THEN created_at + $3 ELSE $2 END \
         WHERE expires_at > $1 AND id IN ({})",
        statement::list(4, &mut hashes)
    );
    let now = OffsetDateTime::now_utc().unix_timestamp();
    statement::run("sessions.note_last_use", pool, async |database| {
        let query = sqlx::query(AssertSqlSafe(sql)).bind(now).bind(now + life.idle).bind(life.absolute);
        hashes.iter().fold(query, |query, hash| query.bind(hash)).execute(database).await
    })
    .await
    .map(|_| ())
}

#[cfg(test)]
mod tests {
    use tower_sessions::session::Id;

    use super::*;
    use crate::server::database::Database;

    const HOUR: i64 = 60 * 60;

    #[tokio::test]
    async fn all_that_are_used_at_once_are_put_off_each_by_its_own_life_and_none_that_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let pool = Database::open(&format!("sqlite://{}", folder.path().join("app.db").display())).await.unwrap().pool;
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let last_use = LastUse::new(pool.clone());
        let (short, long) =
            (SessionLife { idle: HOUR, absolute: 3 * HOUR }, SessionLife { idle: 5 * HOUR, absolute: 9 * HOUR });
        let sessions = [
            (short, now - HOUR, now - 60, -60),
            (short, now - HOUR, now + 60, HOUR),
            (long, now - HOUR, now + 60, 5 * HOUR),
            (short, now - HOUR, now + 60, HOUR),
            (short, now - 3 * HOUR + 90, now + 60, 90),
        ];
        let user = "INSERT INTO users VALUES ('u', 'u@example.com', NULL, '', '', 0, 0, NULL)";
        sqlx::query(user).execute(&pool).await.unwrap();
        for (n, (life, created_at, expires_at, _)) in sessions.into_iter().enumerate() {
            let hash = SessionHash::of(&Id(n as i128));
            let added = sqlx::query("INSERT INTO sessions VALUES ($1, 'u', '', '', $2, 0, $3)");
            let added = added.bind(hash.to_string()).bind(created_at).bind(expires_at);
            added.execute(&pool).await.unwrap();
            last_use.note(hash, life);
        }
        let left = async |n: usize| -> i64 {
            let id = SessionHash::of(&Id(n as i128)).to_string();
            let left = sqlx::query_scalar("SELECT expires_at FROM sessions WHERE id = $1").bind(id);
            left.fetch_one(&pool).await.map(|expires_at: i64| expires_at - now).unwrap()
        };
        // The one that has ended was noted first.
        let all_are_noted = async {
            for (n, (.., wanted)) in sessions.into_iter().enumerate().rev() {
                while !(wanted..wanted + 30).contains(&left(n).await) {
                    tokio::task::yield_now().await;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), all_are_noted).await.unwrap();
    }
}
