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
mod sockets;
mod store;
mod tokens;

use std::sync::Arc;

use axum::Router;

use store::Store;
use tokens::Tokens;

/// The stand-in. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    tokens: Tokens,
    store: Store,
    team: String,
    // For the URLs of attachments.
    base: String,
}

impl Sandbox {
    /// `secret` is the one your app signs tokens with, `team` the slug it gives to the widget, and `base` the URL
    /// that browsers reach this router at.
    pub fn new(secret: &[u8], team: impl Into<String>, base: impl Into<String>) -> Self {
        let inner =
            Inner { tokens: Tokens::new(secret), store: Store::default(), team: team.into(), base: base.into() };
        Self { inner: Arc::new(inner) }
    }

    /// Answers every call of the widget, and at `/journal` lists what it received, for tests.
    pub fn router(&self) -> Router {
        api::routes().merge(sockets::routes()).layer(api::cross_origin()).with_state(self.clone())
    }
}
