//! Which mails there are, and to whom one goes.

use crate::accounts::server::{EmailAddress, User};

/// Which mail it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// A link that creates an account, or where there is one already, a mail that says so.
    SignUp,
    /// A link to a new password, if there is an account.
    Reset,
    /// A link that gives an account this address.
    ChangeEmail,
    /// Tells the owner of an account that another address was asked for.
    ChangeEmailNotice,
    /// Tells the owner that somebody guesses at the password, if there is an account.
    GuessesNotice,
    /// Tells the owner that the password was changed.
    PasswordChanged,
    /// Tells the owner that the second factor was changed.
    FactorsChanged,
    /// Tells the owner that somebody has said that the second factor is lost.
    FactorsLost,
    /// Tells the owner that somebody guesses at codes, after the password or in a session.
    CodesNotice,
    /// Tells the owner that the account is gone.
    AccountRemoved,
}

impl MailKind {
    /// Each of them.
    pub const ALL: [Self; 10] = [
        Self::SignUp,
        Self::Reset,
        Self::ChangeEmail,
        Self::ChangeEmailNotice,
        Self::GuessesNotice,
        Self::PasswordChanged,
        Self::FactorsChanged,
        Self::FactorsLost,
        Self::CodesNotice,
        Self::AccountRemoved,
    ];

    /// Those that anybody can ask for. There are only so many of them in an hour.
    pub const ASKED_FOR: [Self; 3] = [Self::SignUp, Self::Reset, Self::ChangeEmail];

    /// As it stands in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Reset => "reset",
            Self::ChangeEmail => "change_email",
            Self::ChangeEmailNotice => "change_email_notice",
            Self::GuessesNotice => "guesses_notice",
            Self::PasswordChanged => "password_changed",
            Self::FactorsChanged => "factors_changed",
            Self::FactorsLost => "factors_lost",
            Self::CodesNotice => "codes_notice",
            Self::AccountRemoved => "account_removed",
        }
    }
}

/// A mail to be promised.
#[derive(Clone, Copy)]
pub struct NewMail<'a> {
    /// Which one.
    pub kind: MailKind,
    /// Where it goes.
    pub email: &'a EmailAddress,
    /// The account that it is about, if somebody has proved that it is theirs.
    pub user_id: Option<&'a str>,
    /// The name that a sign-up was sent with. It is in no mail.
    pub name: Option<&'a str>,
}

impl<'a> NewMail<'a> {
    /// To an address of which nothing is known.
    pub fn new(kind: MailKind, email: &'a EmailAddress) -> Self {
        Self { kind, email, user_id: None, name: None }
    }

    /// To the owner of an account.
    pub fn about(user: &'a User, kind: MailKind) -> Self {
        Self { kind, email: &user.email, user_id: Some(&user.id), name: None }
    }
}
