//! The pages, a file each. Views only: what a form does is in `auth`, what the chat does in
//! `support_chat`.

mod account;
mod error_page;
mod fields;
mod home;
mod log_in;
mod sign_up;

pub use account::Account;
pub use error_page::ErrorPage;
pub use home::Home;
pub use log_in::LogIn;
pub use sign_up::SignUp;
