//! Sign-up, log-in and log-out.

use secrecy::{ExposeSecret, SecretString};

use super::{
    Accounts,
    backend::{BackendError, Credentials},
    password, session_layer,
    users::NewUser,
    validate::{name_or_none, validate_profile, validate_readable},
};
use crate::{
    accounts::{Form, FormFeedback, ValidationError, next_path::local_path},
    error::AppError,
};

impl Accounts {
    /// Creates the account, logs in and goes to `/account`.
    pub async fn sign_up(mut self, name: &str, email: &str, password: SecretString) -> Result<(), AppError> {
        validate_readable(&[name, email, password.expose_secret()])?;
        self.limits.sign_up(self.client)?;
        let mut errors = validate_profile(name, email);
        errors.extend(password::validate_new(&password, email));
        if errors.is_empty() {
            let new = NewUser {
                email: email.trim().to_owned(),
                name: name_or_none(name).map(str::to_owned),
                password_hash: self.auth.backend.passwords.hash(&password).await?,
            };
            match self.auth.backend.users.add(new).await.map_err(BackendError::from)? {
                Some(user) => {
                    if let Err(error) = self.start_session(&user, session_layer::UNTIL_CLOSED).await {
                        // A second try must not find the e-mail taken.
                        self.auth.backend.users.remove(&user.id).await.map_err(BackendError::from)?;
                        return Err(error);
                    }
                    self.see_other("/account");
                    return Ok(());
                }
                None => errors.push(ValidationError::EmailTaken),
            }
        }
        let (name, email) = (name.to_owned(), email.to_owned());
        self.back_to_form("/signup", FormFeedback { form: Form::SignUp, errors, name, email, remember: false });
        Ok(())
    }

    /// Logs in and goes where the visitor was going. `next` is not checked yet.
    pub async fn log_in(
        mut self,
        email: &str,
        password: SecretString,
        remember: bool,
        next: &str,
    ) -> Result<(), AppError> {
        validate_readable(&[email, password.expose_secret()])?;
        self.limits.log_in(self.client, email).inspect_err(|_| count_log_in("limited"))?;
        let mut errors = Vec::new();
        if email.trim().is_empty() {
            errors.push(ValidationError::EmailMissing);
        }
        if password.expose_secret().is_empty() {
            errors.push(ValidationError::PasswordMissing);
        }
        let next = local_path(next);
        if errors.is_empty() {
            let given = Credentials { email: email.to_owned(), password };
            if let Some(user) = self.auth.authenticate(given).await? {
                let expiry = if remember { session_layer::REMEMBERED } else { session_layer::UNTIL_CLOSED };
                self.start_session(&user, expiry).await?;
                count_log_in("right");
                self.see_other(next.unwrap_or("/account"));
                return Ok(());
            }
            count_log_in("wrong");
            errors.push(ValidationError::WrongCredentials);
        }
        let form_path = match next {
            Some(next) => format!(
                "/login?{}",
                url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish()
            ),
            None => "/login".to_owned(),
        };
        let feedback = FormFeedback { errors, email: email.to_owned(), remember, ..FormFeedback::default() };
        self.back_to_form(&form_path, feedback);
        Ok(())
    }

    /// Ends the session and goes home.
    pub async fn log_out(mut self) -> Result<(), AppError> {
        self.auth.logout().await?;
        self.see_other("/");
        Ok(())
    }
}

fn count_log_in(outcome: &'static str) {
    metrics::counter!("log_ins_total", "outcome" => outcome).increment(1);
}
