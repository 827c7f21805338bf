//! The only folder that touches `window.TicketpingChat`, its cookie and its storage. On the
//! server it is compiled too, but nothing of it touches a page there: `PageData::user()` answers `None`.
//!
//! It does what the [driver](crate::driver) says. What the published widget gets wrong is put right on the live
//! object, in `hooks.rs`.

mod bindings;
mod hooks;
mod js;
mod keyboard;
mod owner;
mod page;
mod resume;
mod script;
mod settings;
mod token;
mod widget;

pub use bindings::has_instance;
pub use owner::{adopt_note, is_owner_key, owner, purge, set_owner};
pub use page::{
    Clock, hide_page, is_prerendering, made_ahead_by, navigation, once_shown, reload_hidden, requested_at,
    since_page_start,
};
pub use resume::{forget_foreign, forget_open_conversation, has_open_conversation};
pub use script::{load, when_idle};
pub use settings::{ConfigSource, PAGE_DATA_ID, PageData, Settings};
pub use token::fetch_token;
pub use widget::LiveWidget;
