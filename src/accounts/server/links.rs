//! The `links` table: every statement on it is here. A link proves that the person who opens it reads the mail of an address.
//!
//! Only a hash of a link's token is stored, and a token is made in the moment in which its mail is sent: it stands in
//! the mail and nowhere else.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, AnyPool, FromRow};
use time::OffsetDateTime;

use super::{EmailAddress, User};
use crate::server::database::statement;

/// How long a link works.
pub const LINK_LIFE: Duration = Duration::from_secs(60 * 60);
/// The longest token that is looked up. Ours have 43 characters.
pub const MAX_TOKEN_CHARS: usize = 100;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Creates the account of an address.
    SignUp,
    /// Sets a new password for an account.
    Reset,
    /// The same, and removes the factors that were just added: its owner says that it was somebody else.
    UndoFactors,
    /// Gives an account another address.
    ChangeEmail,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Reset => "reset",
            Self::UndoFactors => "undo_factors",
            Self::ChangeEmail => "change_email",
        }
    }
}

/// What a link is bound to.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// An address that has no account yet, and the name that its account is to have.
    SignUp { email: &'a EmailAddress, name: Option<&'a str> },
    /// An account that has this address: once it has another, the link is worth nothing.
    Reset { user: &'a User, email: &'a EmailAddress },
    /// The same.
    UndoFactors { user: &'a User, email: &'a EmailAddress },
    /// An account, and the address that it is to have.
    ChangeEmail { user: &'a User, email: &'a EmailAddress },
}

impl Subject<'_> {
    /// What its link is for.
    pub fn purpose(&self) -> Purpose {
        match self {
            Self::SignUp { .. } => Purpose::SignUp,
            Self::Reset { .. } => Purpose::Reset,
            Self::UndoFactors { .. } => Purpose::UndoFactors,
            Self::ChangeEmail { .. } => Purpose::ChangeEmail,
        }
    }
}

/// What stands in a link. 256 random bits.
pub struct LinkToken(SecretString);

impl LinkToken {
    fn random() -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()).into())
    }

    /// The URL of the page that uses it, on the site at `origin`.
    pub fn url(&self, origin: &str, purpose: Purpose) -> String {
        let page = match purpose {
            Purpose::SignUp | Purpose::Reset | Purpose::UndoFactors => "choose-password",
            Purpose::ChangeEmail => "confirm-email",
        };
        format!("{origin}/{page}?token={}", self.0.expose_secret())
    }
}

/// A link that works.
#[derive(Clone, Debug)]
pub struct Link {
    /// What it is for.
    pub purpose: Purpose,
    /// The account, if there is one already.
    pub user_id: Option<String>,
    /// The address that its mail went to.
    pub email: EmailAddress,
    /// The name that a new account is to have.
    pub name: Option<String>,
}

#[derive(FromRow)]
struct Row {
    purpose: String,
    user_id: Option<String>,
    email: String,
    name: Option<String>,
}

impl Row {
    fn into_link(self) -> Option<Link> {
        let purpose = [Purpose::SignUp, Purpose::Reset, Purpose::UndoFactors, Purpose::ChangeEmail];
        let purpose = purpose.into_iter().find(|purpose| purpose.as_str() == self.purpose)?;
        let email = EmailAddress::from_stored(self.email);
        Some(Link { purpose, user_id: self.user_id, email, name: self.name })
    }
}

/// The links in the database.
#[derive(Clone, Debug)]
pub struct Links {
    pool: AnyPool,
}

impl Links {
    /// Over a migrated database.
    pub fn new(pool: AnyPool) -> Self {
        Self { pool }
    }

    /// Makes a link. An older one for the same purpose and account ends, but not one that undoes a change of the factors: who
    /// made the change would end it by another. With the id of a mail: only while that mail is still to be sent.
    pub async fn create(&self, subject: Subject<'_>, mail: Option<&str>) -> sqlx::Result<Option<LinkToken>> {
        let (key, user_id, email, name) = match subject {
            Subject::SignUp { email, name } => (email.as_str().to_owned(), None, email, name),
            Subject::UndoFactors { user, email } => {
                (format!("{} {}", user.id, mail.unwrap_or_default()), Some(&user.id), email, None)
            }
            Subject::Reset { user, email } | Subject::ChangeEmail { user, email } => {
                (user.id.clone(), Some(&user.id), email, None)
            }
        };
        let token = LinkToken::random();
        let expires_at = OffsetDateTime::now_utc() + LINK_LIFE;
        let created = statement::run("links.create", &self.pool, async |database| {
            sqlx::query(
                "INSERT INTO links (purpose, subject, token_hash, user_id, email, name, expires_at) \
                 SELECT $1, $2, $3, $4, $5, $6, $7 \
                 WHERE $8 IS NULL OR EXISTS (SELECT 1 FROM outbox WHERE id = $8) \
                 ON CONFLICT (purpose, subject) DO UPDATE \
                 SET token_hash = $3, user_id = $4, email = $5, name = $6, expires_at = $7",
            )
            .bind(subject.purpose().as_str())
            .bind(key)
            .bind(hash(token.0.expose_secret()))
            .bind(user_id)
            .bind(email.as_str())
            .bind(name)
            .bind(expires_at.unix_timestamp())
            .bind(mail)
            .execute(database)
            .await
        })
        .await?;
        Ok((created.rows_affected() == 1).then_some(token))
    }

    /// The link with this token, if it works. Looking changes nothing: programs that check mail open links.
    pub async fn find(&self, token: &str) -> sqlx::Result<Option<Link>> {
        if token.len() > MAX_TOKEN_CHARS {
            return Ok(None);
        }
        let row: Option<Row> = statement::run("links.find", &self.pool, async |database| {
            sqlx::query_as("SELECT purpose, user_id, email, name FROM links WHERE token_hash = $1 AND expires_at > $2")
                .bind(hash(token))
                .bind(OffsetDateTime::now_utc().unix_timestamp())
                .fetch_optional(database)
                .await
        })
        .await?;
        Ok(row.and_then(Row::into_link))
    }

    /// Whether an address has a link that creates an account.
    pub async fn has_sign_up(&self, email: &EmailAddress) -> sqlx::Result<bool> {
        let found: Option<(i64,)> = statement::run("links.has_sign_up", &self.pool, async |database| {
            sqlx::query_as("SELECT expires_at FROM links WHERE purpose = $1 AND subject = $2 AND expires_at > $3")
                .bind(Purpose::SignUp.as_str())
                .bind(email.as_str())
                .bind(OffsetDateTime::now_utc().unix_timestamp())
                .fetch_optional(database)
                .await
        })
        .await?;
        Ok(found.is_some())
    }

    /// The links of an account that work: purpose, address, and when they end.
    pub async fn list_for_user(&self, user_id: &str) -> sqlx::Result<Vec<(String, String, i64)>> {
        statement::run("links.list_for_user", &self.pool, async |database| {
            sqlx::query_as(
                "SELECT purpose, email, expires_at FROM links WHERE user_id = $1 AND expires_at > $2 ORDER BY purpose",
            )
            .bind(user_id)
            .bind(OffsetDateTime::now_utc().unix_timestamp())
            .fetch_all(database)
            .await
        })
        .await
    }

    /// Deletes what does not work any more.
    pub async fn delete_expired(&self) -> sqlx::Result<()> {
        statement::run("links.delete_expired", &self.pool, async |database| {
            sqlx::query("DELETE FROM links WHERE expires_at <= $1")
                .bind(OffsetDateTime::now_utc().unix_timestamp())
                .execute(database)
                .await
        })
        .await?;
        Ok(())
    }
}

/// Uses the link up, within a transaction: of two that try, one gets it.
pub async fn consume(database: &mut AnyConnection, token: &str) -> sqlx::Result<Option<Link>> {
    let row: Option<Row> = sqlx::query_as(
        "DELETE FROM links WHERE token_hash = $1 AND expires_at > $2 RETURNING purpose, user_id, email, name",
    )
    .bind(hash(token))
    .bind(OffsetDateTime::now_utc().unix_timestamp())
    .fetch_optional(database)
    .await?;
    Ok(row.and_then(Row::into_link))
}

/// Ends all links of an account, within a transaction.
pub async fn delete_all(database: &mut AnyConnection, user_id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM links WHERE user_id = $1").bind(user_id).execute(database).await?;
    Ok(())
}

/// Ends the links of an account, within a transaction, but for those that undo a change of its factors: a new password by the
/// one who made that change is not to end them.
pub async fn delete_for_user(database: &mut AnyConnection, user_id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM links WHERE user_id = $1 AND purpose <> $2")
        .bind(user_id)
        .bind(Purpose::UndoFactors.as_str())
        .execute(database)
        .await?;
    Ok(())
}

fn hash(token: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(token))
}
