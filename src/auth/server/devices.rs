//! The `devices` table: which sessions a user has, so that he can see and end them.

use std::str::FromStr;

use sqlx::{AnyPool, FromRow};
use time::OffsetDateTime;
use tower_sessions::{SessionStore, session, session_store};
use uuid::Uuid;

use super::{Sessions, statement};

/// A session as its user sees it.
#[derive(Clone, Debug, FromRow)]
pub struct Device {
    /// What a form names it by.
    pub id: String,
    /// Which session it is; never shown.
    pub session_id: String,
    /// Such as "Firefox on Linux".
    pub browser: String,
    /// When it signed in, in seconds since 1970.
    pub created_at: i64,
}

/// All devices, and the sessions that end with them.
#[derive(Clone, Debug)]
pub struct Devices {
    pool: AnyPool,
    sessions: Sessions,
}

/// A device could not be read or ended.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The table did not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The session store did not answer.
    #[error(transparent)]
    Sessions(#[from] session_store::Error),
}

impl Devices {
    /// Over a migrated database.
    pub fn new(pool: AnyPool, sessions: Sessions) -> Self {
        Self { pool, sessions }
    }

    /// Notes that `session` is the user's now.
    pub async fn add(&self, user_id: &str, session: session::Id, user_agent: &str) -> Result<(), DeviceError> {
        statement::run("devices.add", &self.pool, async |database| {
            sqlx::query(
                "INSERT INTO devices (id, session_id, user_id, browser, created_at) VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(Uuid::new_v4().to_string())
            .bind(session.to_string())
            .bind(user_id)
            .bind(describe(user_agent))
            .bind(OffsetDateTime::now_utc().unix_timestamp())
            .execute(database)
            .await
        })
        .await?;
        Ok(())
    }

    /// Where the user is signed in, the latest first.
    pub async fn of(&self, user_id: &str) -> Result<Vec<Device>, DeviceError> {
        let found = statement::run("devices.of", &self.pool, async |database| {
            sqlx::query_as(
                "SELECT id, session_id, browser, created_at FROM devices \
                 WHERE user_id = $1 ORDER BY created_at DESC, id",
            )
            .bind(user_id)
            .fetch_all(database)
            .await
        });
        Ok(found.await?)
    }

    /// Ends those of the user's sessions that `which` picks. At once: the next request finds none,
    /// and the devices go with them.
    pub async fn end(&self, user_id: &str, which: impl Fn(&Device) -> bool) -> Result<(), DeviceError> {
        for device in self.of(user_id).await?.iter().filter(|device| which(device)) {
            if let Ok(session) = session::Id::from_str(&device.session_id) {
                self.sessions.delete(&session).await?;
            }
        }
        Ok(())
    }
}

/// "Firefox on Linux" from what a browser says of itself; good enough for people to tell apart.
fn describe(user_agent: &str) -> String {
    let first = |known: &[(&str, &'static str)], other| {
        known.iter().find(|(part, _)| user_agent.contains(part)).map_or(other, |(_, name)| *name)
    };
    // Each says that it is all of those behind it.
    let browsers =
        [("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrom", "Chrome"), ("Safari/", "Safari")];
    let systems = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ];
    format!("{} on {}", first(&browsers, "A browser"), first(&systems, "an unknown system"))
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn browsers_are_told_apart() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        assert_eq!(describe(chrome), "Chrome on Windows");
        assert_eq!(describe(&format!("{chrome} Edg/140.0")), "Edge on Windows");
        assert_eq!(
            describe("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
            "Firefox on Linux"
        );
        assert_eq!(describe("curl/8"), "A browser on an unknown system");
    }
}
