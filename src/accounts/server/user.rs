//! A user, as the database has them.

use std::{fmt, ops::Deref, sync::Arc};

use sqlx::{FromRow, Row as _, any::AnyRow};

use super::EmailAddress;
use crate::accounts::CurrentUser;

/// The columns of a [`User`], once for all statements.
macro_rules! user_columns {
    () => {
        "users.id, users.email, users.name, users.password_hash, users.password_id, users.disabled_at"
    };
}
pub(super) use user_columns;

/// A user. One pointer: it is cloned many times for each request.
#[derive(Clone)]
pub struct User(Arc<Row>);

/// A row of `users`.
pub struct Row {
    /// UUID v7 text; never changes.
    pub id: String,
    /// Confirmed: its owner has opened a link that was sent to it.
    pub email: EmailAddress,
    /// If there is one.
    pub name: Option<String>,
    /// argon2id, in PHC format.
    pub password_hash: String,
    /// Another with each new password.
    pub password_id: String,
    /// Whether an operator has disabled the account.
    pub is_disabled: bool,
}

impl Deref for User {
    type Target = Row;

    fn deref(&self) -> &Row {
        &self.0
    }
}

impl<'r> FromRow<'r, AnyRow> for User {
    fn from_row(row: &'r AnyRow) -> sqlx::Result<Self> {
        Ok(Self(Arc::new(Row {
            id: row.try_get("id")?,
            email: EmailAddress::from_stored(row.try_get("email")?),
            name: row.try_get("name")?,
            password_hash: row.try_get("password_hash")?,
            password_id: row.try_get("password_id")?,
            is_disabled: row.try_get::<Option<i64>, _>("disabled_at")?.is_some(),
        })))
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
        Self { id: user.id.clone(), email: user.email.as_str().to_owned(), name: user.name.clone() }
    }
}
