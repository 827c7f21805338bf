//! The process: configuration, database, HTTP, mail, and the loop that serves. Read `assemble.rs` next: it puts the parts together.

pub mod assemble;
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
