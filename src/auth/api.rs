//! The doors: the server functions that forms post to. What happens is in `server/`.

use leptos::prelude::*;

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
