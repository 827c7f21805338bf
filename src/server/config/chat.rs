//! The settings of the chat.

use std::{net::SocketAddr, time::Duration};

use leptos_ticketping::{AppId, ConfigError, JwtSecret, TeamSlug, TicketpingConfig};
use url::Url;

use super::reader::Reader;

const APP_ID: &str = "TICKETPING_APP_ID";
const TEAM_SLUG: &str = "TICKETPING_TEAM_SLUG";
const JWT_SECRET: &str = "TICKETPING_JWT_SECRET";
const DASHBOARD: &str =
    "copy it from the Ticketping dashboard, or set TICKETPING_SANDBOX=true to try without an account";
const API_KEYS: &str =
    "create one in the Ticketping dashboard under API Keys, or set TICKETPING_SANDBOX=true to try without an account";

/// What the widget, the signer and the sandbox need to know.
#[derive(Debug)]
pub struct ChatConfig {
    /// What the widget is told, but for where its files are.
    pub widget: TicketpingConfig,
    /// `TICKETPING_TEAM_SLUG`.
    pub team_slug: TeamSlug,
    /// Whether no `TICKETPING_TEAM_LOGO_ICON` is set.
    pub uses_own_logo: bool,
    /// `TICKETPING_JWT_SECRET`, or one made at start for the sandbox.
    pub secret: JwtSecret,
    /// `TICKETPING_JWT_TTL_SECONDS`.
    pub token_life: Duration,
    /// `TICKETPING_SANDBOX`: whether this process answers for Ticketping.
    pub sandbox: bool,
}

impl<S: Fn(&str) -> Option<String>> Reader<S> {
    /// The settings whose names begin with `TICKETPING_`.
    pub fn chat(&mut self, site_addr: Option<SocketAddr>, public_url: Option<&Url>) -> Option<ChatConfig> {
        let has_no_account =
            [APP_ID, TEAM_SLUG, JWT_SECRET, "TICKETPING_JWT_SECRET_FILE"].iter().all(|name| self.given(name).is_none());
        let sandbox = self
            .parse("TICKETPING_SANDBOX", "true or false", |text| text.parse().ok())
            .unwrap_or(cfg!(debug_assertions) && has_no_account);
        self.sandbox = sandbox;
        let token_life = self.parse("TICKETPING_JWT_TTL_SECONDS", "a whole number from 30 to 3600", |text| {
            text.parse().ok().filter(|seconds| (30..=3600).contains(seconds)).map(Duration::from_secs)
        });
        let account = if sandbox { self.sandbox_account(site_addr, public_url) } else { self.account() };
        // A configuration to try the other settings on, also when the account is missing.
        let any = |text| AppId::parse(text).ok().zip(TeamSlug::parse(text).ok());
        let (app_id, team_slug) =
            account.as_ref().map(|account| (account.0.clone(), account.1.clone())).or(any("any"))?;
        let mut widget = TicketpingConfig::new(app_id, team_slug);
        let sandbox_url =
            public_url.filter(|_| sandbox).map(|url| format!("{}/sandbox", url.origin().ascii_serialization()));
        if let Some(url) = sandbox_url {
            widget = widget.api_base(&url).ok()?.ws_base(&url.replacen("http", "ws", 1)).ok()?;
        }
        let uses_own_logo = self.given("TICKETPING_TEAM_LOGO_ICON").is_none();
        widget = self.apply(widget, "TICKETPING_TEAM_LOGO_ICON", TicketpingConfig::team_logo_icon);
        widget = self.apply(widget, "TICKETPING_API_BASE", TicketpingConfig::api_base);
        widget = self.apply(widget, "TICKETPING_WS_BASE", TicketpingConfig::ws_base);
        let (_, team_slug, secret) = account?;
        Some(ChatConfig { widget, team_slug, uses_own_logo, secret, token_life: token_life?, sandbox })
    }

    fn account(&mut self) -> Option<(AppId, TeamSlug, JwtSecret)> {
        let app_id = self.require(APP_ID, DASHBOARD, |text| AppId::parse(text).map_err(must_be));
        let team_slug = self.require(TEAM_SLUG, DASHBOARD, |text| TeamSlug::parse(text).map_err(must_be));
        let secret =
            self.require(JWT_SECRET, API_KEYS, |text| JwtSecret::parse(text).map_err(|error| error.to_string()));
        Some((app_id?, team_slug?, secret?))
    }

    /// Anybody may read the sandbox's mailbox and talk to its agent: it is for one developer on one machine.
    fn sandbox_account(
        &mut self,
        site_addr: Option<SocketAddr>,
        public_url: Option<&Url>,
    ) -> Option<(AppId, TeamSlug, JwtSecret)> {
        if self.given(JWT_SECRET).is_some() || self.given("TICKETPING_JWT_SECRET_FILE").is_some() {
            self.errors.push(format!("TICKETPING_SANDBOX cannot be on together with {JWT_SECRET}: remove one of them"));
        }
        if public_url.is_some_and(|url| url.scheme() == "https") {
            self.errors
                .push("TICKETPING_SANDBOX cannot be on with an https PUBLIC_URL: it is for development".to_owned());
        }
        if site_addr.is_some_and(|address| !address.ip().is_loopback()) {
            let error = "TICKETPING_SANDBOX can be on with a loopback LEPTOS_SITE_ADDR only, such as 127.0.0.1:3000";
            self.errors.push(error.to_owned());
        }
        let app_id = self.given(APP_ID).unwrap_or_else(|| "sandbox-app".to_owned());
        let team_slug = self.given(TEAM_SLUG).unwrap_or_else(|| "sandbox".to_owned());
        let app_id = AppId::parse(&app_id).map_err(|error| self.errors.push(format!("{APP_ID} {}", must_be(error))));
        let team_slug =
            TeamSlug::parse(&team_slug).map_err(|error| self.errors.push(format!("{TEAM_SLUG} {}", must_be(error))));
        Some((app_id.ok()?, team_slug.ok()?, JwtSecret::random()))
    }

    /// Gives the widget a setting, if it was set.
    fn apply(
        &mut self,
        widget: TicketpingConfig,
        name: &str,
        set: impl FnOnce(TicketpingConfig, &str) -> Result<TicketpingConfig, ConfigError>,
    ) -> TicketpingConfig {
        let Some(text) = self.given(name) else { return widget };
        set(widget.clone(), &text).unwrap_or_else(|error| {
            self.errors.push(format!("{name} {}", must_be(error)));
            widget
        })
    }
}

fn must_be(error: ConfigError) -> String {
    format!("must be {}", error.wanted())
}
