//! What a server adds: it signs tokens, expires the widget's cookie, and allows in its policy what the widget needs.

mod chat_cookie;
mod csp;
mod secret;
mod signer;

pub use chat_cookie::{expire_chat_cookies, expire_chat_cookies_with};
pub use csp::CspSources;
pub use secret::{JwtSecret, JwtSecretError};
pub use signer::{SignError, Signer};
