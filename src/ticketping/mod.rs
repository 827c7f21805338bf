//! Ticketping's chat widget for a Leptos app. Copy this folder into yours: it knows nothing of the
//! app around it. Read `machine.rs` for what happens when, `browser/` for how.
//!
//! * The server signs: [`Signer`] turns a [`Visitor`] into a five-minute token.
//! * The page holds [`WidgetSettings`] and the user's id, and mounts [`TicketpingChat`] once.
//! * The page talks to it through [`Chat`].

mod browser;
mod chat;
mod component;
pub mod machine;
mod settings;

#[cfg(feature = "ssr")]
mod server;

pub use browser::{Settings, page_identity};
pub use chat::Chat;
pub use component::{ChatSettings, TicketpingChat};
pub use machine::Identity;
pub use settings::{AppId, InitConfig, Loading, NoToken, TeamSlug, Theme, WidgetSettings};

#[cfg(feature = "ssr")]
pub use server::{CHAT_COOKIE, JwtSecret, JwtSecretError, SignError, Signer, Visitor};
