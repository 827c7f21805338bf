//! What every form needs: the session of its request, the response to it, and where to go next.

use std::sync::Arc;

use axum_login::AuthnBackend;
use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use leptos_ticketping::expire_chat_cookies;
use sqlx::{AnyConnection, Connection as _};
use time::OffsetDateTime;

use super::{
    AuthSession, User,
    backend::BackendError,
    browser_name::browser_name,
    flash_cookie,
    hash_queue::Place,
    session_layer,
    session_life::{BEGAN_AT, CONFIRMED_AT, REMEMBER, was_confirmed},
    sessions::BROWSER,
    users,
};
use crate::{
    accounts::{FormFeedback, ValidationError},
    error::AppError,
    server::{
        client_address::ClientAddress,
        database::statement,
        mail::{MailKind, NewMail, outbox},
        rate_limits::RateLimits,
        security_log::{self, Event},
    },
};

/// What a person has shown to get in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The password, or a link in a mail.
    Password,
    /// The second factor, beside that.
    SecondFactor,
}

/// The accounts, for the request that is being answered. What each form does is in the files that end in
/// `_forms.rs`.
pub struct Accounts {
    pub(super) auth: AuthSession,
    pub(super) limits: Arc<RateLimits>,
    pub(super) client: ClientAddress,
    response: ResponseOptions,
    pub(super) request: Parts,
}

impl Accounts {
    /// Inside a server function.
    pub fn from_request() -> Result<Self, AppError> {
        let parts: Parts = use_context().ok_or(AppError::Internal)?;
        Ok(Self {
            auth: parts.extensions.get().cloned().ok_or(AppError::Internal)?,
            limits: use_context().ok_or(AppError::Internal)?,
            client: use_context().ok_or(AppError::Internal)?,
            response: use_context().ok_or(AppError::Internal)?,
            request: parts,
        })
    }

    pub(super) fn user(&self) -> Result<User, AppError> {
        self.auth.user.clone().ok_or(AppError::NotSignedIn)
    }

    /// Logs the user in under a new session id, gives this browser its device cookie, and ends a log-in that waited for its
    /// second factor. A session that only shows the factor again keeps its age.
    pub(super) async fn start_session(&mut self, user: &User, remember: bool, shown: Shown) -> Result<(), AppError> {
        let before = self.current_session().filter(|_| self.user_id() == Some(&user.id));
        // axum-login changes the id only of a session that never had a user. A new one has no id yet.
        if self.auth.session.id().is_some() {
            self.auth.session.cycle_id().await?;
        }
        if self.auth.user.as_ref().is_none_or(|before| before.id != user.id) {
            self.auth.session.remove::<i64>(CONFIRMED_AT).await?;
        }
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let goes_on = shown == Shown::SecondFactor && before.is_some();
        if !goes_on || self.auth.session.get::<i64>(BEGAN_AT).await?.is_none() {
            self.auth.session.insert(BEGAN_AT, now).await?;
        }
        self.auth.session.insert(BROWSER, self.browser()).await?;
        self.auth.session.insert(REMEMBER, remember).await?;
        if shown == Shown::SecondFactor {
            self.auth.session.insert(CONFIRMED_AT, now).await?;
        }
        self.auth.login(user).await?;
        let expiry = if remember { session_layer::REMEMBERED } else { session_layer::UNTIL_CLOSED };
        self.auth.session.set_expiry(Some(expiry));
        let is_proven = was_confirmed(&self.auth.session).await;
        let device = self.auth.backend.devices.read(&self.request.headers);
        let is_known = device.is_some_and(|device| device.is_of(user) && (device.is_proven || !is_proven));
        if !is_known && let Some(cookie) = self.auth.backend.devices.issue(user, is_proven) {
            self.response.append_header(header::SET_COOKIE, cookie);
        }
        if let Some(cookie) = self.auth.backend.pending_log_ins.end() {
            let has_begun = self.auth.backend.pending_log_ins.read(&self.request.headers).is_some();
            if has_begun {
                self.response.append_header(header::SET_COOKIE, cookie);
            }
        }
        // Now, and not at the end of the request: by then the answer has been given.
        self.auth.session.save().await?;
        if let (Some(before), Some(now)) = (before, self.current_session()) {
            self.auth.backend.factors.move_set_up(&user.id, &before, &now).await?;
        }
        Ok(())
    }

    /// Whether `Remember me` was ticked for this session.
    pub(super) async fn remember(&self) -> bool {
        self.auth.session.get(REMEMBER).await.ok().flatten().unwrap_or(false)
    }

    /// What the browser of this request is called, such as "Firefox on Linux".
    pub(super) fn browser(&self) -> String {
        let agent = self.request.headers.get(header::USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()));
        browser_name(&agent.unwrap_or_default())
    }

    /// Changes something of a user whose password is still the one that was checked, and promises them a mail of this kind
    /// if anything was changed. Returns whether it was.
    pub(super) async fn change_and_tell(
        &self,
        name: &'static str,
        user: &User,
        kind: MailKind,
        change: impl AsyncFnOnce(&mut AnyConnection) -> sqlx::Result<bool>,
    ) -> Result<bool, AppError> {
        let stores = &self.auth.backend;
        let changed = statement::run(name, &stores.pool, async |database| {
            let mut transaction = database.begin().await?;
            let changed = users::lock(&mut transaction, &user.id, Some(&user.password_id)).await?
                && change(&mut transaction).await?;
            if changed {
                outbox::insert(&mut transaction, &NewMail::about(user, kind)).await?;
            }
            transaction.commit().await?;
            Ok(changed)
        });
        let changed = changed.await?;
        stores.outbox.wake();
        Ok(changed)
    }

    /// Notes what happened, for the people who run the site.
    pub(super) fn record(&self, event: Event, outcome: &'static str, user_id: Option<&str>) {
        security_log::record(event, outcome, user_id, self.client);
    }

    /// A limit's answer, and a note of it.
    pub(super) fn limit(&self, checked: Result<(), AppError>) -> Result<(), AppError> {
        checked.inspect_err(|_| self.record(Event::Refused, "limited", self.user_id()))
    }

    /// The same for a form that has a page: `error_pages` shows it again, on this path, with what was typed.
    pub(super) fn limit_form(
        &self,
        checked: Result<(), AppError>,
        path: &str,
        form: impl Into<FormFeedback>,
    ) -> Result<(), AppError> {
        self.limit(checked).inspect_err(|error| {
            let path = HeaderValue::from_str(path);
            if let (AppError::TooManyRequests { seconds }, Ok(path)) = (*error, path) {
                self.keep(FormFeedback { errors: vec![ValidationError::Limited { seconds }], ..form.into() });
                self.response.insert_header(header::CONTENT_LOCATION, path);
            }
        })
    }

    /// A place in the queue for hashing; one beside the queue for somebody who is known.
    pub(super) fn place(&self, is_known: bool) -> Result<Place, AppError> {
        Ok(self.auth.backend.passwords.place(self.client, is_known)?)
    }

    /// The user of the session, if there is one.
    pub(super) fn user_id(&self) -> Option<&str> {
        self.auth.user.as_ref().map(|user| user.id.as_str())
    }

    /// Shows the form again, with what it has to say.
    pub(super) fn back_to_form(&self, path: &str, feedback: impl Into<FormFeedback>) {
        self.keep(feedback.into());
        self.see_other(path);
    }

    /// Keeps it for the next view of the form.
    fn keep(&self, feedback: FormFeedback) {
        if let Some(cookie) = flash_cookie::keep_feedback(feedback, self.auth.backend.secure_cookies) {
            self.response.append_header(header::SET_COOKIE, cookie);
        }
    }

    /// Adds a header to the response.
    pub(super) fn append_header(&self, name: HeaderName, value: HeaderValue) {
        self.response.append_header(name, value);
    }

    /// The widget keeps a token of its own for a week, with the address and the name that the user had when it came.
    pub(super) fn end_chat_token(&self) {
        for cookie in expire_chat_cookies() {
            self.append_header(header::SET_COOKIE, cookie);
        }
    }

    /// Sends the browser to a path on this site.
    pub(super) fn see_other(&self, path: &str) {
        if let Ok(path) = HeaderValue::from_str(path) {
            self.response.insert_header(header::LOCATION, path);
            self.response.set_status(StatusCode::SEE_OTHER);
        }
    }
}

/// For the metrics.
pub(super) fn count_log_in(outcome: &'static str) {
    metrics::counter!("log_ins_total", "outcome" => outcome).increment(1);
}

impl From<sqlx::Error> for AppError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            // The account was removed while this went on.
            sqlx::Error::Database(error) if error.is_foreign_key_violation() => Self::NotSignedIn,
            error => {
                tracing::error!(%error, "the database did not answer");
                Self::Unavailable
            }
        }
    }
}

impl From<tower_sessions::session::Error> for AppError {
    fn from(error: tower_sessions::session::Error) -> Self {
        tracing::error!(%error, "the session store did not answer");
        Self::Unavailable
    }
}

impl From<BackendError> for AppError {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::Database(error) => error.into(),
            BackendError::Hash(error) => error.into(),
        }
    }
}

impl<B: AuthnBackend<Error = BackendError>> From<axum_login::Error<B>> for AppError {
    fn from(error: axum_login::Error<B>) -> Self {
        match error {
            axum_login::Error::Backend(error) => error.into(),
            axum_login::Error::Session(error) => error.into(),
        }
    }
}
