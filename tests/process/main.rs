//! The binary as an operator meets it: arguments, settings, exit codes, life, faults and death.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod faults;
mod life;
mod server;
mod settings;
mod slow_clients;
