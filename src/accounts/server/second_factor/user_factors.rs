//! What a user has set up, and what is going on with it.

use std::time::Duration;

use time::OffsetDateTime;

/// How long a user has to confirm a new app or new recovery codes.
pub const CONFIRM_WITHIN: Duration = Duration::from_secs(60 * 60);
/// How long after somebody has said that all factors are lost they are removed: time for the user to say no.
pub const RECOVERY_WAIT: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// For how long a new factor can be undone by the link in the mail about it: a mail is tried for a day and up to two hours, and
/// its link works for an hour.
pub const UNDONE_WITHIN: Duration = Duration::from_secs(28 * 60 * 60);

/// What a factor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorKind {
    /// An authenticator app.
    App,
    /// One that its user has not confirmed with a code yet.
    NewApp,
    /// A passkey.
    Passkey,
    /// A recovery code that was not used yet.
    RecoveryCode,
    /// Recovery codes that their user has not confirmed yet.
    NewRecoveryCodes,
    /// Somebody who knows the password has said that the factors are lost.
    Recovery,
    /// The same after it was stopped, until its user has read it.
    StoppedRecovery,
}

impl FactorKind {
    /// Each of them.
    pub const ALL: [Self; 7] = [
        Self::App,
        Self::NewApp,
        Self::Passkey,
        Self::RecoveryCode,
        Self::NewRecoveryCodes,
        Self::Recovery,
        Self::StoppedRecovery,
    ];

    /// As it stands in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::NewApp => "new_app",
            Self::Passkey => "passkey",
            Self::RecoveryCode => "recovery_code",
            Self::NewRecoveryCodes => "new_recovery_codes",
            Self::Recovery => "recovery",
            Self::StoppedRecovery => "stopped_recovery",
        }
    }
}

/// A row of `factors`.
#[derive(Clone)]
pub struct Factor {
    /// What it is.
    pub kind: FactorKind,
    /// A passkey's credential id, the hash of a recovery code, else the user's id.
    pub id: String,
    /// The app's secret, the passkey's public key, or the new recovery codes.
    pub secret: String,
    /// What its user knows a passkey by; the session in which an app or recovery codes are being set up.
    pub name: String,
    /// Since when it is there, in seconds since 1970.
    pub created_at: i64,
}

/// Everything of one user.
#[derive(Clone, Default)]
pub struct UserFactors(pub Vec<Factor>);

impl UserFactors {
    fn of_kind(&self, kind: FactorKind) -> impl Iterator<Item = &Factor> {
        self.0.iter().filter(move |factor| factor.kind == kind)
    }

    /// Whether the user has to show one after the password.
    pub fn is_on(&self) -> bool {
        self.app().is_some() || self.passkeys().next().is_some()
    }

    /// The app.
    pub fn app(&self) -> Option<&Factor> {
        self.of_kind(FactorKind::App).next()
    }

    /// The app that is being set up in this session. No other session sees it.
    pub fn new_app(&self, session: &str) -> Option<&Factor> {
        self.of_kind(FactorKind::NewApp).next().filter(|factor| factor.is_set_up_in(session))
    }

    /// The passkeys, the oldest first.
    pub fn passkeys(&self) -> impl Iterator<Item = &Factor> {
        self.of_kind(FactorKind::Passkey)
    }

    /// How many recovery codes are left.
    pub fn recovery_codes(&self) -> usize {
        self.of_kind(FactorKind::RecoveryCode).count()
    }

    /// The recovery codes that are being set up in this session.
    pub fn new_recovery_codes(&self, session: &str) -> Option<Vec<String>> {
        let new = self.of_kind(FactorKind::NewRecoveryCodes).next().filter(|factor| factor.is_set_up_in(session))?;
        Some(new.secret.split(' ').map(str::to_owned).collect())
    }

    /// When the factors are removed because somebody has said that they are lost, in seconds since 1970.
    pub fn end_at(&self) -> Option<i64> {
        let recovery = self.of_kind(FactorKind::Recovery).next()?;
        Some(recovery.created_at + RECOVERY_WAIT.as_secs().cast_signed())
    }

    /// When somebody said that the factors are lost, if that was stopped, in seconds since 1970.
    pub fn stopped(&self) -> Option<i64> {
        self.of_kind(FactorKind::StoppedRecovery).next().map(|stopped| stopped.created_at)
    }
}

impl Factor {
    fn is_set_up_in(&self, session: &str) -> bool {
        let age = OffsetDateTime::now_utc().unix_timestamp() - self.created_at;
        self.name == session && age < CONFIRM_WITHIN.as_secs().cast_signed()
    }
}
