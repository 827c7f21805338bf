//! The forms of the account page with which a user sets second factors up and removes them. Those that send a passkey are
//! in `passkey_forms.rs`.

use secrecy::SecretString;
use sqlx::AnyConnection;
use time::OffsetDateTime;

use super::{
    Accounts, Shown, User, account_changes,
    second_factor::{AuthenticatorApp, FactorKind, RecoveryCode, UserFactors, factors},
    second_step_forms::SECOND_STEP,
    session_life::was_confirmed,
    validate::validate_readable,
};
use crate::{
    accounts::{Form, FormFeedback, ValidationError, next_path::with_next},
    error::AppError,
    server::{mail::MailKind, security_log::Event},
};

/// Where the new recovery codes are shown.
pub const RECOVERY_CODES: &str = "/account/recovery-codes";

impl Accounts {
    /// The user says that nothing is lost, or has read that somebody said so.
    pub async fn keep_factors(self) -> Result<(), AppError> {
        let user = self.user()?;
        let factors = self.factors_of(&user).await?;
        if factors.end_at().is_some() {
            self.stop_recovery(&user).await?;
        } else if self.is_confirmed(&factors).await {
            self.auth.backend.factors.forget_stopped_recovery(&user.id).await?;
        } else {
            self.back_to_factors(vec![ValidationError::ConfirmFirst]);
            return Ok(());
        }
        self.back_to_factors(Vec::new());
        Ok(())
    }

    /// Begins to set up an app, or another one.
    pub async fn start_app(self, current: SecretString) -> Result<(), AppError> {
        let user = self.user()?;
        let errors = self.check_current_password(&current, Form::Factors).await?;
        if !errors.is_empty() {
            self.back_to_factors(errors);
            return Ok(());
        }
        let secret = AuthenticatorApp::new_secret();
        let session = self.current_session().unwrap_or_default();
        let store = &self.auth.backend.factors;
        store.set_up(FactorKind::NewApp, &user.id, &secret, &session).await?;
        self.see_other("/account/app");
        Ok(())
    }

    /// Turns the new app on, with a code of it.
    pub async fn confirm_app(mut self, code: &str) -> Result<(), AppError> {
        validate_readable(&[code])?;
        let user = self.user()?;
        if code.trim().is_empty() {
            self.back_to_form("/account/app", FormFeedback::new(Form::NewApp, vec![ValidationError::CodeMissing]));
            return Ok(());
        }
        let checked = self.limits.second_factor(&user.id, Some(&format!("{}, new app", user.id)));
        self.limit_form(checked, "/account/app", Form::NewApp)?;
        let factors = self.factors_of(&user).await?;
        let session = self.current_session().unwrap_or_default();
        let Some(new) = factors.new_app(&session) else {
            self.back_to_factors(vec![ValidationError::NothingToConfirm]);
            return Ok(());
        };
        // A factor may have come since this began.
        if !self.is_confirmed(&factors).await {
            self.back_to_factors(vec![ValidationError::ConfirmFirst]);
            return Ok(());
        }
        let app = AuthenticatorApp::new(&new.secret, &user).ok_or(AppError::Internal)?;
        let Some(step) = app.step_of(code, OffsetDateTime::now_utc().unix_timestamp().unsigned_abs()) else {
            let feedback = FormFeedback::new(Form::NewApp, vec![ValidationError::NewCodeWrong]);
            self.back_to_form("/account/app", feedback);
            return Ok(());
        };
        let confirm =
            async |database: &mut AnyConnection| factors::confirm_app(database, &user.id, &session, step).await;
        let turned_on = self.change_factors(&user, confirm).await?;
        if turned_on {
            self.record(Event::SecondFactor, "app_added", Some(&user.id));
            self.after_adding(&user, &factors).await?;
        } else {
            self.back_to_factors(vec![ValidationError::NothingToConfirm]);
        }
        Ok(())
    }

    /// Removes the app or a passkey; `factor` is its kind and its id.
    pub async fn remove_factor(self, factor: &str, current: SecretString) -> Result<(), AppError> {
        validate_readable(&[factor])?;
        let user = self.user()?;
        let errors = self.check_current_password(&current, Form::Factors).await?;
        let kinds = [FactorKind::App, FactorKind::Passkey];
        let named = factor.split_once(' ').and_then(|(kind, id)| {
            let kind = kinds.into_iter().find(|known| known.as_str() == kind)?;
            Some((kind, id))
        });
        if let Some((kind, id)) = named.filter(|_| errors.is_empty()) {
            let remove = async |database: &mut AnyConnection| factors::remove(database, &user.id, kind, id).await;
            if self.change_factors(&user, remove).await? {
                self.record(Event::SecondFactor, "removed", Some(&user.id));
                self.back_to_factors(errors);
                return Ok(());
            }
        }
        if errors.is_empty() {
            // It was gone already.
            self.see_other("/account");
        } else {
            self.back_to_factors(errors);
        }
        Ok(())
    }

    /// Makes new recovery codes. The old ones work until the user has confirmed them.
    pub async fn start_recovery_codes(self, current: SecretString) -> Result<(), AppError> {
        let user = self.user()?;
        let errors = self.check_current_password(&current, Form::Factors).await?;
        if !errors.is_empty() {
            self.back_to_factors(errors);
        } else if self.factors_of(&user).await?.is_on() {
            self.show_new_codes(&user).await?;
        } else {
            // The last factor was removed in another tab.
            self.see_other("/account#second-factor");
        }
        Ok(())
    }

    /// The user has the new recovery codes.
    pub async fn confirm_recovery_codes(self) -> Result<(), AppError> {
        let user = self.user()?;
        if !self.is_confirmed(&self.factors_of(&user).await?).await {
            self.see_other(&with_next(SECOND_STEP, RECOVERY_CODES));
            return Ok(());
        }
        let session = self.current_session().unwrap_or_default();
        let confirm =
            async |database: &mut AnyConnection| factors::confirm_recovery_codes(database, &user.id, &session).await;
        if self.change_factors(&user, confirm).await? {
            self.record(Event::SecondFactor, "recovery_codes_made", Some(&user.id));
            self.back_to_factors(Vec::new());
        } else {
            self.back_to_factors(vec![ValidationError::NothingToConfirm]);
        }
        Ok(())
    }

    /// Whether a user may do something dangerous: at once without a second factor, else shortly after showing it.
    pub(super) async fn is_confirmed(&self, factors: &UserFactors) -> bool {
        !factors.is_on() || was_confirmed(&self.auth.session).await
    }

    pub(super) async fn factors_of(&self, user: &User) -> Result<UserFactors, AppError> {
        Ok(self.auth.backend.factors.of_user(&user.id).await?)
    }

    /// A factor was added by somebody who has just shown it. The first one comes with recovery codes.
    pub(super) async fn after_adding(&mut self, user: &User, before: &UserFactors) -> Result<(), AppError> {
        let remember = self.remember().await;
        // A new id: another machine may have the session in memory as it was.
        self.start_session(user, remember, Shown::SecondFactor).await?;
        if before.recovery_codes() == 0 {
            return self.show_new_codes(user).await;
        }
        self.back_to_factors(Vec::new());
        Ok(())
    }

    async fn show_new_codes(&self, user: &User) -> Result<(), AppError> {
        let codes = RecoveryCode::new_set();
        let codes = codes.iter().map(RecoveryCode::as_str).collect::<Vec<_>>().join(" ");
        let store = &self.auth.backend.factors;
        let session = self.current_session().unwrap_or_default();
        store.set_up(FactorKind::NewRecoveryCodes, &user.id, &codes, &session).await?;
        self.see_other(RECOVERY_CODES);
        Ok(())
    }

    /// Changes the factors, and promises the mail about it if anything was changed.
    pub(super) async fn change_factors(
        &self,
        user: &User,
        change: impl AsyncFnOnce(&mut AnyConnection) -> sqlx::Result<bool>,
    ) -> Result<bool, AppError> {
        let change_and_end = async |database: &mut AnyConnection| {
            let changed = change(database).await?;
            if changed {
                // A user who changes factors has not lost them all. What others have begun ends: it needed no factor then.
                account_changes::end_pending(database, &user.id).await?;
            }
            Ok(changed)
        };
        self.change_and_tell("factors.change", user, MailKind::FactorsChanged, change_and_end).await
    }

    /// To the list on the account page: what is wrong, or that it is done.
    pub(super) fn back_to_factors(&self, errors: Vec<ValidationError>) {
        self.back_to_form("/account", FormFeedback::new(Form::Factors, errors));
    }
}
