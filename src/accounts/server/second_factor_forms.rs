//! The forms of the second factor: the second step of a log-in, the same once more before something dangerous, and setting
//! factors up. Those that send a passkey are in `passkey_forms.rs`.

use http::header;
use sqlx::Connection;
use time::OffsetDateTime;
use tower_sessions::Session;

use super::{
    Accounts, Shown, User, account_changes,
    accounts::count_log_in,
    backend::BackendError,
    second_factor::{AuthenticatorApp, FactorKind, PendingLogIn, RecoveryCode, UserFactors, factors},
    session_life::{CONFIRMED_AT, CONFIRMED_FOR},
    validate::validate_readable,
};
use crate::{
    accounts::{Form, FormFeedback, ValidationError, next_path::local_path},
    error::AppError,
    server::{
        database::statement,
        mail::{MailKind, NewMail, outbox},
        security_log::Event,
    },
};

/// Where the second step is.
pub const SECOND_STEP: &str = "/second-factor";
/// Where the new recovery codes are shown.
pub const RECOVERY_CODES: &str = "/account/recovery-codes";

/// The longest way that is remembered, in bytes.
const MAX_NEXT: usize = 1_000;

/// Who is at the second step.
pub enum At {
    /// Somebody whose password was right.
    LogIn(PendingLogIn),
    /// A user who is logged in.
    Session,
}

impl Accounts {
    /// After the right password: whether the second factor has to come first. Then the browser is on its way there.
    pub(super) async fn begin_second_step(
        &mut self,
        user: &User,
        remember: bool,
        next: &str,
    ) -> Result<bool, AppError> {
        let factors = self.factors_of(user).await?;
        if !factors.is_on() {
            return Ok(false);
        }
        let are_lost = factors.end_at().is_some_and(|end| end <= OffsetDateTime::now_utc().unix_timestamp());
        // The owner may say no in this very moment.
        if are_lost
            && self.change_factors(user, async |database| factors::remove_lost(database, &user.id).await).await?
        {
            self.record(Event::SecondFactor, "removed_as_lost", Some(&user.id));
            return Ok(false);
        }
        // Somebody else's session in this browser would take the code for its own user's.
        if self.auth.user.as_ref().is_some_and(|before| before.id != user.id) {
            self.auth.logout().await?;
        }
        // A cookie holds about 4 kB.
        let next = if next.len() > MAX_NEXT { "/account" } else { next };
        let pending = PendingLogIn::new(user, remember, next);
        let cookie = self.auth.backend.pending_log_ins.begin(&pending).ok_or(AppError::Internal)?;
        self.append_header(header::SET_COOKIE, cookie);
        self.record(Event::SecondFactor, "asked_for", Some(&user.id));
        self.see_other(SECOND_STEP);
        Ok(true)
    }

    /// Whether a user may do something dangerous: at once without a second factor, else shortly after showing it.
    pub(super) async fn is_confirmed(&self, factors: &UserFactors) -> bool {
        !factors.is_on() || was_confirmed(&self.auth.session).await
    }

    pub(super) async fn factors_of(&self, user: &User) -> Result<UserFactors, AppError> {
        Ok(self.auth.backend.factors.of_user(&user.id).await.map_err(BackendError::from)?)
    }

    /// Takes a code of the app, or a recovery code.
    pub async fn enter_code(self, code: &str, next: &str) -> Result<(), AppError> {
        validate_readable(&[code, next])?;
        let Some((user, at)) = self.at_second_step().await? else { return Ok(()) };
        // A browser that has logged in by the password alone could be anybody's who knows it.
        let device = self.devices.read(&self.request.headers);
        let device = device.filter(|device| device.is_proven && device.is_of(&user)).map(|device| device.id);
        self.limit(self.limits.second_factor(&user.id, device.as_deref()))?;
        let error = if code.trim().is_empty() {
            ValidationError::CodeMissing
        } else if self.is_code_right(&user, code).await? {
            self.limits.second_factor_was_right(&user.id, device.as_deref());
            return self.pass_second_step(user, at, next).await;
        } else {
            self.record(Event::SecondFactor, "wrong", Some(&user.id));
            if matches!(at, At::LogIn(_)) && self.limits.is_codes_notice_due(&user.id) {
                self.send(NewMail::about(&user, MailKind::CodesNotice)).await?;
            }
            ValidationError::CodeWrong
        };
        self.back_to_second_step(error, next);
        Ok(())
    }

    /// Somebody whose password was right says that everything is lost. The owner has some days to say no.
    pub async fn lose_factors(self) -> Result<(), AppError> {
        let Some((user, _)) = self.pending_user().await? else {
            self.see_other("/login");
            return Ok(());
        };
        self.limit(self.limits.mail(self.client, MailKind::FactorsLost, &user.email))?;
        let is_on = self.factors_of(&user).await?.is_on();
        if is_on && self.begin_recovery(&user).await.map_err(BackendError::from)? {
            self.auth.backend.outbox.wake();
            self.record(Event::SecondFactor, "said_to_be_lost", Some(&user.id));
        }
        self.see_other(SECOND_STEP);
        Ok(())
    }

    /// The user says that nothing is lost, or has read that somebody said so.
    pub async fn keep_factors(self) -> Result<(), AppError> {
        let user = self.user()?;
        let factors = self.factors_of(&user).await?;
        if factors.end_at().is_some() {
            self.stop_recovery(&user).await?;
        } else if self.is_confirmed(&factors).await {
            self.auth.backend.factors.forget_stopped_recovery(&user.id).await.map_err(BackendError::from)?;
        } else {
            self.back_to_factors(vec![ValidationError::ConfirmFirst]);
            return Ok(());
        }
        self.back_to_factors(Vec::new());
        Ok(())
    }

    /// Begins to set up an app, or another one.
    pub async fn start_app(self, current: secrecy::SecretString) -> Result<(), AppError> {
        let user = self.user()?;
        let errors = self.check_current_password(&current).await?;
        if !errors.is_empty() {
            self.back_to_factors(errors);
            return Ok(());
        }
        let secret = AuthenticatorApp::new_secret();
        let session = self.current_session().unwrap_or_default();
        let store = &self.auth.backend.factors;
        store.set_up(FactorKind::NewApp, &user.id, &secret, &session).await.map_err(BackendError::from)?;
        self.see_other("/account/app");
        Ok(())
    }

    /// Turns the new app on, with a code of it.
    pub async fn confirm_app(mut self, code: &str) -> Result<(), AppError> {
        validate_readable(&[code])?;
        let user = self.user()?;
        self.limit(self.limits.second_factor(&user.id, Some(&format!("{}, new app", user.id))))?;
        let factors = self.factors_of(&user).await?;
        let session = self.current_session().unwrap_or_default();
        let Some(new) = factors.new_app(&session) else {
            self.see_other("/account");
            return Ok(());
        };
        // A factor may have come since this began.
        if !self.is_confirmed(&factors).await {
            self.back_to_factors(vec![ValidationError::ConfirmFirst]);
            return Ok(());
        }
        let app = AuthenticatorApp::new(&new.secret, &user).ok_or(AppError::Internal)?;
        let Some(step) = app.step_of(code, now()) else {
            let error =
                if code.trim().is_empty() { ValidationError::CodeMissing } else { ValidationError::NewCodeWrong };
            let feedback = FormFeedback { form: Form::NewApp, errors: vec![error], ..FormFeedback::default() };
            self.back_to_form("/account/app", feedback);
            return Ok(());
        };
        let confirm =
            async |database: &mut sqlx::AnyConnection| factors::confirm_app(database, &user.id, &session, step).await;
        let turned_on = self.change_factors(&user, confirm).await?;
        if turned_on {
            self.record(Event::SecondFactor, "app_added", Some(&user.id));
            self.after_adding(&user, &factors).await?;
        } else {
            self.see_other("/account");
        }
        Ok(())
    }

    /// Removes the app or a passkey; `factor` is its kind and its id.
    pub async fn remove_factor(self, factor: &str, current: secrecy::SecretString) -> Result<(), AppError> {
        validate_readable(&[factor])?;
        let user = self.user()?;
        let errors = self.check_current_password(&current).await?;
        let kinds = [FactorKind::App, FactorKind::Passkey];
        let named = factor.split_once(' ').and_then(|(kind, id)| {
            let kind = kinds.into_iter().find(|known| known.as_str() == kind)?;
            Some((kind, id))
        });
        if let Some((kind, id)) = named.filter(|_| errors.is_empty()) {
            let remove = async |database: &mut sqlx::AnyConnection| factors::remove(database, &user.id, kind, id).await;
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
    pub async fn start_recovery_codes(self, current: secrecy::SecretString) -> Result<(), AppError> {
        let user = self.user()?;
        let errors = self.check_current_password(&current).await?;
        if errors.is_empty() && self.factors_of(&user).await?.is_on() {
            self.show_new_codes(&user).await?;
        } else {
            self.back_to_factors(errors);
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
        let confirm = async |database: &mut sqlx::AnyConnection| {
            factors::confirm_recovery_codes(database, &user.id, &session).await
        };
        if self.change_factors(&user, confirm).await? {
            self.record(Event::SecondFactor, "recovery_codes_made", Some(&user.id));
            self.back_to_factors(Vec::new());
        } else {
            self.see_other("/account");
        }
        Ok(())
    }

    pub(super) async fn pending_user(&self) -> Result<Option<(User, PendingLogIn)>, AppError> {
        Ok(self.auth.backend.pending_user(&self.request.headers).await.map_err(BackendError::from)?)
    }

    /// Who is at the second step. Nobody is sent to log in.
    async fn at_second_step(&self) -> Result<Option<(User, At)>, AppError> {
        let found = match self.auth.user.clone() {
            Some(user) => Some((user, At::Session)),
            None => self.pending_user().await?.map(|(user, pending)| (user, At::LogIn(pending))),
        };
        if found.is_none() {
            self.see_other("/login");
        }
        Ok(found)
    }

    async fn is_code_right(&self, user: &User, typed: &str) -> Result<bool, AppError> {
        let factors = self.factors_of(user).await?;
        let store = &self.auth.backend.factors;
        if let Some(code) = RecoveryCode::parse(typed) {
            let used = self.use_recovery_code(user, &code).await.map_err(BackendError::from)?;
            if used {
                self.auth.backend.outbox.wake();
                self.record(Event::SecondFactor, "recovery_code_used", Some(&user.id));
            }
            return Ok(used);
        }
        let app = factors.app().and_then(|factor| AuthenticatorApp::new(&factor.secret, user));
        match app.and_then(|app| app.step_of(typed, now())) {
            Some(step) => Ok(store.use_step(&user.id, step).await.map_err(BackendError::from)?),
            None => Ok(false),
        }
    }

    /// The factor was right: the session begins, or goes on as one that may do what is dangerous.
    pub(super) async fn pass_second_step(mut self, user: User, at: At, next: &str) -> Result<(), AppError> {
        self.record(Event::SecondFactor, "right", Some(&user.id));
        if self.factors_of(&user).await?.end_at().is_some() {
            self.stop_recovery(&user).await?;
        }
        let (remember, next) = match at {
            At::LogIn(pending) => {
                count_log_in("right");
                self.record(Event::LogIn, "right", Some(&user.id));
                (pending.remember, local_path(&pending.next).unwrap_or("/account").to_owned())
            }
            At::Session => (self.remember().await, local_path(next).unwrap_or("/account").to_owned()),
        };
        self.start_session(&user, remember, Shown::SecondFactor).await?;
        self.see_other(&next);
        Ok(())
    }

    /// From now on, and for a while, this session may do what is dangerous.
    async fn confirm_session(&self) -> Result<(), AppError> {
        let session = &self.auth.session;
        let now = OffsetDateTime::now_utc().unix_timestamp();
        // A new id: another machine may have the session in memory as it was.
        session.cycle_id().await.map_err(axum_login::Error::<super::Backend>::Session)?;
        session.insert(CONFIRMED_AT, now).await.map_err(axum_login::Error::<super::Backend>::Session)?;
        session.save().await.map_err(axum_login::Error::<super::Backend>::Session)?;
        Ok(())
    }

    /// Notes that the factors are said to be lost, and promises the mail about it; whether nobody had said it before.
    async fn begin_recovery(&self, user: &User) -> sqlx::Result<bool> {
        statement::run("factors.begin_recovery", &self.auth.backend.pool, async |database| {
            let mut transaction = database.begin().await?;
            let has_begun = factors::begin_recovery(&mut transaction, &user.id).await?;
            if has_begun {
                outbox::insert(&mut transaction, &NewMail::about(user, MailKind::FactorsLost)).await?;
            }
            transaction.commit().await?;
            Ok(has_begun)
        })
        .await
    }

    /// Uses a code up, and promises the mail about it; whether there was one.
    async fn use_recovery_code(&self, user: &User, code: &RecoveryCode) -> sqlx::Result<bool> {
        statement::run("factors.use_recovery_code", &self.auth.backend.pool, async |database| {
            let mut transaction = database.begin().await?;
            let was_used = factors::use_recovery_code(&mut transaction, &user.id, code).await?;
            if was_used {
                outbox::insert(&mut transaction, &NewMail::about(user, MailKind::FactorsChanged)).await?;
            }
            transaction.commit().await?;
            Ok(was_used)
        })
        .await
    }

    async fn stop_recovery(&self, user: &User) -> Result<(), AppError> {
        if self.auth.backend.factors.stop_recovery(&user.id).await.map_err(BackendError::from)? {
            self.record(Event::SecondFactor, "not_lost", Some(&user.id));
        }
        Ok(())
    }

    /// A factor was added by somebody who has just shown it. The first one comes with recovery codes.
    pub(super) async fn after_adding(&mut self, user: &User, before: &UserFactors) -> Result<(), AppError> {
        self.confirm_session().await?;
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
        store.set_up(FactorKind::NewRecoveryCodes, &user.id, &codes, &session).await.map_err(BackendError::from)?;
        self.see_other(RECOVERY_CODES);
        Ok(())
    }

    /// Changes the factors, and promises the mail about it if anything was changed.
    pub(super) async fn change_factors(
        &self,
        user: &User,
        change: impl AsyncFnOnce(&mut sqlx::AnyConnection) -> sqlx::Result<bool>,
    ) -> Result<bool, AppError> {
        let stores = &self.auth.backend;
        let changed = statement::run("factors.change", &stores.pool, async |database| {
            let mut transaction = database.begin().await?;
            let changed = change(&mut transaction).await?;
            if changed {
                // Who changes factors has not lost them all, and what others have begun ends: it needed no factor then.
                account_changes::end_pending(&mut transaction, &user.id).await?;
                outbox::insert(&mut transaction, &NewMail::about(user, MailKind::FactorsChanged)).await?;
            }
            transaction.commit().await?;
            Ok(changed)
        });
        let changed = changed.await.map_err(BackendError::from)?;
        stores.outbox.wake();
        Ok(changed)
    }

    /// To the list on the account page: what is wrong, or that it is done.
    pub(super) fn back_to_factors(&self, errors: Vec<ValidationError>) {
        let feedback = FormFeedback { form: Form::Factors, errors, ..FormFeedback::default() };
        // The list is far down on a phone.
        self.back_to_form("/account#second-factor", feedback);
    }

    pub(super) fn back_to_second_step(&self, error: ValidationError, next: &str) {
        let feedback = FormFeedback { form: Form::SecondFactor, errors: vec![error], ..FormFeedback::default() };
        self.back_to_form(&with_next(SECOND_STEP, next), feedback);
    }
}

/// Whether the user of this session has just shown the second factor.
pub async fn was_confirmed(session: &Session) -> bool {
    let confirmed_at = session.get::<i64>(CONFIRMED_AT).await.ok().flatten().unwrap_or_default();
    OffsetDateTime::now_utc().unix_timestamp() - confirmed_at < CONFIRMED_FOR
}

/// A path with where to go after it.
pub fn with_next(path: &str, next: &str) -> String {
    match local_path(next) {
        Some(next) => {
            let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
            format!("{path}?{query}")
        }
        None => path.to_owned(),
    }
}

fn now() -> u64 {
    OffsetDateTime::now_utc().unix_timestamp().unsigned_abs()
}
