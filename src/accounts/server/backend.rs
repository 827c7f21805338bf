//! Ties axum-login to the users table.

use std::{ops::Deref, sync::Arc};

use axum_login::{AuthUser, AuthnBackend, UserId};
use http::HeaderMap;
use secrecy::SecretString;
use sqlx::AnyPool;

use super::{
    DeviceCookies, EmailAddress, Links, Passwords, Sessions, User, Users,
    hash_queue::Place,
    password::HashError,
    second_factor::{Factors, Passkeys, PendingLogIn, PendingLogIns},
};
use crate::server::mail::Outbox;

/// The session of a request, and its user.
pub type AuthSession = axum_login::AuthSession<Backend>;

/// What axum-login asks. One pointer, as each request has its own.
#[derive(Clone)]
pub struct Backend(Arc<Stores>);

/// Where users, passwords, sessions, links and mails are.
pub struct Stores {
    /// The database, for what changes several tables at once.
    pub pool: AnyPool,
    /// The accounts.
    pub users: Users,
    /// Their passwords.
    pub passwords: Passwords,
    /// Their second factors.
    pub factors: Factors,
    /// Asks for passkeys.
    pub passkeys: Passkeys,
    /// Log-ins whose second factor is still to come.
    pub pending_log_ins: PendingLogIns,
    /// Tells browsers that have logged in before from others.
    pub devices: DeviceCookies,
    /// Whether cookies are to be `Secure`.
    pub secure_cookies: bool,
    /// Where users are logged in.
    pub sessions: Sessions,
    /// The links in our mails.
    pub links: Links,
    /// The mails that are to be sent.
    pub outbox: Outbox,
}

impl Backend {
    /// Over these stores.
    pub fn new(stores: Stores) -> Self {
        Self(Arc::new(stores))
    }
}

impl Deref for Backend {
    type Target = Stores;

    fn deref(&self) -> &Stores {
        &self.0
    }
}

impl Stores {
    /// The log-in that this browser has begun and whose second factor is still to come. A password that was changed
    /// since ends it.
    pub async fn pending_user(&self, headers: &HeaderMap) -> sqlx::Result<Option<(User, PendingLogIn)>> {
        let Some(pending) = self.pending_log_ins.read(headers) else { return Ok(None) };
        let user = self.users.read(&pending.user_id).await?;
        Ok(user.filter(|user| !user.is_disabled && pending.is_of(user)).map(|user| (user, pending)))
    }
}

/// What a person types to log in.
pub struct Credentials {
    /// As typed.
    pub email: String,
    /// As typed.
    pub password: SecretString,
    /// Where the check of the password waits its turn.
    pub place: Place,
}

/// The question could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The hash could not be made or read.
    #[error(transparent)]
    Hash(#[from] HashError),
}

impl AuthUser for User {
    type Id = String;

    fn id(&self) -> String {
        self.id.clone()
    }

    // A new password ends every session of the user.
    fn session_auth_hash(&self) -> &[u8] {
        self.password_id.as_bytes()
    }
}

impl AuthnBackend for Backend {
    type User = User;
    type Credentials = Credentials;
    type Error = BackendError;

    async fn authenticate(&self, given: Credentials) -> Result<Option<User>, BackendError> {
        let user = match EmailAddress::parse(&given.email) {
            Some(email) => self.users.by_email(&email).await?,
            None => None,
        };
        let hash = user.as_ref().map(|user| user.password_hash.as_str());
        let right = self.passwords.verify(&given.password, hash, &given.place).await?;
        let user = user.filter(|_| right);
        if let Some(user) = user.as_ref().filter(|user| !Passwords::is_current(&user.password_hash)) {
            let renewed = self.passwords.hash(&given.password, &given.place).await?;
            self.users.renew_hash(user, &renewed).await?;
        }
        Ok(user)
    }

    async fn get_user(&self, id: &UserId<Self>) -> Result<Option<User>, BackendError> {
        Ok(self.users.by_id(id).await?)
    }
}
