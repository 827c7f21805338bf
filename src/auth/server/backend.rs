//! Ties axum-login to the users table.

use std::{ops::Deref, sync::Arc};

use axum_login::{AuthUser, AuthnBackend, UserId};
use secrecy::SecretString;

use super::{Devices, HashError, Passwords, User, Users, devices::DeviceError};

/// The session of a request, and its user.
pub type AuthSession = axum_login::AuthSession<Backend>;

/// What axum-login asks; behind one pointer, as each request has its own.
#[derive(Clone)]
pub struct Backend(Arc<Records>);

/// What there is to ask.
pub struct Records {
    /// The accounts.
    pub users: Users,
    /// Their passwords.
    pub passwords: Passwords,
    /// Where users are signed in.
    pub devices: Devices,
}

impl Backend {
    /// Over these.
    pub fn new(users: Users, passwords: Passwords, devices: Devices) -> Self {
        Self(Arc::new(Records { users, passwords, devices }))
    }
}

impl Deref for Backend {
    type Target = Records;

    fn deref(&self) -> &Records {
        &self.0
    }
}

/// What a person types to log in.
pub struct Credentials {
    /// As typed.
    pub email: String,
    /// As typed.
    pub password: SecretString,
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
    /// The devices could not be read or ended.
    #[error(transparent)]
    Devices(#[from] DeviceError),
}

impl AuthUser for User {
    type Id = String;

    fn id(&self) -> String {
        self.id.clone()
    }

    // A new password ends every session of the user. The end of a PHC string is the hash itself;
    // part of it tells passwords apart, and no session's row holds all of it.
    fn session_auth_hash(&self) -> &[u8] {
        let hash = self.password_hash.as_bytes();
        &hash[hash.len().saturating_sub(16)..]
    }
}

impl AuthnBackend for Backend {
    type User = User;
    type Credentials = Credentials;
    type Error = BackendError;

    async fn authenticate(&self, given: Credentials) -> Result<Option<User>, BackendError> {
        let user = self.users.by_email(&given.email).await?;
        let hash = user.as_ref().map(|user| user.password_hash.as_str());
        let right = self.passwords.verify(&given.password, hash).await?;
        Ok(user.filter(|_| right))
    }

    async fn get_user(&self, id: &UserId<Self>) -> Result<Option<User>, BackendError> {
        Ok(self.users.by_id(id).await?)
    }
}
