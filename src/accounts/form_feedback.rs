//! What a form says after it was sent: which fields are wrong, and what was typed.

use std::borrow::Cow;

use leptos::prelude::use_context;
use serde::{Deserialize, Serialize};

use crate::error::AppError;

/// A field of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Name,
    Email,
    Password,
    CurrentPassword,
    Code,
}

/// The forms of this site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// Log-in.
    #[default]
    LogIn,
    /// Log-in with a passkey.
    PasskeyLogIn,
    /// Sign-up.
    SignUp,
    /// A link for a forgotten password.
    Forgot,
    /// The password that a link leads to.
    ChoosePassword,
    /// Where a mail went.
    CheckMail,
    /// The name.
    Profile,
    /// Another address.
    Email,
    /// A new password.
    Password,
    /// A code or a passkey.
    SecondFactor,
    /// A code of a new app.
    NewApp,
    /// The list of factors.
    Factors,
    /// The list of sessions.
    Sessions,
    /// The removal of the account.
    Remove,
    /// What is said after it.
    Removed,
}

impl Form {
    /// The path of the page that it is on.
    pub fn page(self) -> &'static str {
        match self {
            Self::LogIn => "/login",
            Self::PasskeyLogIn => "/login/passkey",
            Self::SignUp => "/signup",
            Self::Forgot => "/forgot",
            Self::ChoosePassword => "/choose-password",
            Self::CheckMail => "/check-mail",
            Self::Removed => "/",
            Self::SecondFactor => "/second-factor",
            Self::NewApp => "/account/app",
            Self::Profile | Self::Email | Self::Password | Self::Factors | Self::Sessions | Self::Remove => "/account",
        }
    }
}

/// What is wrong with a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ValidationError {
    NameTooLong,
    NameInvalid,
    EmailMissing,
    EmailInvalid,
    EmailSame,
    CurrentPasswordMissing,
    CurrentPasswordWrong,
    PasswordMissing,
    PasswordTooShort,
    PasswordTooLong,
    PasswordIsEmail,
    PasswordCommon,
    PasswordBreached,
    WrongCredentials,
    AccountDisabled,
    CodeMissing,
    CodeWrong,
    NewCodeWrong,
    PasskeyMissing,
    PasskeyWrong,
    PasskeyUnknown,
    PasskeyOutOfDate,
    PasskeyKnown,
    PasskeysFull,
    ConfirmFirst,
    LogInAgain,
    NothingToConfirm,
    /// Too many attempts: again after so many seconds.
    Limited {
        seconds: u64,
    },
}

impl ValidationError {
    /// The field it belongs to; `None` when it is about the form as a whole.
    pub fn field(self) -> Option<Field> {
        match self {
            Self::NameTooLong | Self::NameInvalid => Some(Field::Name),
            Self::EmailMissing | Self::EmailInvalid | Self::EmailSame => Some(Field::Email),
            Self::PasswordMissing
            | Self::PasswordTooShort
            | Self::PasswordTooLong
            | Self::PasswordIsEmail
            | Self::PasswordCommon
            | Self::PasswordBreached => Some(Field::Password),
            Self::CurrentPasswordMissing | Self::CurrentPasswordWrong => Some(Field::CurrentPassword),
            Self::CodeMissing | Self::CodeWrong | Self::NewCodeWrong => Some(Field::Code),
            Self::WrongCredentials
            | Self::AccountDisabled
            | Self::PasskeyMissing
            | Self::PasskeyWrong
            | Self::PasskeyUnknown
            | Self::PasskeyOutOfDate
            | Self::PasskeyKnown
            | Self::PasskeysFull
            | Self::ConfirmFirst
            | Self::LogInAgain
            | Self::NothingToConfirm
            | Self::Limited { .. } => None,
        }
    }

    /// What to do about it, in a sentence.
    pub fn message(self) -> Cow<'static, str> {
        let message = match self {
            Self::Limited { seconds } => return AppError::TooManyRequests { seconds }.to_string().into(),
            Self::NameTooLong => "Use at most 100 characters for the name.",
            Self::NameInvalid => "Use a name without invisible characters. Type it again instead of pasting it.",
            Self::EmailMissing => "Enter your email address.",
            Self::EmailInvalid => "Enter an email address such as alice@example.com.",
            Self::EmailSame => "This is already your address. Enter a different one.",
            Self::CurrentPasswordMissing => "Enter your current password.",
            Self::CurrentPasswordWrong => "This is not your password. Check it and try again.",
            Self::PasswordMissing => "Enter a password.",
            Self::PasswordTooShort => "Use at least 8 characters.",
            Self::PasswordTooLong => "Use at most 128 characters.",
            Self::PasswordIsEmail => "Choose a password that is not your email address.",
            Self::PasswordCommon => {
                "This password is easy to guess. Use three or four words that do not belong together."
            }
            Self::PasswordBreached => "This password is in a list of stolen ones. Choose another.",
            Self::WrongCredentials => "Email or password is wrong. Check both and try again.",
            Self::AccountDisabled => "This account is disabled. Ask the support team why.",
            Self::CodeMissing => "Enter a code.",
            Self::CodeWrong => "This code is wrong, or was used before. If it is from your app, wait for the next one.",
            Self::NewCodeWrong => {
                "This code is wrong. Check that your device shows the right time, and enter the next code."
            }
            Self::PasskeyMissing => {
                "Your browser sent no passkey. Passkeys need JavaScript, and a browser that supports them."
            }
            Self::PasskeyWrong => "This passkey does not open this account. Use another one.",
            Self::PasskeyUnknown => "This passkey opens no account here. Use another one, or your password.",
            Self::PasskeyOutOfDate => "That took too long. Try once more.",
            Self::PasskeyKnown => "This passkey is already on your account.",
            Self::PasskeysFull => "You have 20 passkeys. Remove one that you do not use, then add this one.",
            Self::LogInAgain => "That took too long. Log in again.",
            Self::NothingToConfirm => {
                "Nothing was changed: it was done already, or more than an hour has passed. The list below shows what you have now."
            }
            Self::ConfirmFirst => "First confirm that it is you with your second factor, then send the form again.",
        };
        message.into()
    }
}

/// The result of a form, kept for one view. It never holds a password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormFeedback {
    /// Which form it was.
    pub form: Form,
    /// What is wrong, in the order of the fields; empty after a success.
    pub errors: Vec<ValidationError>,
    /// The name as it was typed.
    pub name: String,
    /// The email as it was typed.
    pub email: String,
    /// Whether `Remember me` was ticked.
    pub remember: bool,
}

impl From<Form> for FormFeedback {
    /// Nothing is wrong with it yet.
    fn from(form: Form) -> Self {
        Self::new(form, Vec::new())
    }
}

impl FormFeedback {
    /// Of a form, without what was typed.
    pub fn new(form: Form, errors: Vec<ValidationError>) -> Self {
        Self { form, errors, ..Self::default() }
    }

    /// The result of this form, if it led to this page.
    pub fn for_form(form: Form) -> Option<Self> {
        use_context().filter(|feedback: &Self| feedback.form == form)
    }

    /// The sentence for one field.
    pub fn error_for(&self, field: Field) -> Option<Cow<'static, str>> {
        self.errors.iter().find(|error| error.field() == Some(field)).map(|error| error.message())
    }
}
