//! Puts the calls and the sockets together.

use axum::Router;

use crate::{api, sandbox::Sandbox, sockets};

impl Sandbox {
    /// Answers every call of the widget, and at `/journal` lists what it received, for tests.
    pub fn router(&self) -> Router {
        api::routes()
            .merge(sockets::routes())
            .layer(api::cross_origin())
            .merge(api::journal_route())
            .with_state(self.clone())
    }
}
