//! A cookie that says that this browser has logged in with the password that an account has now (OWASP calls it a device
//! cookie). It grants no access: it only keeps guesses from elsewhere from locking this browser out.

use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use time::Duration;
use uuid::Uuid;

use super::{User, cookies, signed_text::SignedText};

const COOKIE: &str = "device";
const LIFE: Duration = Duration::days(365);

/// Signs and reads the cookie.
#[derive(Clone)]
pub struct DeviceCookies {
    key: SignedText,
    secure: bool,
}

/// What the cookie says.
#[derive(Serialize, Deserialize)]
pub struct Device {
    /// A name that nothing else has.
    pub id: String,
    /// Whether its user has shown the second factor there.
    pub is_proven: bool,
    /// A browser that knew an old password gets no budget of guesses at the new one.
    password_id: String,
}

impl Device {
    /// Whether it has logged in as this user, with the password that they have still.
    pub fn is_of(&self, user: &User) -> bool {
        self.password_id == user.password_id
    }
}

impl DeviceCookies {
    /// For this server.
    pub fn new(secret: &[u8], secure: bool) -> Self {
        Self { key: SignedText::new(secret, "device cookie"), secure }
    }

    /// The device that a request comes from, if anybody has logged in there.
    pub fn read(&self, headers: &HeaderMap) -> Option<Device> {
        Some(self.key.read(&cookies::read(headers, COOKIE, self.secure)?)?.0)
    }

    /// The `Set-Cookie` for a browser that has just logged in.
    pub fn issue(&self, user: &User, is_proven: bool) -> Option<HeaderValue> {
        let device = Device { id: Uuid::new_v4().to_string(), is_proven, password_id: user.password_id.clone() };
        cookies::set(COOKIE, self.key.sign(&device, LIFE)?, LIFE, self.secure)
    }
}
