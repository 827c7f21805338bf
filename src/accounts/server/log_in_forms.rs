//! Log-in and log-out.

use secrecy::{ExposeSecret, SecretString};

use super::{Accounts, EmailAddress, Shown, accounts::count_log_in, backend::Credentials, validate::validate_readable};
use crate::{
    accounts::{
        Form, FormFeedback, ValidationError,
        next_path::{local_path, with_next},
    },
    error::AppError,
    server::{
        mail::{MailKind, NewMail},
        security_log::Event,
    },
};

impl Accounts {
    /// Logs in and goes where the visitor was going. `next` is not checked yet.
    pub async fn log_in(
        mut self,
        email: &str,
        password: SecretString,
        remember: bool,
        next: &str,
    ) -> Result<(), AppError> {
        validate_readable(&[email, password.expose_secret()])?;
        let next = local_path(next);
        let page = with_next("/login", next.unwrap_or_default());
        let typed = FormFeedback { email: email.to_owned(), remember, ..Form::LogIn.into() };
        let limit = |checked| self.limit_form(checked, &page, typed.clone()).inspect_err(|_| count_log_in("limited"));
        limit(self.limits.log_in_by_client(self.client))?;
        let mut errors = Vec::new();
        if email.trim().is_empty() {
            errors.push(ValidationError::EmailMissing);
        }
        if password.expose_secret().is_empty() {
            errors.push(ValidationError::PasswordMissing);
        }
        if errors.is_empty() {
            let address = EmailAddress::parse(email);
            let device = self.device_of(address.as_ref()).await?;
            if device.is_none() && self.auth.backend.passwords.are_waited_for() {
                limit(self.limits.log_in_by_network(self.client))?;
            }
            // First: a try that the server is too busy for is no guess.
            let place = self.place(device.is_some())?;
            if let Some(address) = &address
                && let Err(error) = limit(self.limits.log_in(address, device.as_deref()))
            {
                drop(place);
                self.tell_of_guesses(address).await?;
                return Err(error);
            }
            let given = Credentials { email: email.to_owned(), password, place };
            match self.auth.authenticate(given).await? {
                Some(user) if user.is_disabled => {
                    count_log_in("disabled");
                    self.record(Event::LogIn, "disabled", Some(&user.id));
                    errors.push(ValidationError::AccountDisabled);
                }
                Some(user) => {
                    self.limits.logged_in(&user.email, device.as_deref());
                    if self.begin_second_step(&user, remember, next.unwrap_or("/account")).await? {
                        count_log_in("second_factor");
                        return Ok(());
                    }
                    self.start_session(&user, remember, Shown::Password).await?;
                    count_log_in("right");
                    self.record(Event::LogIn, "right", Some(&user.id));
                    self.see_other(next.unwrap_or("/account"));
                    return Ok(());
                }
                None => {
                    count_log_in("wrong");
                    self.record(Event::LogIn, "wrong", self.id_of(address.as_ref()).await.as_deref());
                    errors.push(ValidationError::WrongCredentials);
                }
            }
        }
        self.back_to_form(&page, FormFeedback { errors, ..typed });
        Ok(())
    }

    /// The id of the account that has this address, for the log.
    async fn id_of(&self, address: Option<&EmailAddress>) -> Option<String> {
        Some(self.auth.backend.users.by_email(address?).await.ok()??.id.clone())
    }

    /// The device, if it is one of the account that has this address.
    async fn device_of(&self, address: Option<&EmailAddress>) -> Result<Option<String>, AppError> {
        let (Some(address), Some(device)) = (address, self.auth.backend.devices.read(&self.request.headers)) else {
            return Ok(None);
        };
        let user = self.auth.backend.users.by_email(address).await?;
        Ok(user.is_some_and(|user| device.is_of(&user)).then_some(device.id))
    }

    /// Mails the owner of this address that their password is being guessed. Whether it has an account is looked up when the
    /// mail is sent.
    pub(super) async fn tell_of_guesses(&self, address: &EmailAddress) -> Result<(), AppError> {
        if self.limits.is_notice_due(address) {
            self.send(NewMail::new(MailKind::GuessesNotice, address)).await?;
        }
        Ok(())
    }

    /// Ends the session and goes home.
    pub async fn log_out(mut self) -> Result<(), AppError> {
        let user_id = self.user_id().map(str::to_owned);
        let ended = self.auth.logout().await;
        if user_id.is_some() {
            let outcome = if ended.is_ok() { "logged_out" } else { "failed" };
            self.record(Event::SessionEnd, outcome, user_id.as_deref());
        }
        ended?;
        self.see_other("/");
        Ok(())
    }
}
