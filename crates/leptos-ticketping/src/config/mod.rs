//! What the widget is told. The types cannot hold what the widget would swallow in silence.

mod options;
mod page_json;
mod ticketping_config;
mod values;

pub use options::{Loading, Visitors};
pub use ticketping_config::TicketpingConfig;
pub use values::{AppId, ConfigError, TeamSlug};
