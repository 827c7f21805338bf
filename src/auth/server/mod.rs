//! What is behind the doors: accounts, passwords, sessions. In the server only.

mod accounts;
mod backend;
mod devices;
mod flash;
mod limits;
mod password;
mod session;
pub mod statement;
mod users;

pub use accounts::{Accounts, ChangePassword, ChangeProfile, LogIn, SecureCookies, SignUp};
pub use backend::{AuthSession, Backend};
pub use devices::{Device, Devices};
pub use flash::{read_cookie, take_feedback};
pub use limits::Limits;
pub use password::{HashError, Passwords};
pub use session::{Sessions, layer};
pub use users::{NewUser, User, Users};
