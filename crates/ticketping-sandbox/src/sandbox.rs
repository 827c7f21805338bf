//! The stand-in, and what every request to it can reach.

use std::sync::Arc;

use crate::{store::Store, tokens::Tokens};

/// The stand-in. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) inner: Arc<Inner>,
}

/// Its parts.
pub(crate) struct Inner {
    pub tokens: Tokens,
    pub store: Store,
    pub team: String,
    // For the URLs of attachments.
    pub base: String,
}

impl Sandbox {
    /// `secret` is the one your app signs tokens with, `team` the slug it gives to the widget, and `base` the URL
    /// that browsers reach this router at.
    pub fn new(secret: &[u8], team: impl Into<String>, base: impl Into<String>) -> Self {
        let inner =
            Inner { tokens: Tokens::new(secret), store: Store::default(), team: team.into(), base: base.into() };
        Self { inner: Arc::new(inner) }
    }
}
