//! Who is calling. `api.rs` has the doors (server functions), `server/` everything behind them;
//! the rest is what a page may know.

pub mod api;
mod current_user;
mod feedback;
pub mod next;

#[cfg(feature = "ssr")]
pub mod server;

pub use current_user::{CurrentUser, SignedInDevice, provide_current_user, use_current_user};
pub use feedback::{Feedback, Field, Form, Problem};
