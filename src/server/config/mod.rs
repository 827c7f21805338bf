//! The settings: read once from the environment, typed, with every error reported at once.

mod chat;
mod environment;
mod mail;
mod reader;
mod settings;

pub use chat::ChatConfig;
pub use environment::{Config, LogFormat};
pub use mail::MailConfig;
pub use reader::ConfigErrors;
pub use settings::{SETTINGS, help};
