//! The forms of the account page: name, address, password, sessions, removal.

use secrecy::{ExposeSecret, SecretString};
use sqlx::{AnyConnection, Connection};

use super::{
    Accounts, Shown, User, account_changes,
    session_hash::SessionHash,
    sessions::SessionRow,
    users,
    validate::{validate_email, validate_name, validate_readable},
};
use crate::{
    accounts::{Form, FormFeedback, SessionInfo, ValidationError},
    error::AppError,
    server::{
        database::statement,
        mail::{MailKind, NewMail},
        security_log::Event,
    },
};

impl Accounts {
    /// Changes the name.
    pub async fn change_name(self, name: &str) -> Result<(), AppError> {
        validate_readable(&[name])?;
        let user = self.user()?;
        let errors = match validate_name(name) {
            Ok(name) => {
                self.auth.backend.users.change_name(&user.id, name).await?;
                self.end_chat_token();
                Vec::new()
            }
            Err(error) => vec![error],
        };
        let feedback = FormFeedback::new(Form::Profile, errors);
        self.back_to_form("/account", FormFeedback { name: name.to_owned(), ..feedback });
        Ok(())
    }

    /// Sends a link to the new address and a notice to the old one. The address changes once the link is used.
    pub async fn change_email(self, email: &str, current: SecretString) -> Result<(), AppError> {
        validate_readable(&[email])?;
        let user = self.user()?;
        let mut errors = Vec::new();
        let address = validate_email(email).map_err(|error| errors.push(error)).ok();
        if address.as_ref() == Some(&user.email) {
            errors.push(ValidationError::EmailSame);
        }
        let typed = FormFeedback { email: email.to_owned(), ..Form::Email.into() };
        errors.extend(self.check_current_password(&current, typed.clone()).await?);
        if let Some(address) = address.filter(|_| errors.is_empty()) {
            let checked = self.limits.mail(self.client, MailKind::ChangeEmail, &address);
            self.limit_form(checked, "/account", typed)?;
            let link = NewMail { email: &address, ..NewMail::about(&user, MailKind::ChangeEmail) };
            let notice = NewMail::about(&user, MailKind::ChangeEmailNotice);
            self.auth.backend.outbox.add(&[notice, link]).await?;
            self.record(Event::EmailChange, "asked_for", Some(&user.id));
            self.to_check_mail(&address);
            return Ok(());
        }
        self.back_to_form("/account", FormFeedback { errors, ..typed });
        Ok(())
    }

    /// Changes the password, ends every other session and gives this one a new id. The owner hears of it by mail.
    pub async fn change_password(mut self, current: SecretString, new: SecretString) -> Result<(), AppError> {
        validate_readable(&[new.expose_secret()])?;
        let user = self.user()?;
        let mut errors = self.check_current_password(&current, Form::Password).await?;
        errors.extend(self.auth.backend.passwords.validate_new(&new, &user.email, &self.place(true)?).await?);
        if errors.is_empty() {
            let hash = self.auth.backend.passwords.hash(&new, &self.place(true)?).await?;
            let changed = self.set_password(&user, &hash).await?;
            let changed = changed.ok_or(AppError::NotSignedIn)?;
            self.auth.backend.users.was_changed(&user.id);
            let remember = self.remember().await;
            self.auth.backend.sessions.end(&user.id, |_| true).await?;
            self.auth.backend.outbox.wake();
            self.start_session(&changed, remember, Shown::Password).await?;
            self.record(Event::PasswordChange, "done", Some(&user.id));
        }
        self.back_to_form("/account", FormFeedback::new(Form::Password, errors));
        Ok(())
    }

    /// Where the user is logged in, the latest first.
    pub async fn list_sessions(&self) -> Result<Vec<SessionInfo>, AppError> {
        let user = self.user()?;
        let current = self.current_session();
        let rows = self.auth.backend.sessions.list_for_user(&user.id).await?;
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
        if !self.is_confirmed(&self.factors_of(&user).await?).await {
            self.back_to_form("/account", FormFeedback::new(Form::Sessions, vec![ValidationError::ConfirmFirst]));
            return Ok(());
        }
        let current = self.current_session();
        let is_picked = |row: &SessionRow| match id {
            "" => Some(&row.id) != current.as_ref(),
            id => row.id == id,
        };
        self.auth.backend.sessions.end(&user.id, is_picked).await?;
        self.record(Event::SessionEnd, "ended_by_user", Some(&user.id));
        self.back_to_form("/account", Form::Sessions);
        Ok(())
    }

    /// Removes the account and its sessions.
    pub async fn remove_account(mut self, current: SecretString) -> Result<(), AppError> {
        let user = self.user()?;
        let errors = self.check_current_password(&current, Form::Remove).await?;
        if !errors.is_empty() {
            self.back_to_form("/account", FormFeedback::new(Form::Remove, errors));
            return Ok(());
        }
        let remove = async |database: &mut AnyConnection| users::delete(database, &user.id).await.map(|()| true);
        if !self.change_and_tell("accounts.remove", &user, MailKind::AccountRemoved, remove).await? {
            return Err(AppError::NotSignedIn);
        }
        self.record(Event::AccountRemoved, "done", Some(&user.id));
        self.auth.backend.users.was_removed(&user.id);
        self.auth.logout().await?;
        self.back_to_form("/", Form::Removed);
        Ok(())
    }

    async fn set_password(&self, user: &User, hash: &str) -> sqlx::Result<Option<User>> {
        statement::run("accounts.set_password", &self.auth.backend.pool, async |database| {
            let mut transaction = database.begin().await?;
            let changed =
                account_changes::set_password(&mut transaction, &user.id, &user.email, hash, Some(&user.password_id))
                    .await?;
            transaction.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// Before what is dangerous: the second factor was shown, if there is one, and this is the password. `typed` is what the form of
    /// the account page held.
    pub(super) async fn check_current_password(
        &self,
        current: &SecretString,
        typed: impl Into<FormFeedback>,
    ) -> Result<Vec<ValidationError>, AppError> {
        validate_readable(&[current.expose_secret()])?;
        let (user, typed) = (self.user()?, typed.into());
        if !self.is_confirmed(&self.factors_of(&user).await?).await {
            return Ok(vec![ValidationError::ConfirmFirst]);
        }
        if current.expose_secret().is_empty() {
            return Ok(vec![ValidationError::CurrentPasswordMissing]);
        }
        let place = self.place(true)?;
        let limit = |checked| self.limit_form(checked, "/account", typed.clone());
        if let Err(error) = limit(self.limits.current_password(&user.id)) {
            // Someone else may be using this session.
            self.tell_of_guesses(&user.email).await?;
            return Err(error);
        }
        limit(self.limits.change(&user.id))?;
        let is_right = self.auth.backend.passwords.verify(current, Some(&user.password_hash), &place).await?;
        if is_right {
            self.limits.current_password_was_right(&user.id);
            // It may have been a long wait, in which a new password has ended this session.
            let sessions = self.list_sessions().await?;
            return if sessions.iter().any(|session| session.is_current) {
                Ok(Vec::new())
            } else {
                Err(AppError::NotSignedIn)
            };
        }
        self.record(Event::Refused, "current_password", Some(&user.id));
        Ok(vec![ValidationError::CurrentPasswordWrong])
    }

    /// What the table calls the session of this request.
    pub(super) fn current_session(&self) -> Option<String> {
        self.auth.session.id().map(|id| SessionHash::of(&id).to_string())
    }
}

/// Such as "3 May 2026, 14:05 UTC".
pub fn format_date(seconds: i64) -> String {
    let format = time::macros::format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    let then = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    then.format(&format).unwrap_or_default()
}
