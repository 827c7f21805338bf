//! Ticketping's chat widget for a Leptos app. Copy this folder into yours: it knows nothing of the
//! app around it. Read `machine.rs` for what happens when, `browser.rs` for how.
//!
//! * The server signs: [`Signer`] turns a [`Visitor`] into a five-minute token.
//! * The page mounts [`TicketpingChat`] once, with [`WidgetSettings`] and the user's id.
//! * The page talks to it through [`Chat`].

mod chat;
mod component;
pub mod machine;
mod settings;

mod browser;

#[cfg(feature = "ssr")]
mod server;

pub use chat::Chat;
pub use component::TicketpingChat;
pub use machine::Identity;
pub use settings::{AppId, Loading, TeamSlug, Theme, WidgetSettings};

#[cfg(feature = "ssr")]
pub use server::{CHAT_COOKIE, JwtSecret, JwtSecretError, SignError, Signer, Visitor};
