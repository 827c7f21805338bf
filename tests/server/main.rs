//! The server over HTTP: in this process (`http/`), as the binary (`process/`), as two of it
//! (`two_machines.rs`), and as one version that follows another (`upgrade.rs`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod http;
mod process;
mod support;
mod two_machines;
mod upgrade;
