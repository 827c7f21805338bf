//! Ticketping's support chat in a Leptos app, tied to the users who are logged in.
#![cfg_attr(feature = "ssr", doc = include_str!("../README.md"))]
#![warn(missing_docs)]

mod browser;
mod component;
mod config;
mod driver;
mod events;
mod machine;
pub mod pinned;
mod theme;
mod use_ticketping;
mod visitor;
mod widget_state;

#[cfg(feature = "ssr")]
mod server;

pub use browser::{ConfigSource, PageData};
pub use component::{TicketpingChat, TicketpingPageData};
pub use config::{AppId, ConfigError, Loading, TeamSlug, TicketpingConfig, Visitors};
pub use events::TicketpingEvent;
pub use theme::Theme;
pub use use_ticketping::{UseTicketping, use_ticketping};
pub use visitor::Visitor;
pub use widget_state::TokenLife;

#[cfg(feature = "ssr")]
pub use server::{
    CspSources, JwtSecret, JwtSecretError, SignError, Signer, expire_chat_cookies, expire_chat_cookies_with,
};
