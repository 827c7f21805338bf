//! The doors: the server functions that forms post to. What happens is in `server/`.

use leptos::prelude::*;

use super::SignedInDevice;
use crate::error::AppError;

/// Creates an account and logs in.
#[server(prefix = "/api/auth", endpoint = "sign-up")]
pub async fn sign_up(
    #[server(default)] name: String,
    #[server(default)] email: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    use super::server::{Accounts, SignUp};
    Accounts::of_this_request()?.sign_up(SignUp { name, email, password: password.into() }).await
}

/// Logs in. `remember` is there when the box was ticked.
#[server(prefix = "/api/auth", endpoint = "log-in")]
pub async fn log_in(
    #[server(default)] email: String,
    #[server(default)] password: String,
    #[server(default)] remember: Option<String>,
    #[server(default)] next: String,
) -> Result<(), AppError> {
    use super::server::{Accounts, LogIn};
    let form = LogIn { email, password: password.into(), remember: remember.is_some(), next };
    Accounts::of_this_request()?.log_in(form).await
}

/// Logs out.
#[server(prefix = "/api/auth", endpoint = "log-out")]
pub async fn log_out() -> Result<(), AppError> {
    super::server::Accounts::of_this_request()?.log_out().await
}

/// Changes name and e-mail.
#[server(prefix = "/api/auth", endpoint = "change-profile")]
pub async fn change_profile(#[server(default)] name: String, #[server(default)] email: String) -> Result<(), AppError> {
    use super::server::{Accounts, ChangeProfile};
    Accounts::of_this_request()?.change_profile(ChangeProfile { name, email }).await
}

/// Changes the password and ends every other session.
#[server(prefix = "/api/auth", endpoint = "change-password")]
pub async fn change_password(
    #[server(default)] current: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    use super::server::{Accounts, ChangePassword};
    let form = ChangePassword { current: current.into(), password: password.into() };
    Accounts::of_this_request()?.change_password(form).await
}

/// Ends the session of one device, or without one all but this.
#[server(prefix = "/api/auth", endpoint = "end-sessions")]
pub async fn end_sessions(#[server(default)] device: String) -> Result<(), AppError> {
    super::server::Accounts::of_this_request()?.end_sessions(&device).await
}

/// Removes the account and everything kept of its user.
#[server(prefix = "/api/auth", endpoint = "remove-account")]
pub async fn remove_account(#[server(default)] current: String) -> Result<(), AppError> {
    super::server::Accounts::of_this_request()?.remove_account(&current.into()).await
}

/// Where the user of this session is signed in.
#[server(prefix = "/api/auth", endpoint = "devices")]
pub async fn devices() -> Result<Vec<SignedInDevice>, AppError> {
    super::server::Accounts::of_this_request()?.devices().await
}
