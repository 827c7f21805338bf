//! What a form does: check it, change the database, rotate the session, say where to go next.

use std::sync::Arc;

use http::{HeaderValue, StatusCode, header, request::Parts};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use secrecy::{ExposeSecret, SecretString};
use tower_sessions::Expiry;

use super::{
    AuthSession, Device, Limits, NewUser, User,
    backend::{BackendError, Credentials},
    flash, password, session,
};
use crate::{
    auth::{Feedback, Form, Problem, SignedInDevice, next::local_path},
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

/// The profile form as it was posted.
pub struct ChangeProfile {
    /// May be empty.
    pub name: String,
    /// As typed.
    pub email: String,
}

/// The password form as it was posted.
pub struct ChangePassword {
    /// The one that is good until now.
    pub current: SecretString,
    /// The one that is to be.
    pub password: SecretString,
}

/// The session of the request that is being answered, and the response to it.
pub struct Accounts {
    auth: AuthSession,
    response: ResponseOptions,
    request: Parts,
    limits: Arc<Limits>,
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
            limits: use_context().ok_or(AppError::Internal)?,
            request: parts,
            secure: use_context::<SecureCookies>().is_none_or(|secure| secure.0),
        })
    }

    /// Creates the account, logs in and goes to `/account`.
    pub async fn sign_up(mut self, form: SignUp) -> Result<(), AppError> {
        readable(&[&form.name, &form.email, form.password.expose_secret()])?;
        self.limits.sign_up(&self.request)?;
        let email = form.email.trim();
        let mut problems = check_profile(&form.name, email);
        problems.extend(password::check_new(&form.password, email));
        if problems.is_empty() {
            let new = NewUser {
                email: email.to_owned(),
                name: given_name(&form.name).map(str::to_owned),
                password_hash: self.auth.backend.passwords.hash(&form.password).await?,
            };
            match self.auth.backend.users.add(new).await.map_err(BackendError::from)? {
                Some(user) => {
                    if let Err(error) = self.start_session(&user, session::UNTIL_CLOSED).await {
                        // Who is told to try again must not find his own e-mail taken.
                        self.auth.backend.users.remove(&user.id).await.map_err(BackendError::from)?;
                        return Err(error);
                    }
                    self.see_other("/account");
                    return Ok(());
                }
                None => problems.push(Problem::EmailTaken),
            }
        }
        self.back_to("/signup", Feedback { problems, name: form.name, email: form.email, ..Feedback::default() });
        Ok(())
    }

    /// Logs in and goes where the person was going.
    pub async fn log_in(mut self, form: LogIn) -> Result<(), AppError> {
        readable(&[&form.email, form.password.expose_secret()])?;
        self.limits.log_in(&self.request, &form.email).inspect_err(|_| count_log_in("limited"))?;
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
                count_log_in("right");
                self.see_other(next.unwrap_or("/account"));
                return Ok(());
            }
            count_log_in("wrong");
            problems.push(Problem::WrongCredentials);
        }
        let form_url = match next {
            Some(next) => format!(
                "/login?{}",
                url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish()
            ),
            None => "/login".to_owned(),
        };
        let feedback = Feedback { problems, email: form.email, remember: form.remember, ..Feedback::default() };
        self.back_to(&form_url, feedback);
        Ok(())
    }

    /// Changes name and e-mail; the id, and with it the conversations, stay.
    pub async fn change_profile(self, form: ChangeProfile) -> Result<(), AppError> {
        readable(&[&form.name, &form.email])?;
        let user = self.user()?;
        let email = form.email.trim();
        let mut problems = check_profile(&form.name, email);
        if problems.is_empty() {
            let changed = self.auth.backend.users.change_profile(&user.id, email, given_name(&form.name)).await;
            if changed.map_err(BackendError::from)?.is_none() {
                problems.push(Problem::EmailTaken);
            }
        }
        let feedback = Feedback { form: Form::Profile, problems, name: form.name, email: form.email, remember: false };
        self.back_to("/account", feedback);
        Ok(())
    }

    /// Changes the password, ends every other session and gives this one a new id.
    pub async fn change_password(mut self, form: ChangePassword) -> Result<(), AppError> {
        readable(&[form.current.expose_secret(), form.password.expose_secret()])?;
        let user = self.user()?;
        self.limits.log_in(&self.request, &user.email)?;
        let mut problems = Vec::new();
        if !self.auth.backend.passwords.verify(&form.current, Some(&user.password_hash)).await? {
            problems.push(Problem::CurrentPasswordWrong);
        }
        problems.extend(password::check_new(&form.password, &user.email));
        if problems.is_empty() {
            let hash = self.auth.backend.passwords.hash(&form.password).await?;
            let changed = self.auth.backend.users.change_password(&user.id, &hash).await.map_err(BackendError::from)?;
            let expiry = self.auth.session.expiry().unwrap_or(session::UNTIL_CLOSED);
            self.auth.backend.devices.end(&user.id, |_| true).await.map_err(BackendError::from)?;
            self.start_session(&changed.ok_or(AppError::NotSignedIn)?, expiry).await?;
        }
        self.back_to("/account", Feedback { form: Form::Password, problems, ..Feedback::default() });
        Ok(())
    }

    /// Where the user is signed in, the latest first.
    pub async fn devices(&self) -> Result<Vec<SignedInDevice>, AppError> {
        let user = self.user()?;
        let this = self.auth.session.id().map(|id| id.to_string());
        let devices = self.auth.backend.devices.of(&user.id).await.map_err(BackendError::from)?;
        let shown = devices.into_iter().map(|device| SignedInDevice {
            this_one: Some(&device.session_id) == this.as_ref(),
            since: since(device.created_at),
            id: device.id,
            browser: device.browser,
        });
        Ok(shown.collect())
    }

    /// Ends one device's session, or all but this one.
    pub async fn end_sessions(self, device: &str) -> Result<(), AppError> {
        let user = self.user()?;
        let this = self.auth.session.id().map(|id| id.to_string());
        let picked = |found: &Device| match device {
            "" => Some(&found.session_id) != this.as_ref(),
            id => found.id == id,
        };
        self.auth.backend.devices.end(&user.id, picked).await.map_err(BackendError::from)?;
        self.back_to("/account", Feedback { form: Form::Devices, ..Feedback::default() });
        Ok(())
    }

    /// Removes the account, its sessions and its devices.
    pub async fn remove_account(mut self, current: &SecretString) -> Result<(), AppError> {
        readable(&[current.expose_secret()])?;
        let user = self.user()?;
        self.limits.log_in(&self.request, &user.email)?;
        if !self.auth.backend.passwords.verify(current, Some(&user.password_hash)).await? {
            let problems = vec![Problem::CurrentPasswordWrong];
            self.back_to("/account", Feedback { form: Form::Remove, problems, ..Feedback::default() });
            return Ok(());
        }
        self.auth.backend.devices.end(&user.id, |_| true).await.map_err(BackendError::from)?;
        self.auth.backend.users.remove(&user.id).await.map_err(BackendError::from)?;
        self.auth.logout().await?;
        self.see_other("/");
        Ok(())
    }

    /// Ends the session and goes home.
    pub async fn log_out(mut self) -> Result<(), AppError> {
        self.auth.logout().await?;
        self.see_other("/");
        Ok(())
    }

    fn user(&self) -> Result<User, AppError> {
        self.auth.user.clone().ok_or(AppError::NotSignedIn)
    }

    async fn start_session(&mut self, user: &User, expiry: Expiry) -> Result<(), AppError> {
        // axum-login rotates the id only of a session that never had a user. A new one has none yet.
        if self.auth.session.id().is_some() {
            self.auth.session.cycle_id().await.map_err(axum_login::Error::<super::Backend>::Session)?;
        }
        self.auth.login(user).await?;
        self.auth.session.set_expiry(Some(expiry));
        // Now, not at the end of the request: only a saved session has an id.
        self.auth.session.save().await.map_err(axum_login::Error::<super::Backend>::Session)?;
        let id = self.auth.session.id().ok_or(AppError::Internal)?;
        let agent = self.request.headers.get(header::USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()));
        self.auth.backend.devices.add(&user.id, id, &agent.unwrap_or_default()).await.map_err(BackendError::from)?;
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

fn count_log_in(outcome: &'static str) {
    metrics::counter!("log_ins_total", "outcome" => outcome).increment(1);
}

/// Bytes that are not UTF-8 arrive as replacement characters: then what was typed is lost. And
/// PostgreSQL keeps no text with a zero in it.
fn readable(fields: &[&str]) -> Result<(), AppError> {
    let lost = fields.iter().any(|field| field.contains([char::REPLACEMENT_CHARACTER, '\0']));
    if lost { Err(AppError::BadRequest) } else { Ok(()) }
}

fn since(seconds: i64) -> String {
    let format = time::macros::format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    let then = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    then.format(&format).unwrap_or_default()
}

fn given_name(name: &str) -> Option<&str> {
    Some(name.trim()).filter(|name| !name.is_empty())
}

fn check_profile(name: &str, email: &str) -> Vec<Problem> {
    let long = name.trim().chars().count() > MAX_NAME_CHARS;
    long.then_some(Problem::NameTooLong).into_iter().chain(check_email(email)).collect()
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
            BackendError::Devices(error) => {
                tracing::error!(%error, "the devices table did not answer");
                Self::Unavailable
            }
            BackendError::Database(error) => {
                tracing::error!(%error, "the users table did not answer");
                Self::Unavailable
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
                Self::Unavailable
            }
        }
    }
}
