//! Who is calling. `server_functions.rs` is what forms post to, `server/` is what happens then; the rest is what a page
//! may know of it.

mod current_user;
mod form_feedback;
pub mod next_path;
pub mod server_functions;

#[cfg(feature = "ssr")]
pub mod server;

pub use current_user::{CurrentUser, SessionInfo, provide_current_user, use_current_user};
pub use form_feedback::{Field, Form, FormFeedback, ValidationError};

/// Where everything that is kept about the user is, as a file.
pub const EXPORT_PATH: &str = "/api/auth/export";
