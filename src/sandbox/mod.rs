//! A stand-in for Ticketping's hosted API, for development and tests. It speaks to the unchanged
//! widget, verifies tokens as the real service does, and keeps everything in memory, bounded.
//!
//! `api.rs` answers calls, `sockets.rs` talks, `tokens.rs` decides who is who, `store.rs` keeps
//! conversations, `agent.rs` is the one who replies.

mod agent;
mod api;
mod sockets;
mod store;
mod tokens;

use std::sync::Arc;

use axum::Router;

use crate::ticketping::{JwtSecret, TeamSlug};
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
    team: TeamSlug,
    // Where it is reached, for the URLs of attachments.
    base: String,
}

impl Sandbox {
    /// Verifies with the secret that the app signs with. `base` is how browsers reach it.
    pub fn new(secret: &JwtSecret, team: TeamSlug, base: String) -> Self {
        let inner = Inner { tokens: Tokens::new(secret), store: Store::default(), team, base };
        Self { inner: Arc::new(inner) }
    }

    /// Everything in the widget's list of calls, and `/journal`: what was received, for tests.
    pub fn router(&self) -> Router {
        api::routes().merge(sockets::routes()).layer(api::cross_origin()).with_state(self.clone())
    }
}
