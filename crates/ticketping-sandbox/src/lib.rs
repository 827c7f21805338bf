//! A stand-in for Ticketping's hosted API, as an axum router, for development and tests. The published widget works
//! with it unchanged. It verifies tokens as the real service does, and keeps everything in memory, within bounds.
//!
//! `api.rs` answers calls, `sockets.rs` serves the sockets, `tokens.rs` decides who a visitor is, `store.rs` keeps
//! conversations, and `agent.rs` writes the replies.
//!
//! ```
//! use ticketping_sandbox::Sandbox;
//!
//! let sandbox = Sandbox::new(b"the secret that your app signs with", "acme", "http://127.0.0.1:3000/sandbox");
//! let app: axum::Router = axum::Router::new().nest_service("/sandbox", sandbox.router());
//! ```
#![warn(missing_docs)]

mod agent;
mod api;
mod router;
mod sandbox;
mod sockets;
mod store;
mod tokens;

pub use sandbox::Sandbox;
