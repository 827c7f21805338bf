//! The forms of the second step, with which a log-in ends for those who have a second factor, and which comes once more
//! before something dangerous. The form that sends a passkey is in `passkey_forms.rs`.

use http::header;
use sqlx::AnyConnection;
use time::OffsetDateTime;

use super::{
    Accounts, Shown, User,
    accounts::count_log_in,
    second_factor::{AuthenticatorApp, PendingLogIn, RecoveryCode, factors},
    validate::validate_readable,
};
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

/// Where the second step is.
pub const SECOND_STEP: &str = "/second-factor";

/// The longest `next` path that is kept, in bytes.
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

    /// Takes a code of the app, or a recovery code.
    pub async fn enter_code(self, code: &str, next: &str) -> Result<(), AppError> {
        validate_readable(&[code, next])?;
        let Some((user, at)) = self.at_second_step(next).await? else { return Ok(()) };
        if code.trim().is_empty() {
            self.back_to_second_step(ValidationError::CodeMissing, next);
            return Ok(());
        }
        // A browser that has logged in by the password alone could be anybody's who knows it.
        let device = self.auth.backend.devices.read(&self.request.headers);
        let device = device.filter(|device| device.is_proven && device.is_of(&user)).map(|device| device.id);
        let form = Form::SecondFactor;
        self.limit_form(self.limits.second_factor(&user.id, device.as_deref()), &with_next(SECOND_STEP, next), form)?;
        if self.is_code_right(&user, code).await? {
            self.limits.second_factor_was_right(&user.id, device.as_deref());
            return self.pass_second_step(user, at, next).await;
        }
        self.record(Event::SecondFactor, "wrong", Some(&user.id));
        if self.limits.is_codes_notice_due(&user.id) {
            self.send(NewMail::about(&user, MailKind::CodesNotice)).await?;
        }
        self.back_to_second_step(ValidationError::CodeWrong, next);
        Ok(())
    }

    /// Somebody whose password was right says that everything is lost. The owner has some days to say no.
    pub async fn lose_factors(self) -> Result<(), AppError> {
        let Some((user, _)) = self.pending_user().await? else {
            self.back_to_log_in("");
            return Ok(());
        };
        let checked = self.limits.mail(self.client, MailKind::FactorsLost, &user.email);
        self.limit_form(checked, SECOND_STEP, Form::SecondFactor)?;
        let is_on = self.factors_of(&user).await?.is_on();
        let begin = async |database: &mut AnyConnection| factors::begin_recovery(database, &user.id).await;
        if is_on && self.change_and_tell("factors.begin_recovery", &user, MailKind::FactorsLost, begin).await? {
            self.record(Event::SecondFactor, "said_to_be_lost", Some(&user.id));
        }
        self.see_other(SECOND_STEP);
        Ok(())
    }

    pub(super) async fn pending_user(&self) -> Result<Option<(User, PendingLogIn)>, AppError> {
        Ok(self.auth.backend.pending_user(&self.request.headers).await?)
    }

    /// Who is at the second step. If no one is, the browser is sent to log in.
    async fn at_second_step(&self, next: &str) -> Result<Option<(User, At)>, AppError> {
        let found = match self.auth.user.clone() {
            Some(user) => Some((user, At::Session)),
            None => self.pending_user().await?.map(|(user, pending)| (user, At::LogIn(pending))),
        };
        if found.is_none() {
            self.back_to_log_in(next);
        }
        Ok(found)
    }

    /// The log-in that was begun is too old, or was ended.
    fn back_to_log_in(&self, next: &str) {
        let feedback = FormFeedback::new(Form::LogIn, vec![ValidationError::LogInAgain]);
        self.back_to_form(&with_next("/login", local_path(next).unwrap_or_default()), feedback);
    }

    async fn is_code_right(&self, user: &User, typed: &str) -> Result<bool, AppError> {
        let factors = self.factors_of(user).await?;
        let store = &self.auth.backend.factors;
        if let Some(code) = RecoveryCode::parse(typed) {
            let use_code =
                async |database: &mut AnyConnection| factors::use_recovery_code(database, &user.id, &code).await;
            let kind = MailKind::FactorsChanged;
            let used = self.change_and_tell("factors.use_recovery_code", user, kind, use_code).await?;
            if used {
                self.record(Event::SecondFactor, "recovery_code_used", Some(&user.id));
            }
            return Ok(used);
        }
        let app = factors.app().and_then(|factor| AuthenticatorApp::new(&factor.secret, user));
        match app.and_then(|app| app.step_of(typed, now())) {
            Some(step) => Ok(store.use_step(&user.id, step).await?),
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

    pub(super) async fn stop_recovery(&self, user: &User) -> Result<(), AppError> {
        if self.auth.backend.factors.stop_recovery(&user.id).await? {
            self.record(Event::SecondFactor, "not_lost", Some(&user.id));
        }
        Ok(())
    }

    pub(super) fn back_to_second_step(&self, error: ValidationError, next: &str) {
        let feedback = FormFeedback::new(Form::SecondFactor, vec![error]);
        self.back_to_form(&with_next(SECOND_STEP, next), feedback);
    }
}

fn now() -> u64 {
    OffsetDateTime::now_utc().unix_timestamp().unsigned_abs()
}
