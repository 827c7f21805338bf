//! What the tests share: an app in this process, a server in another, and one HTTP client for both.

mod app;
mod client;
mod database;
mod load;
mod mailbox;
mod process;

pub use app::TestApp;
pub use client::{Answer, Client, PASSWORD, between, code, code_at};
pub use database::Database;
pub use load::{Balancer, under_load, until};
pub use mailbox::{Mail, Mailbox};
pub use process::{Server, binary, free_address, in_place_of, run, send_bytes, text, with_socket};

/// Ends a test that lacks something on this machine. `make test` installs everything, and there it is a failure.
pub fn skip(reason: &str) {
    assert!(std::env::var("TEST_EVERYTHING").is_err(), "{reason}");
    eprintln!("SKIPPED: {reason}");
}

/// The JWT secret of every test that needs a known one.
pub const SECRET: &str = "k3Vb9qLw7Zt1Xy5Rm2Np8Hs4Jd6Fg0Ac";
