//! What forms post to. What happens then is in `server/`.

use leptos::prelude::*;

use super::SessionInfo;
use crate::error::AppError;

/// Creates an account and logs in.
#[server(prefix = "/api/auth", endpoint = "sign-up")]
pub async fn sign_up(
    #[server(default)] name: String,
    #[server(default)] email: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.sign_up(&name, &email, password.into()).await
}

/// Logs in. `remember` is there when the box is ticked.
#[server(prefix = "/api/auth", endpoint = "log-in")]
pub async fn log_in(
    #[server(default)] email: String,
    #[server(default)] password: String,
    #[server(default)] remember: Option<String>,
    #[server(default)] next: String,
) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.log_in(&email, password.into(), remember.is_some(), &next).await
}

/// Logs out.
#[server(prefix = "/api/auth", endpoint = "log-out")]
pub async fn log_out() -> Result<(), AppError> {
    super::server::Accounts::from_request()?.log_out().await
}

/// Changes name and e-mail.
#[server(prefix = "/api/auth", endpoint = "change-profile")]
pub async fn change_profile(#[server(default)] name: String, #[server(default)] email: String) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.change_profile(&name, &email).await
}

/// Changes the password and ends every other session.
#[server(prefix = "/api/auth", endpoint = "change-password")]
pub async fn change_password(
    #[server(default)] current: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.change_password(current.into(), password.into()).await
}

/// Ends one session, or without an id all but this one.
#[server(prefix = "/api/auth", endpoint = "end-sessions")]
pub async fn end_sessions(#[server(default)] session: String) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.end_sessions(&session).await
}

/// Removes the account and everything kept about its user.
#[server(prefix = "/api/auth", endpoint = "remove-account")]
pub async fn remove_account(#[server(default)] current: String) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.remove_account(current.into()).await
}

/// Where the user is logged in.
#[server(prefix = "/api/auth", endpoint = "sessions")]
pub async fn list_sessions() -> Result<Vec<SessionInfo>, AppError> {
    super::server::Accounts::from_request()?.list_sessions().await
}
