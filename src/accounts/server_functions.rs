//! What forms post to, and the list of sessions that the account page reads. What happens then is in `server/`.

use leptos::prelude::*;

use super::SessionInfo;
use crate::error::AppError;

/// Asks for an account. A mail has the link that creates it.
#[server(prefix = "/api/auth", endpoint = "sign-up")]
pub async fn sign_up(#[server(default)] name: String, #[server(default)] email: String) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.sign_up(&name, &email).await
}

/// Asks for a link to a new password.
#[server(prefix = "/api/auth", endpoint = "forgot-password")]
pub async fn forgot_password(#[server(default)] email: String) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.forgot_password(&email).await
}

/// Uses the link of a sign-up or of a forgotten password, and logs in. `with_name` says that the form has a name, which
/// may be empty.
#[server(prefix = "/api/auth", endpoint = "choose-password")]
pub async fn choose_password(
    #[server(default)] token: String,
    #[server(default)] password: String,
    #[server(default)] name: String,
    #[server(default)] with_name: Option<String>,
) -> Result<(), AppError> {
    let name = with_name.map(|_| name);
    super::server::Accounts::from_request()?.choose_password(&token, password.into(), name.as_deref()).await
}

/// Uses the link to a new address.
#[server(prefix = "/api/auth", endpoint = "confirm-email")]
pub async fn confirm_email(#[server(default)] token: String) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.confirm_email(&token).await
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

/// Changes the name.
#[server(prefix = "/api/auth", endpoint = "change-name")]
pub async fn change_name(#[server(default)] name: String) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.change_name(&name).await
}

/// Asks for another address. A mail to it has the link that changes it.
#[server(prefix = "/api/auth", endpoint = "change-email")]
pub async fn change_email(
    #[server(default)] email: String,
    #[server(default)] current: String,
) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.change_email(&email, current.into()).await
}

/// Changes the password and ends every other session.
#[server(prefix = "/api/auth", endpoint = "change-password")]
pub async fn change_password(
    #[server(default)] current: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.change_password(current.into(), password.into()).await
}

/// Takes a code of the second factor, after the password or before something dangerous.
#[server(prefix = "/api/auth", endpoint = "enter-code")]
pub async fn enter_code(#[server(default)] code: String, #[server(default)] next: String) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.enter_code(&code, &next).await
}

/// Takes the answer of a passkey, instead of a password or as the second factor.
#[server(prefix = "/api/auth", endpoint = "use-passkey")]
pub async fn use_passkey(
    #[server(default)] state: String,
    #[server(default)] credential: String,
    #[server(default)] log_in: Option<String>,
    #[server(default)] remember: Option<String>,
    #[server(default)] next: String,
) -> Result<(), AppError> {
    let accounts = super::server::Accounts::from_request()?;
    accounts.use_passkey(&state, &credential, log_in.is_some(), remember.is_some(), &next).await
}

/// Says, after the right password, that the second factor is lost.
#[server(prefix = "/api/auth", endpoint = "lose-factors")]
pub async fn lose_factors() -> Result<(), AppError> {
    super::server::Accounts::from_request()?.lose_factors().await
}

/// Says that it is not lost.
#[server(prefix = "/api/auth", endpoint = "keep-factors")]
pub async fn keep_factors() -> Result<(), AppError> {
    super::server::Accounts::from_request()?.keep_factors().await
}

/// Begins to set up an authenticator app.
#[server(prefix = "/api/auth", endpoint = "start-app")]
pub async fn start_app(#[server(default)] current: String) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.start_app(current.into()).await
}

/// Turns the new app on.
#[server(prefix = "/api/auth", endpoint = "confirm-app")]
pub async fn confirm_app(#[server(default)] code: String) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.confirm_app(&code).await
}

/// Adds a passkey.
#[server(prefix = "/api/auth", endpoint = "add-passkey")]
pub async fn add_passkey(
    #[server(default)] state: String,
    #[server(default)] credential: String,
    #[server(default)] current: String,
) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.add_passkey(&state, &credential, current.into()).await
}

/// Removes the app or a passkey.
#[server(prefix = "/api/auth", endpoint = "remove-factor")]
pub async fn remove_factor(
    #[server(default)] factor: String,
    #[server(default)] current: String,
) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.remove_factor(&factor, current.into()).await
}

/// Makes new recovery codes.
#[server(prefix = "/api/auth", endpoint = "start-recovery-codes")]
pub async fn start_recovery_codes(#[server(default)] current: String) -> Result<(), AppError> {
    super::server::Accounts::from_request()?.start_recovery_codes(current.into()).await
}

/// Says that the new recovery codes are written down.
#[server(prefix = "/api/auth", endpoint = "confirm-recovery-codes")]
pub async fn confirm_recovery_codes() -> Result<(), AppError> {
    super::server::Accounts::from_request()?.confirm_recovery_codes().await
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
