//! What a form says when it comes back: which fields are wrong, and what was typed.

use leptos::prelude::use_context;
use serde::{Deserialize, Serialize};

/// A field of the log-in or sign-up form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Name,
    Email,
    Password,
    CurrentPassword,
}

/// The forms that can come back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// Sign up or log in: the only form of its page.
    #[default]
    Enter,
    /// Name and e-mail.
    Profile,
    /// A new password.
    Password,
    /// Devices that are signed in.
    Devices,
    /// The end of the account.
    Remove,
}

/// One thing that is wrong with a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Problem {
    NameTooLong,
    EmailMissing,
    EmailInvalid,
    EmailTaken,
    CurrentPasswordWrong,
    PasswordMissing,
    PasswordTooShort,
    PasswordTooLong,
    PasswordIsEmail,
    PasswordCommon,
    WrongCredentials,
}

impl Problem {
    /// The field it belongs to; `None` belongs to the form as a whole.
    pub fn field(self) -> Option<Field> {
        match self {
            Self::NameTooLong => Some(Field::Name),
            Self::EmailMissing | Self::EmailInvalid | Self::EmailTaken => Some(Field::Email),
            Self::PasswordMissing
            | Self::PasswordTooShort
            | Self::PasswordTooLong
            | Self::PasswordIsEmail
            | Self::PasswordCommon => Some(Field::Password),
            Self::CurrentPasswordWrong => Some(Field::CurrentPassword),
            Self::WrongCredentials => None,
        }
    }

    /// What it says, and what to do.
    pub fn text(self) -> &'static str {
        match self {
            Self::NameTooLong => "Use at most 100 characters for the name.",
            Self::EmailMissing => "Enter your e-mail address.",
            Self::EmailInvalid => "Enter an e-mail address such as alice@example.com.",
            Self::EmailTaken => "There is an account with this e-mail already. Log in instead, or use another address.",
            Self::CurrentPasswordWrong => "This is not your password. Check it and try again.",
            Self::PasswordMissing => "Enter your password.",
            Self::PasswordTooShort => "Use at least 8 characters.",
            Self::PasswordTooLong => "Use at most 128 characters.",
            Self::PasswordIsEmail => "Choose a password that is not your e-mail address.",
            Self::PasswordCommon => "This password is among the first that attackers try. Choose another one.",
            Self::WrongCredentials => "E-mail or password is wrong. Check both and try again.",
        }
    }
}

/// What became of a form, kept for one view. A password is never in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// Which form it was.
    pub form: Form,
    /// What is wrong, in the order of the fields; nothing when it was done.
    pub problems: Vec<Problem>,
    /// The name as it was typed.
    pub name: String,
    /// The e-mail as it was typed.
    pub email: String,
    /// Whether `Remember me` was ticked.
    pub remember: bool,
}

impl Feedback {
    /// What the form that is being rendered has to say, if it just failed.
    pub fn of_this_view() -> Self {
        use_context().unwrap_or_default()
    }

    /// The same, where a page has several forms: `None` for those that were not sent.
    pub fn on_form(form: Form) -> Option<Self> {
        use_context().filter(|feedback: &Self| feedback.form == form)
    }

    /// The sentences for one field.
    pub fn on(&self, field: Field) -> Option<&'static str> {
        self.problems.iter().find(|problem| problem.field() == Some(field)).map(|problem| problem.text())
    }
}
