//! A log-in whose password was right and whose second factor is still to come: a signed cookie for ten minutes. There is no
//! session yet.

use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use time::Duration;

use crate::accounts::server::{User, cookies, signed_text::SignedText};

const COOKIE: &str = "pending";
const LIFE: Duration = Duration::minutes(10);

/// What the second step has to know of the first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PendingLogIn {
    /// Whose password it was.
    pub user_id: String,
    /// Whether `Remember me` was ticked.
    pub remember: bool,
    /// Where the user was going.
    pub next: String,
    /// Which password it was: once there is another, the log-in is worth nothing.
    password_id: String,
}

impl PendingLogIn {
    /// After the right password.
    pub fn new(user: &User, remember: bool, next: &str) -> Self {
        Self { user_id: user.id.clone(), remember, next: next.to_owned(), password_id: user.password_id.clone() }
    }

    /// Whether the password is still the same.
    pub fn is_of(&self, user: &User) -> bool {
        self.user_id == user.id && self.password_id == user.password_id
    }
}

/// Signs and reads the cookie.
#[derive(Clone)]
pub struct PendingLogIns {
    key: SignedText,
    secure: bool,
}

impl PendingLogIns {
    /// For this server.
    pub fn new(secret: &[u8], secure: bool) -> Self {
        Self { key: SignedText::new(secret, "pending log-in"), secure }
    }

    /// The log-in that this browser has begun.
    pub fn read(&self, headers: &HeaderMap) -> Option<PendingLogIn> {
        Some(self.key.read(&cookies::read(headers, COOKIE, self.secure)?)?.0)
    }

    /// The `Set-Cookie` that begins it.
    pub fn begin(&self, pending: &PendingLogIn) -> Option<HeaderValue> {
        cookies::set(COOKIE, self.key.sign(pending, LIFE)?, LIFE, self.secure)
    }

    /// The `Set-Cookie` that ends it.
    pub fn end(&self) -> Option<HeaderValue> {
        cookies::set(COOKIE, String::new(), Duration::ZERO, self.secure)
    }
}
