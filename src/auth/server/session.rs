//! Sessions: rows in SQLite, and a cookie that says nothing but which row.

use axum_login::{AuthManagerLayer, AuthManagerLayerBuilder};
use sqlx::SqlitePool;
use time::Duration;
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite};
use tower_sessions_sqlx_store::SqliteStore;

use super::Backend;

/// The name of the session cookie.
pub const COOKIE: &str = "session";

/// Where sessions are kept.
pub type Sessions = SqliteStore;

/// How long `Remember me` remembers.
pub const REMEMBERED: Expiry = Expiry::OnInactivity(Duration::days(30));
/// Without it the cookie ends with the browser.
pub const UNTIL_CLOSED: Expiry = Expiry::OnSessionEnd;

/// The session store; its table is made when it is missing.
pub async fn sessions(pool: SqlitePool) -> sqlx::Result<Sessions> {
    let store = SqliteStore::new(pool);
    store.migrate().await?;
    Ok(store)
}

/// Puts the session and its user on each request.
pub fn layer(store: Sessions, backend: Backend, secure: bool) -> AuthManagerLayer<Backend, Sessions> {
    let sessions = SessionManagerLayer::new(store)
        .with_name(COOKIE)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(secure)
        .with_expiry(UNTIL_CLOSED);
    AuthManagerLayerBuilder::new(backend, sessions).build()
}
