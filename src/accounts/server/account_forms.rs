//! The forms of the account page: profile, password, sessions, removal.

use secrecy::{ExposeSecret, SecretString};

use super::{
    Accounts,
    backend::BackendError,
    password,
    session_hash::SessionHash,
    session_layer,
    sessions::SessionRow,
    validate::{name_or_none, validate_profile, validate_readable},
};
use crate::{
    accounts::{Form, FormFeedback, SessionInfo, ValidationError},
    error::AppError,
};

impl Accounts {
    /// Changes name and e-mail. The id stays, and with it the conversations.
    pub async fn change_profile(self, name: &str, email: &str) -> Result<(), AppError> {
        validate_readable(&[name, email])?;
        let user = self.user()?;
        let mut errors = validate_profile(name, email);
        if errors.is_empty() {
            let changed = self.auth.backend.users.change_profile(&user.id, email.trim(), name_or_none(name)).await;
            if changed.map_err(BackendError::from)?.is_none() {
                errors.push(ValidationError::EmailTaken);
            }
        }
        let (name, email) = (name.to_owned(), email.to_owned());
        self.back_to_form("/account", FormFeedback { form: Form::Profile, errors, name, email, remember: false });
        Ok(())
    }

    /// Changes the password, ends every other session and gives this one a new id.
    pub async fn change_password(mut self, current: SecretString, new: SecretString) -> Result<(), AppError> {
        validate_readable(&[current.expose_secret(), new.expose_secret()])?;
        let user = self.user()?;
        let mut errors = self.check_current_password(&current).await?;
        errors.extend(password::validate_new(&new, &user.email));
        if errors.is_empty() {
            let hash = self.auth.backend.passwords.hash(&new).await?;
            let changed = self.auth.backend.users.change_password(&user.id, &hash).await.map_err(BackendError::from)?;
            let expiry = self.auth.session.expiry().unwrap_or(session_layer::UNTIL_CLOSED);
            self.auth.backend.sessions.end(&user.id, |_| true).await.map_err(BackendError::from)?;
            self.start_session(&changed.ok_or(AppError::NotSignedIn)?, expiry).await?;
        }
        self.back_to_form("/account", FormFeedback { form: Form::Password, errors, ..FormFeedback::default() });
        Ok(())
    }

    /// Where the user is logged in, the latest first.
    pub async fn list_sessions(&self) -> Result<Vec<SessionInfo>, AppError> {
        let user = self.user()?;
        let current = self.current_session();
        let rows = self.auth.backend.sessions.list_for_user(&user.id).await.map_err(BackendError::from)?;
        let sessions = rows.into_iter().map(|row| SessionInfo {
            is_current: Some(&row.id) == current.as_ref(),
            created: format_date(row.created_at),
            last_seen: format_date(row.last_seen_at),
            id: row.id,
            browser: row.browser,
        });
        Ok(sessions.collect())
    }

    /// Ends one session, or without an id all but this one.
    pub async fn end_sessions(self, id: &str) -> Result<(), AppError> {
        let user = self.user()?;
        let current = self.current_session();
        let is_picked = |row: &SessionRow| match id {
            "" => Some(&row.id) != current.as_ref(),
            id => row.id == id,
        };
        self.auth.backend.sessions.end(&user.id, is_picked).await.map_err(BackendError::from)?;
        self.back_to_form("/account", FormFeedback { form: Form::Sessions, ..FormFeedback::default() });
        Ok(())
    }

    /// Removes the account and its sessions.
    pub async fn remove_account(mut self, current: SecretString) -> Result<(), AppError> {
        validate_readable(&[current.expose_secret()])?;
        let user = self.user()?;
        let errors = self.check_current_password(&current).await?;
        if !errors.is_empty() {
            self.back_to_form("/account", FormFeedback { form: Form::Remove, errors, ..FormFeedback::default() });
            return Ok(());
        }
        self.auth.backend.sessions.end(&user.id, |_| true).await.map_err(BackendError::from)?;
        self.auth.backend.users.remove(&user.id).await.map_err(BackendError::from)?;
        self.auth.logout().await?;
        self.see_other("/");
        Ok(())
    }

    async fn check_current_password(&self, current: &SecretString) -> Result<Vec<ValidationError>, AppError> {
        let user = self.user()?;
        self.limits.log_in(self.client, &user.email)?;
        let is_right = self.auth.backend.passwords.verify(current, Some(&user.password_hash)).await?;
        Ok(if is_right { Vec::new() } else { vec![ValidationError::CurrentPasswordWrong] })
    }

    /// What the table calls the session of this request.
    fn current_session(&self) -> Option<String> {
        self.auth.session.id().map(|id| SessionHash::of(&id).to_string())
    }
}

/// Such as "3 May 2026, 14:05 UTC".
fn format_date(seconds: i64) -> String {
    let format = time::macros::format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    let then = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    then.format(&format).unwrap_or_default()
}
