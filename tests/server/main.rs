//! The server over HTTP: in this process (`http/`), as the binary (`process/`), and as two of it (`two_machines.rs`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod http;
mod process;
mod support;
mod two_machines;
