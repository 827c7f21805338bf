//! The `users` table: the statements on it, but for the one that reads a session with its user (`session_reader.rs`) and the copy to another database.

use std::time::Instant;

use sqlx::{AnyConnection, AnyPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{EmailAddress, User, cache::Cache, user::user_columns};
use crate::server::database::statement;

/// The users in the database. One that was just read stays in memory for a moment: a change on this machine counts
/// at once, and so does one on another machine that PostgreSQL tells of; otherwise within [`STALE_AFTER`](super::cache::STALE_AFTER).
#[derive(Clone, Debug)]
pub struct Users {
    pool: AnyPool,
    cache: Cache<String, User>,
}

impl Users {
    /// Over a migrated database.
    pub fn new(pool: AnyPool) -> Self {
        Self { pool, cache: Cache::default() }
    }

    /// Changes the name.
    pub async fn change_name(&self, id: &str, name: Option<&str>) -> sqlx::Result<()> {
        statement::run("users.change_name", &self.pool, async |database| {
            sqlx::query("UPDATE users SET name = $2, updated_at = $3 WHERE id = $1")
                .bind(id)
                .bind(name)
                .bind(OffsetDateTime::now_utc().unix_timestamp())
                .execute(database)
                .await
        })
        .await?;
        self.was_changed(id);
        Ok(())
    }

    /// The same password by today's parameters. Sessions stay: it is no new password.
    pub async fn renew_hash(&self, user: &User, hash: &str) -> sqlx::Result<()> {
        statement::run("users.renew_hash", &self.pool, async |database| {
            sqlx::query("UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2")
                .bind(&user.id)
                .bind(&user.password_hash)
                .bind(hash)
                .execute(database)
                .await
        })
        .await?;
        self.was_changed(&user.id);
        Ok(())
    }

    /// Disables an account, or enables it again.
    pub async fn set_disabled(&self, id: &str, is_disabled: bool) -> sqlx::Result<()> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        statement::run("users.set_disabled", &self.pool, async |database| {
            sqlx::query("UPDATE users SET disabled_at = $2, updated_at = $3 WHERE id = $1")
                .bind(id)
                .bind(is_disabled.then_some(now))
                .bind(now)
                .execute(database)
                .await
        })
        .await?;
        self.was_changed(id);
        Ok(())
    }

    /// By public id. An account that is disabled is nobody's.
    pub async fn by_id(&self, id: &str) -> sqlx::Result<Option<User>> {
        if let Some(user) = self.cache.get(id) {
            return Ok(user);
        }
        let began = Instant::now();
        let user = self.read(id).await?.filter(|user| !user.is_disabled);
        Ok(self.cache.put_read(&id.to_owned(), began, user))
    }

    /// By public id as the table has it now, disabled accounts too.
    pub async fn read(&self, id: &str) -> sqlx::Result<Option<User>> {
        statement::run("users.by_id", &self.pool, async |database| {
            sqlx::query_as(concat!("SELECT ", user_columns!(), " FROM users WHERE id = $1"))
                .bind(id)
                .fetch_optional(database)
                .await
        })
        .await
    }

    /// Remembers a user who was read together with their session, by a statement that began then.
    pub fn remember_read(&self, began: Instant, user: &User) {
        self.cache.put_read(&user.id, began, Some(user.clone()).filter(|user| !user.is_disabled));
    }

    /// By address, disabled accounts too.
    pub async fn by_email(&self, email: &EmailAddress) -> sqlx::Result<Option<User>> {
        statement::run("users.by_email", &self.pool, async |database| {
            sqlx::query_as(concat!("SELECT ", user_columns!(), " FROM users WHERE email = $1"))
                .bind(email.as_str())
                .fetch_optional(database)
                .await
        })
        .await
    }

    /// When an account was created, and when it was last changed, in seconds since 1970.
    pub async fn times(&self, id: &str) -> sqlx::Result<Option<(i64, i64)>> {
        statement::run("users.times", &self.pool, async |database| {
            sqlx::query_as("SELECT created_at, updated_at FROM users WHERE id = $1")
                .bind(id)
                .fetch_optional(database)
                .await
        })
        .await
    }

    /// Up to a hundred users whose id or address begins with this, disabled ones too.
    pub async fn find(&self, beginning: &str) -> sqlx::Result<Vec<User>> {
        statement::run("users.find", &self.pool, async |database| {
            sqlx::query_as(concat!(
                "SELECT ",
                user_columns!(),
                " FROM users WHERE substr(id, 1, $2) = $1 OR substr(email, 1, $2) = $1 ORDER BY id LIMIT 100",
            ))
            .bind(beginning)
            .bind(i32::try_from(beginning.chars().count()).unwrap_or(i32::MAX))
            .fetch_all(database)
            .await
        })
        .await
    }

    /// Forgets the row that is in memory, after the commit of what has changed it.
    pub fn was_changed(&self, id: &str) {
        self.cache.forget(id.to_owned());
    }

    /// Another machine has changed a user: what is in memory is out of date.
    pub fn changed_elsewhere(&self, id: &str) {
        self.cache.changed_elsewhere(&id.to_owned());
    }

    /// Forgets the users that were read too long ago to count.
    pub fn forget_stale(&self) {
        self.cache.forget_stale();
    }

    /// Remembers that the user is gone, after the commit of what has removed them.
    pub fn was_removed(&self, id: &str) {
        self.cache.gone(id.to_owned());
    }
}

/// Short, as each session of the user holds it.
fn new_password_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}

/// Adds an account, within a transaction; `None` when the address is taken.
pub async fn insert(
    database: &mut AnyConnection,
    email: &EmailAddress,
    name: Option<&str>,
    password_hash: &str,
) -> sqlx::Result<Option<User>> {
    sqlx::query_as(concat!(
        "INSERT INTO users (id, email, name, password_hash, password_id, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6) \
         ON CONFLICT (email) DO NOTHING RETURNING ",
        user_columns!(),
    ))
    .bind(Uuid::now_v7().to_string())
    .bind(email.as_str())
    .bind(name)
    .bind(password_hash)
    .bind(new_password_id())
    .bind(OffsetDateTime::now_utc().unix_timestamp())
    .fetch_optional(database)
    .await
}

/// Sets the password of the account if it still has this address, within a transaction; `None` when none has. With the id
/// of the password that was checked: only while it is still that one, so that of two changes at once one counts.
pub async fn set_password(
    database: &mut AnyConnection,
    id: &str,
    email: &EmailAddress,
    password_hash: &str,
    checked_password_id: Option<&str>,
) -> sqlx::Result<Option<User>> {
    sqlx::query_as(concat!(
        "UPDATE users SET password_hash = $3, updated_at = $4, password_id = $5 \
         WHERE id = $1 AND email = $2 AND disabled_at IS NULL AND ($6 IS NULL OR password_id = $6) RETURNING ",
        user_columns!(),
    ))
    .bind(id)
    .bind(email.as_str())
    .bind(password_hash)
    .bind(OffsetDateTime::now_utc().unix_timestamp())
    .bind(new_password_id())
    .bind(checked_password_id)
    .fetch_optional(database)
    .await
}

/// Gives the password another id, and keeps the password: sessions, half-finished log-ins and changes that were begun with the
/// old id end. Within a transaction.
pub async fn end_log_ins(database: &mut AnyConnection, id: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET password_id = $2 WHERE id = $1")
        .bind(id)
        .bind(new_password_id())
        .execute(database)
        .await?;
    Ok(())
}

/// Gives an account another address, within a transaction; `None` when the address is another account's, or the password
/// is not this one any more.
pub async fn set_email(
    database: &mut AnyConnection,
    id: &str,
    email: &EmailAddress,
    password_id: &str,
) -> sqlx::Result<Option<User>> {
    sqlx::query_as(concat!(
        "UPDATE users SET email = $2, updated_at = $3 \
         WHERE id = $1 AND password_id = $4 AND disabled_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM users WHERE email = $2 AND id <> $1) \
         RETURNING ",
        user_columns!(),
    ))
    .bind(id)
    .bind(email.as_str())
    .bind(OffsetDateTime::now_utc().unix_timestamp())
    .bind(password_id)
    .fetch_optional(database)
    .await
}

/// Locks an account, at the beginning of a transaction: two changes that locked its rows in different orders would wait for
/// each other. With the id of the password that was checked: only while it is still that one. Returns whether it is there.
pub async fn lock(database: &mut AnyConnection, id: &str, checked_password_id: Option<&str>) -> sqlx::Result<bool> {
    let locked =
        sqlx::query("UPDATE users SET password_id = password_id WHERE id = $1 AND ($2 IS NULL OR password_id = $2)")
            .bind(id)
            .bind(checked_password_id)
            .execute(database)
            .await?;
    Ok(locked.rows_affected() == 1)
}

/// Removes an account, within a transaction. The database removes its sessions and links with it.
pub async fn delete(database: &mut AnyConnection, id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM users WHERE id = $1").bind(id).execute(database).await?;
    Ok(())
}
