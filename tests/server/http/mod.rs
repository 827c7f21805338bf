//! The app over HTTP, without a browser: each test has an app and a database of its own.

mod account;
mod accounts;
mod bad_input;
mod chat_token;
mod hostile;
mod links;
mod mails;
mod second_factor;
mod security;
