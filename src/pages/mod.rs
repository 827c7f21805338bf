//! The pages, one file each. They are views only: what a form does is in `accounts`, what the chat does in
//! `support_chat`.

mod account;
mod error_page;
mod fields;
mod home;
mod log_in;
mod sign_up;

pub use account::AccountPage;
pub use error_page::ErrorPage;
pub use home::HomePage;
pub use log_in::LogInPage;
pub use sign_up::SignUpPage;
