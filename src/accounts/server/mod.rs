//! What happens when a form is sent, and what is kept: users, passwords, sessions.

mod account_forms;
mod accounts;
mod backend;
mod browser_name;
mod flash_cookie;
mod log_in_forms;
mod password;
mod session_hash;
mod session_layer;
mod sessions;
mod users;
mod validate;

pub use accounts::{Accounts, SecureCookies};
pub use backend::{AuthSession, Backend};
pub use flash_cookie::{read_cookie, take_feedback};
pub use password::Passwords;
pub use session_layer::{SESSION_COOKIE, session_layer};
pub use sessions::Sessions;
pub use users::Users;
