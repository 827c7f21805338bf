//! Copies the users of one database into another, such as from SQLite to PostgreSQL.

use std::{collections::HashSet, fmt};

use futures::TryStreamExt;
use sqlx::Row;

use super::{Database, DatabaseError};

/// Why nothing was copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("the users could not be copied, so none were: {0}")]
    Copy(#[from] sqlx::Error),
}

/// What was done.
#[derive(Debug, PartialEq, Eq)]
pub struct Copied {
    /// Users that are in the new database now and were not before.
    pub users: u64,
    /// Users whose id or email was there already; they were left as they are.
    pub there_already: u64,
}

impl fmt::Display for Copied {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "Copied {} users with their passwords and second factors. {} already existed, by id or email, and were not changed. \
             Sessions stay behind: everybody logs in once again.",
            self.users, self.there_already
        )
    }
}

/// Copies all users of the database `from` into the one at `to`, or none. `from` is only read.
pub async fn copy_users(from: &str, to: &str) -> Result<Copied, CopyError> {
    let source = Database::open_read_only(from).await?;
    let target = Database::open(to).await?;
    let copied = copy(&source, &target, to).await;
    // A SQLite database is one file again then.
    target.pool.close().await;
    source.pool.close().await;
    Ok(copied?)
}

async fn copy(source: &Database, target: &Database, to: &str) -> sqlx::Result<Copied> {
    let mut copied = Copied { users: 0, there_already: 0 };
    let mut ids = HashSet::new();
    let mut transaction = target.pool.begin().await?;
    if !to.starts_with("sqlite:") {
        // It waits for the source.
        let patient = "SET LOCAL idle_in_transaction_session_timeout = 0";
        sqlx::query(patient).execute(&mut *transaction).await?;
    }
    let mut users = sqlx::query(
        "SELECT id, email, name, password_hash, created_at, updated_at, disabled_at, password_id FROM users ORDER BY id",
    )
    .fetch(&source.pool);
    while let Some(user) = users.try_next().await? {
        let id: String = user.try_get(0)?;
        let added = sqlx::query(
            "INSERT INTO users (id, email, name, password_hash, created_at, updated_at, disabled_at, password_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        )
        .bind(&id)
        .bind(user.try_get::<String, _>(1)?)
        // SQLite keeps a zero in a text, PostgreSQL does not.
        .bind(user.try_get::<Option<String>, _>(2)?.map(|name| name.replace('\0', "")))
        .bind(user.try_get::<String, _>(3)?)
        .bind(user.try_get::<i64, _>(4)?)
        .bind(user.try_get::<i64, _>(5)?)
        .bind(user.try_get::<Option<i64>, _>(6)?)
        .bind(user.try_get::<String, _>(7)?)
        .execute(&mut *transaction)
        .await?;
        if added.rows_affected() == 0 {
            copied.there_already += 1;
        } else {
            copied.users += 1;
            ids.insert(id);
        }
    }
    let mut factors =
        sqlx::query("SELECT kind, id, user_id, secret, name, last_step, created_at FROM factors ORDER BY kind, id")
            .fetch(&source.pool);
    while let Some(factor) = factors.try_next().await? {
        let user_id: String = factor.try_get(2)?;
        // Users who were there may have removed some of theirs since.
        if !ids.contains(&user_id) {
            continue;
        }
        sqlx::query(
            "INSERT INTO factors (kind, id, user_id, secret, name, last_step, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        )
        .bind(factor.try_get::<String, _>(0)?)
        .bind(factor.try_get::<String, _>(1)?)
        .bind(user_id)
        .bind(factor.try_get::<String, _>(3)?)
        .bind(factor.try_get::<String, _>(4)?)
        .bind(factor.try_get::<i64, _>(5)?)
        .bind(factor.try_get::<i64, _>(6)?)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(copied)
}
