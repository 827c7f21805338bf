//! What every request can reach.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use leptos_ticketping::{Signer, TicketpingConfig};
use ticketping_sandbox::Sandbox;

use super::{
    client_address::TrustedProxies,
    config::Config,
    database::Database,
    http::{PagePolicy, assets::Assets},
    mail::{Mailbox, Mailer},
    rate_limits::RateLimits,
};
use crate::accounts::server::Backend;

/// The services of a running server, behind one pointer: it is cloned several times for each request.
#[derive(Clone)]
pub struct AppState(Arc<Services>);

impl AppState {
    /// Of all services.
    pub fn new(services: Services) -> Self {
        Self(Arc::new(services))
    }
}

impl Deref for AppState {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.0
    }
}

/// The services of a running server.
pub struct Services {
    /// Names and addresses that Leptos writes into pages.
    pub leptos: LeptosOptions,
    /// The settings.
    pub config: Config,
    /// Where the site's files are.
    pub assets: Assets,
    /// The database, to ask whether it answers.
    pub database: Database,
    /// Users and passwords.
    pub backend: Backend,
    /// Sends mails.
    pub mailer: Arc<Mailer>,
    /// Where mails go in the sandbox.
    pub mailbox: Arc<Mailbox>,
    /// Rate limits.
    pub limits: Arc<RateLimits>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// Signs chat tokens.
    pub signer: Signer,
    /// What the widget is told on every page.
    pub chat: Arc<TicketpingConfig>,
    /// The Content-Security-Policy of pages.
    pub page_policy: PagePolicy,
    /// The stand-in for Ticketping's API, when it is on.
    pub sandbox: Option<Sandbox>,
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}
