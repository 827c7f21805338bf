//! The app over HTTP, without a browser: each test has an app and a database of its own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod account;
mod accounts;
mod bad_input;
mod chat_token;
mod hostile;
mod security;
mod test_app;
