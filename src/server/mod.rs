//! The process: configuration, database, router, security, and the loop that serves.
//! Read `router.rs` next: it puts the layers of a request in order.

pub mod assets;
pub mod config;
pub mod copy;
pub mod database;
pub mod error;
pub mod metrics;
pub mod router;
pub mod run;
pub mod security;
pub mod state;

pub use run::run;
