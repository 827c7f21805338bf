//! What happens when a form is sent, and what is kept: users, passwords, sessions, links.

mod account_changes;
mod account_forms;
mod accounts;
mod backend;
mod browser_name;
pub mod cookies;
mod device_cookie;
mod email_address;
mod export;
mod flash_cookie;
mod link_forms;
pub mod links;
mod log_in_forms;
pub mod operator;
mod password;
pub mod second_factor;
mod second_factor_forms;
mod session_hash;
mod session_layer;
mod session_life;
mod sessions;
mod signed_text;
mod users;
mod validate;

pub use account_forms::format_date;
pub use accounts::{Accounts, SecureCookies};
pub use backend::{AuthSession, Backend, Stores};
pub use device_cookie::DeviceCookies;
pub use email_address::EmailAddress;
pub use flash_cookie::take_feedback;
pub use links::Links;
pub use password::Passwords;
pub use second_factor_forms::was_confirmed;
pub use session_layer::{SESSION_COOKIE, session_layer};
pub use sessions::Sessions;
pub use users::{User, Users};
