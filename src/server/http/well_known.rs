//! What programs ask for under names that everybody knows: supervisors, robots, password managers, researchers.

use std::future;

use axum::{Router, extract::State, response::Redirect, routing::get};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{error::AppError, server::state::AppState, site::SUPPORT_ADDRESS};

/// All of them.
pub fn well_known(state: &AppState) -> Router<AppState> {
    let icon = state.assets.url("mark.svg");
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/.well-known/change-password", get(|| async { Redirect::temporary("/account") }))
        .route("/.well-known/security.txt", get(security_txt))
        .route("/robots.txt", get(|| async { "User-agent: *\nAllow: /\n" }))
        .route("/favicon.ico", get(move || future::ready(Redirect::temporary(&icon))))
}

async fn ready(State(state): State<AppState>) -> Result<(), AppError> {
    // A client that leaves meanwhile would cost a connection to the database.
    let asked = tokio::spawn(async move { state.database.is_reachable().await });
    if asked.await.is_ok_and(|is_ready| is_ready) { Ok(()) } else { Err(AppError::Unavailable) }
}

/// Whom to tell about a vulnerability (RFC 9116). Each answer expires a year after it is given.
async fn security_txt(State(state): State<AppState>) -> String {
    let expires = OffsetDateTime::now_utc() + time::Duration::days(365);
    let expires = expires.replace_nanosecond(0).unwrap_or(expires).format(&Rfc3339).unwrap_or_default();
    let canonical = format!("{}/.well-known/security.txt", state.config.origin());
    format!("Contact: mailto:{SUPPORT_ADDRESS}\nExpires: {expires}\nCanonical: {canonical}\nPreferred-Languages: en\n")
}
