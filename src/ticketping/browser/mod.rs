//! The only folder that touches `window.TicketpingChat`, its cookie and its storage. It runs in the
//! browser; on the server it is compiled and never called.
//!
//! Each function is one command of `machine.rs`. What the published widget 1.12.0 gets wrong is
//! put right here, on the live object, and `end2end/` shows each of it against the real package.
//! Read `widget.rs` next.

mod js;
mod page;
mod resume;
mod storage;
mod token;
mod widget;

pub use page::{Clock, SETTINGS_ID, Settings, load, page_identity, when_idle};
pub use resume::resume;
pub use storage::{claim, hear, is_owner_key, mark, purge, stored_identity};
pub use token::fetch_token;
pub use widget::{Live, Seen, is_taken, start};
