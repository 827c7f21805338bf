//! Puts the session and its user on each request. The cookie says only which session it is.

use axum_login::{AuthManagerLayer, AuthManagerLayerBuilder};
use time::Duration;
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite};

use super::{Backend, Sessions, cookies};

/// The name of the session cookie.
pub const SESSION_COOKIE: &str = "session";

/// The cookie with `Remember me`, for as long as such a session can last. The server ends an idle one earlier.
pub const REMEMBERED: Expiry = Expiry::OnInactivity(Duration::days(90));
/// Without it the cookie ends with the browser.
pub const UNTIL_CLOSED: Expiry = Expiry::OnSessionEnd;

/// The layer. `secure` is for a site on https.
pub fn session_layer(store: Sessions, backend: Backend, secure: bool) -> AuthManagerLayer<Backend, Sessions> {
    let sessions = SessionManagerLayer::new(store)
        .with_name(cookies::name(SESSION_COOKIE, secure))
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(secure)
        .with_expiry(UNTIL_CLOSED);
    AuthManagerLayerBuilder::new(backend, sessions).build()
}
