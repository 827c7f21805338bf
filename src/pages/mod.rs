//! The pages, one file each. They are views only: what a form does is in `accounts`, what the chat does in
//! `support_chat`.

mod account;
mod account_factors;
mod account_section;
mod check_mail;
mod choose_password;
mod confirm_email;
mod error_page;
mod fields;
mod forgot;
mod home;
mod link_failed;
mod log_in;
mod mailbox;
mod new_factor;
mod passkey_button;
mod passkey_log_in;
mod second_factor;
mod sign_up;

pub use account::AccountPage;
pub use check_mail::CheckMailPage;
pub use choose_password::ChoosePasswordPage;
pub use confirm_email::ConfirmEmailPage;
pub use error_page::ErrorPage;
pub use forgot::ForgotPage;
pub use home::HomePage;
pub use log_in::LogInPage;
pub use mailbox::MailboxPage;
pub use new_factor::{NewAppPage, NewRecoveryCodesPage};
pub use passkey_log_in::PasskeyLogInPage;
pub use second_factor::SecondFactorPage;
pub use sign_up::SignUpPage;
