//! The forms that send a passkey: a log-in, the second step of one, and a new passkey.

use super::{
    Accounts, User,
    second_factor::{
        FactorKind, PasskeyError, PendingLogIn,
        factors::{self, NewFactor},
    },
    second_step_forms::{At, SECOND_STEP},
    validate::validate_readable,
};
use crate::{
    accounts::{
        Form, FormFeedback, ValidationError,
        next_path::{local_path, with_next},
    },
    error::AppError,
    server::security_log::Event,
};

/// How many passkeys a user can have. The page of the account lists them all.
const MAX_PASSKEYS: usize = 20;

/// Why a passkey was not taken.
enum Refusal {
    /// The form says so.
    Refused(ValidationError),
    /// There is no answer now.
    Failed(AppError),
}

impl From<ValidationError> for Refusal {
    fn from(error: ValidationError) -> Self {
        Self::Refused(error)
    }
}

impl From<AppError> for Refusal {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Accounts {
    /// Takes the answer of a passkey: instead of a password (`is_log_in`), or as the second factor.
    pub async fn use_passkey(
        self,
        state: &str,
        credential: &str,
        is_log_in: bool,
        remember: bool,
        next: &str,
    ) -> Result<(), AppError> {
        validate_readable(&[state, credential, next])?;
        let (form, page) = match (&self.auth.user, is_log_in) {
            (None, true) => (Form::PasskeyLogIn, "/login/passkey"),
            _ => (Form::SecondFactor, SECOND_STEP),
        };
        let form = FormFeedback { remember, ..FormFeedback::new(form, Vec::new()) };
        let page = with_next(page, next);
        self.limit_form(self.limits.log_in_by_client(self.client), &page, form.clone())?;
        self.limit_answers(credential, &page, form)?;
        let expected = match self.auth.user.clone() {
            Some(user) => Some((user, At::Session)),
            None if is_log_in => None,
            None => self.pending_user().await?.map(|(user, pending)| (user, At::LogIn(pending))),
        };
        let refused = match (self.check_passkey(state, credential).await, &expected) {
            (Err(Refusal::Failed(error)), _) => return Err(error),
            (Err(Refusal::Refused(error)), _) => error,
            (Ok(user), Some((expected, _))) if user.id != expected.id => ValidationError::PasskeyWrong,
            (Ok(user), _) => {
                let at = match expected {
                    Some((_, at)) => at,
                    None => At::LogIn(PendingLogIn::new(&user, remember, local_path(next).unwrap_or("/account"))),
                };
                return self.pass_second_step(user, at, next).await;
            }
        };
        if expected.is_some() {
            self.back_to_second_step(refused, next);
        } else {
            let refused =
                if refused == ValidationError::PasskeyWrong { ValidationError::PasskeyUnknown } else { refused };
            let feedback = FormFeedback::new(Form::PasskeyLogIn, vec![refused]);
            self.back_to_form(&with_next("/login/passkey", next), FormFeedback { remember, ..feedback });
        }
        Ok(())
    }

    /// Adds the passkey that the browser has made.
    pub async fn add_passkey(
        mut self,
        state: &str,
        credential: &str,
        current: secrecy::SecretString,
    ) -> Result<(), AppError> {
        validate_readable(&[state, credential])?;
        let user = self.user()?;
        let factors = self.factors_of(&user).await?;
        let mut errors = self.check_current_password(&current, Form::Factors).await?;
        if factors.passkeys().count() >= MAX_PASSKEYS {
            errors.push(ValidationError::PasskeysFull);
        }
        if errors.is_empty() {
            self.limit_answers(credential, "/account", Form::Factors)?;
            match self.new_passkey(&user, state, credential).await {
                Ok(()) => {
                    self.record(Event::SecondFactor, "passkey_added", Some(&user.id));
                    return self.after_adding(&user, &factors).await;
                }
                Err(Refusal::Refused(error)) => errors.push(error),
                Err(Refusal::Failed(error)) => return Err(error),
            }
        }
        self.back_to_factors(errors);
        Ok(())
    }

    /// Whose passkey has answered.
    async fn check_passkey(&self, state: &str, credential: &str) -> Result<User, Refusal> {
        self.use_challenge(state, credential).await?;
        let stores = &self.auth.backend;
        let id = stores.passkeys.claimed_user(credential).map_err(|error| self.passkey_failed(&error))?;
        let user = stores.users.read(&id).await?.ok_or(ValidationError::PasskeyWrong)?;
        let factors = self.factors_of(&user).await?;
        let checked = stores.passkeys.check(state, credential, &factors);
        let (factor, updated) = checked.map_err(|error| self.passkey_failed(&error))?;
        if user.is_disabled {
            self.record(Event::LogIn, "disabled", Some(&user.id));
            return Err(ValidationError::AccountDisabled.into());
        }
        stores.factors.update_passkey(&factor.id, &updated).await?;
        Ok(user)
    }

    async fn new_passkey(&self, user: &User, state: &str, credential: &str) -> Result<(), Refusal> {
        self.use_challenge(state, credential).await?;
        let made = self.auth.backend.passkeys.new_passkey(user, state, credential);
        let (id, secret) = made.map_err(|error| self.passkey_failed(&error))?;
        let name = self.browser();
        let new = NewFactor { kind: FactorKind::Passkey, id: &id, user_id: &user.id, secret: &secret, name: &name };
        let was_added = self.change_factors(user, async |database| factors::insert(database, &new).await).await?;
        if was_added { Ok(()) } else { Err(ValidationError::PasskeyKnown.into()) }
    }

    /// Each answer has a challenge noted, which anybody can have.
    fn limit_answers(&self, credential: &str, page: &str, form: impl Into<FormFeedback>) -> Result<(), AppError> {
        if credential.is_empty() { Ok(()) } else { self.limit_form(self.limits.passkey(self.client), page, form) }
    }

    /// A challenge is good for one answer, right or wrong.
    async fn use_challenge(&self, state: &str, credential: &str) -> Result<(), Refusal> {
        if credential.is_empty() {
            return Err(ValidationError::PasskeyMissing.into());
        }
        let stores = &self.auth.backend;
        let (id, expires_at) = stores.passkeys.challenge(state).map_err(|error| self.passkey_failed(&error))?;
        if stores.factors.use_challenge(&id, expires_at).await? {
            Ok(())
        } else {
            Err(self.passkey_failed(&PasskeyError::OutOfDate).into())
        }
    }

    fn passkey_failed(&self, error: &PasskeyError) -> ValidationError {
        tracing::debug!(%error, "a passkey was refused");
        self.record(Event::SecondFactor, "wrong", self.user_id());
        match error {
            PasskeyError::OutOfDate => ValidationError::PasskeyOutOfDate,
            _ => ValidationError::PasskeyWrong,
        }
    }
}
