//! The security events, so that an operator sees who tried what from where. Never an address, a token or a cookie.

use std::fmt::Display;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody tried to log in.
    LogIn,
    /// An account was asked for, or created.
    SignUp,
    /// A link to a new password was asked for, or used.
    Reset,
    /// Another address was asked for, or confirmed.
    EmailChange,
    /// A password was changed by somebody who knew the old one.
    PasswordChange,
    /// A second factor was shown, added, removed, or said to be lost.
    SecondFactor,
    /// A session was ended before its time.
    SessionEnd,
    /// An account and everything about it was deleted.
    AccountRemoved,
    /// A limit was reached, a link or the current password was wrong, or a form came from another site than `PUBLIC_URL`.
    Refused,
    /// An operator looked at accounts or changed one.
    Operator,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::LogIn => "log_in",
            Self::SignUp => "sign_up",
            Self::Reset => "reset",
            Self::EmailChange => "email_change",
            Self::PasswordChange => "password_change",
            Self::SecondFactor => "second_factor",
            Self::SessionEnd => "session_end",
            Self::AccountRemoved => "account_removed",
            Self::Refused => "refused",
            Self::Operator => "operator",
        }
    }
}

/// Writes a line of the log. `client` is the address that limits count by.
pub fn record(event: Event, outcome: &'static str, user_id: Option<&str>, client: impl Display) {
    tracing::info!(target: "security", event = event.name(), outcome, user.id = user_id, %client);
}
