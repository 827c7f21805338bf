//! The `users` table: every statement on it is here.

use std::{fmt, ops::Deref, sync::Arc, time::Duration};

use moka::sync::Cache;
use sqlx::{AnyPool, FromRow, any::AnyRow};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{accounts::CurrentUser, server::database::statement};

/// The columns of a [`User`], once for all statements.
macro_rules! user_columns {
    () => {
        "users.id, users.email, users.name, users.password_hash"
    };
}
pub(super) use user_columns;

/// What another machine changed is noticed after this long at most.
pub const STALE_AFTER: Duration = Duration::from_secs(4);
/// How many users are kept in memory at most.
const MAX_CACHED: u64 = 10_000;

/// A user. One pointer: it is cloned many times for each request.
#[derive(Clone)]
pub struct User(Arc<Row>);

/// A row of `users`.
#[derive(FromRow)]
pub struct Row {
    /// UUID v7 text; never changes.
    pub id: String,
    /// As typed, trimmed.
    pub email: String,
    /// If there is one.
    pub name: Option<String>,
    /// argon2id, in PHC format.
    pub password_hash: String,
}

impl Deref for User {
    type Target = Row;

    fn deref(&self) -> &Row {
        &self.0
    }
}

impl<'r> FromRow<'r, AnyRow> for User {
    fn from_row(row: &'r AnyRow) -> sqlx::Result<Self> {
        Row::from_row(row).map(|row| Self(Arc::new(row)))
    }
}

impl fmt::Debug for User {
    // axum-login logs this: nothing personal may be in it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("User").field("id", &self.id).finish_non_exhaustive()
    }
}

impl From<&User> for CurrentUser {
    fn from(user: &User) -> Self {
        Self { id: user.id.clone(), email: user.email.clone(), name: user.name.clone() }
    }
}

/// An account to be made.
pub struct NewUser {
    /// As typed, trimmed.
    pub email: String,
    /// If there is one.
    pub name: Option<String>,
    /// argon2id, in PHC format.
    pub password_hash: String,
}

/// The users in the database. One that was just read stays in memory for a moment: a change on this machine counts
/// at once, one on another machine within [`STALE_AFTER`].
#[derive(Clone, Debug)]
pub struct Users {
    pool: AnyPool,
    // `None` is a user who was removed.
    cache: Cache<String, Option<User>>,
}

impl Users {
    /// Over a migrated database.
    pub fn new(pool: AnyPool) -> Self {
        let cache = Cache::builder().max_capacity(MAX_CACHED).time_to_live(STALE_AFTER).build();
        Self { pool, cache }
    }

    /// Adds an account; `None` when the e-mail is taken.
    pub async fn add(&self, new: NewUser) -> sqlx::Result<Option<User>> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        statement::run("users.add", &self.pool, async |database| {
            sqlx::query_as(concat!(
                "INSERT INTO users (id, email, email_key, name, password_hash, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (email_key) DO NOTHING \
             RETURNING ",
                user_columns!(),
            ))
            .bind(Uuid::now_v7().to_string())
            .bind(&new.email)
            .bind(email_key(&new.email))
            .bind(&new.name)
            .bind(&new.password_hash)
            .bind(now)
            .fetch_optional(database)
            .await
        })
        .await
    }

    /// Changes e-mail and name; `None` when the e-mail is another user's.
    pub async fn change_profile(&self, id: &str, email: &str, name: Option<&str>) -> sqlx::Result<Option<User>> {
        let changed = statement::run("users.change_profile", &self.pool, async |database| {
            sqlx::query_as(concat!(
                "UPDATE users SET email = $2, email_key = $3, name = $4, updated_at = $5 \
             WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM users WHERE email_key = $3 AND id <> $1) \
             RETURNING ",
                user_columns!(),
            ))
            .bind(id)
            .bind(email)
            .bind(email_key(email))
            .bind(name)
            .bind(OffsetDateTime::now_utc().unix_timestamp())
            .fetch_optional(database)
            .await
        })
        .await?;
        Ok(self.update_cache(changed))
    }

    /// Changes the password; returns the user as they are then.
    pub async fn change_password(&self, id: &str, password_hash: &str) -> sqlx::Result<Option<User>> {
        let changed = statement::run("users.change_password", &self.pool, async |database| {
            sqlx::query_as(concat!(
                "UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1 \
             RETURNING ",
                user_columns!(),
            ))
            .bind(id)
            .bind(password_hash)
            .bind(OffsetDateTime::now_utc().unix_timestamp())
            .fetch_optional(database)
            .await
        })
        .await?;
        Ok(self.update_cache(changed))
    }

    /// Removes the account. The database removes the user's sessions with it.
    pub async fn remove(&self, id: &str) -> sqlx::Result<()> {
        self.cache.insert(id.to_owned(), None);
        statement::run("users.remove", &self.pool, async |database| {
            sqlx::query("DELETE FROM users WHERE id = $1").bind(id).execute(database).await
        })
        .await?;
        self.cache.insert(id.to_owned(), None);
        Ok(())
    }

    /// By public id.
    pub async fn by_id(&self, id: &str) -> sqlx::Result<Option<User>> {
        if let Some(user) = self.cache.get(id) {
            return Ok(user);
        }
        let user: Option<User> = statement::run("users.by_id", &self.pool, async |database| {
            sqlx::query_as(concat!("SELECT ", user_columns!(), " FROM users WHERE id = $1",))
                .bind(id)
                .fetch_optional(database)
                .await
        })
        .await?;
        // If the user was changed since, the change stays.
        Ok(self.cache.entry(id.to_owned()).or_insert(user).into_value())
    }

    /// Remembers a user who was read together with their session. If the user was changed since, the change stays.
    pub fn cache_if_absent(&self, user: User) {
        self.cache.entry(user.id.clone()).or_insert(Some(user));
    }

    /// By e-mail, in any case.
    pub async fn by_email(&self, email: &str) -> sqlx::Result<Option<User>> {
        statement::run("users.by_email", &self.pool, async |database| {
            sqlx::query_as(concat!("SELECT ", user_columns!(), " FROM users WHERE email_key = $1",))
                .bind(email_key(email))
                .fetch_optional(database)
                .await
        })
        .await
    }

    fn update_cache(&self, user: Option<User>) -> Option<User> {
        if let Some(user) = &user {
            self.cache.insert(user.id.clone(), Some(user.clone()));
        }
        user
    }
}

fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}
