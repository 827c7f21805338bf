//! What a form does: check it, change the database, rotate the session, say where to go next.

use http::{HeaderValue, StatusCode, header, request::Parts};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use secrecy::{ExposeSecret, SecretString};
use tower_sessions::Expiry;

use super::{
    AuthSession, NewUser, User,
    backend::{BackendError, Credentials},
    flash, password, session,
};
use crate::{
    auth::{Feedback, Problem, next::local_path},
    error::AppError,
};

const MAX_NAME_CHARS: usize = 100;
/// The longest address that mail can be delivered to (RFC 5321).
const MAX_EMAIL_BYTES: usize = 254;

/// The sign-up form as it was posted.
pub struct SignUp {
    /// May be empty.
    pub name: String,
    /// As typed.
    pub email: String,
    /// As typed.
    pub password: SecretString,
}

/// The log-in form as it was posted.
pub struct LogIn {
    /// As typed.
    pub email: String,
    /// As typed.
    pub password: SecretString,
    /// Whether the box was ticked.
    pub remember: bool,
    /// Where to go afterwards; not checked yet.
    pub next: String,
}

/// The session of the request that is being answered, and the response to it.
pub struct Accounts {
    auth: AuthSession,
    response: ResponseOptions,
    secure: bool,
}

/// Whether cookies are to be `Secure`.
#[derive(Clone, Copy, Debug)]
pub struct SecureCookies(pub bool);

impl Accounts {
    /// Inside a server function.
    pub fn of_this_request() -> Result<Self, AppError> {
        let parts: Parts = use_context().ok_or(AppError::Internal)?;
        Ok(Self {
            auth: parts.extensions.get().cloned().ok_or(AppError::Internal)?,
            response: use_context().ok_or(AppError::Internal)?,
            secure: use_context::<SecureCookies>().is_none_or(|secure| secure.0),
        })
    }

    /// Creates the account, logs in and goes to `/account`.
    pub async fn sign_up(mut self, form: SignUp) -> Result<(), AppError> {
        readable(&[&form.name, &form.email, form.password.expose_secret()])?;
        let name = form.name.trim();
        let email = form.email.trim();
        let mut problems = Vec::new();
        if name.chars().count() > MAX_NAME_CHARS {
            problems.push(Problem::NameTooLong);
        }
        problems.extend(check_email(email));
        problems.extend(password::check_new(&form.password, email));
        if problems.is_empty() {
            let new = NewUser {
                email: email.to_owned(),
                name: Some(name.to_owned()).filter(|name| !name.is_empty()),
                password_hash: self.auth.backend.passwords.hash(&form.password).await?,
            };
            match self.auth.backend.users.add(new).await.map_err(BackendError::from)? {
                Some(user) => {
                    self.start_session(&user, session::UNTIL_CLOSED).await?;
                    self.see_other("/account");
                    return Ok(());
                }
                None => problems.push(Problem::EmailTaken),
            }
        }
        let feedback = Feedback { problems, name: form.name, email: form.email, remember: false };
        self.back_to("/signup", feedback);
        Ok(())
    }

    /// Logs in and goes where the person was going.
    pub async fn log_in(mut self, form: LogIn) -> Result<(), AppError> {
        readable(&[&form.email, form.password.expose_secret()])?;
        let mut problems = Vec::new();
        if form.email.trim().is_empty() {
            problems.push(Problem::EmailMissing);
        }
        if form.password.expose_secret().is_empty() {
            problems.push(Problem::PasswordMissing);
        }
        let next = local_path(&form.next);
        if problems.is_empty() {
            let given = Credentials { email: form.email.clone(), password: form.password };
            if let Some(user) = self.auth.authenticate(given).await? {
                let expiry = if form.remember { session::REMEMBERED } else { session::UNTIL_CLOSED };
                self.start_session(&user, expiry).await?;
                self.see_other(next.unwrap_or("/account"));
                return Ok(());
            }
            problems.push(Problem::WrongCredentials);
        }
        let form_url = match next {
            Some(next) => format!(
                "/login?{}",
                url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish()
            ),
            None => "/login".to_owned(),
        };
        let feedback = Feedback { problems, name: String::new(), email: form.email, remember: form.remember };
        self.back_to(&form_url, feedback);
        Ok(())
    }

    /// Ends the session and goes home.
    pub async fn log_out(mut self) -> Result<(), AppError> {
        self.auth.logout().await?;
        self.see_other("/");
        Ok(())
    }

    async fn start_session(&mut self, user: &User, expiry: Expiry) -> Result<(), AppError> {
        // axum-login rotates the id only of a session without a user.
        self.auth.session.cycle_id().await.map_err(axum_login::Error::<super::Backend>::Session)?;
        self.auth.login(user).await?;
        self.auth.session.set_expiry(Some(expiry));
        Ok(())
    }

    fn back_to(&self, form: &str, feedback: Feedback) {
        if let Some(cookie) = flash::keep(feedback, self.secure) {
            self.response.append_header(header::SET_COOKIE, cookie);
        }
        self.see_other(form);
    }

    fn see_other(&self, path: &str) {
        if let Ok(path) = HeaderValue::from_str(path) {
            self.response.insert_header(header::LOCATION, path);
            self.response.set_status(StatusCode::SEE_OTHER);
        }
    }
}

/// Bytes that are not UTF-8 arrive as replacement characters: then what was typed is lost.
fn readable(fields: &[&str]) -> Result<(), AppError> {
    let lost = fields.iter().any(|field| field.contains(char::REPLACEMENT_CHARACTER));
    if lost { Err(AppError::BadRequest) } else { Ok(()) }
}

fn check_email(email: &str) -> Option<Problem> {
    if email.is_empty() {
        Some(Problem::EmailMissing)
    } else if email.len() > MAX_EMAIL_BYTES || !email_address::EmailAddress::is_valid(email) {
        Some(Problem::EmailInvalid)
    } else {
        None
    }
}

impl From<BackendError> for AppError {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::Hash(error) => error.into(),
            BackendError::Database(error) => {
                tracing::error!(%error, "the users table did not answer");
                Self::Internal
            }
        }
    }
}

impl From<axum_login::Error<super::Backend>> for AppError {
    fn from(error: axum_login::Error<super::Backend>) -> Self {
        match error {
            axum_login::Error::Backend(error) => error.into(),
            axum_login::Error::Session(error) => {
                tracing::error!(%error, "the session store did not answer");
                Self::Internal
            }
        }
    }
}
