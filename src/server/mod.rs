//! The process: configuration, database, HTTP, mail, and the loop that serves. Read `build.rs` next: it puts the parts together.

pub mod build;
pub mod client_address;
pub mod command_line;
pub mod config;
pub mod database;
pub mod healthy;
pub mod http;
pub mod listener;
pub mod log;
pub mod mail;
pub mod rate_limits;
pub mod run;
pub mod security_log;
pub mod state;

pub use run::run;
