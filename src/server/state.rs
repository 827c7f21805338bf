//! What every request can reach.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;
use leptos::config::LeptosOptions;

use super::{
    assets::Assets,
    config::{ChatConfig, Config},
    database::Database,
};
use crate::{
    auth::server::{Backend, Limits, Sessions},
    sandbox::Sandbox,
    support_chat::THEME,
    ticketping::{InitConfig, Loading, NoToken, Signer, WidgetSettings},
};

/// The parts of a running server, behind one pointer: it is cloned several times a request.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

impl AppState {
    /// Of all the parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The parts of a running server.
pub struct Parts {
    /// Names and addresses that Leptos writes into pages.
    pub leptos: LeptosOptions,
    /// The settings.
    pub config: Config,
    /// Where the site's files are.
    pub assets: Assets,
    /// Where everything is kept.
    pub database: Database,
    /// Accounts and passwords.
    pub backend: Backend,
    /// How often who may try what.
    pub limits: Arc<Limits>,
    /// The session store.
    pub sessions: Sessions,
    /// Signs chat tokens.
    pub signer: Arc<Signer>,
    /// What the widget is told.
    pub widget: Arc<WidgetSettings>,
    /// The stand-in for Ticketping's API, when it is on.
    pub sandbox: Option<Sandbox>,
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}

/// The folder of the widget's pinned files, in the site.
const WIDGET: &str = "widget/1.12.0";

/// What the widget is told on every page.
pub fn widget_settings(chat: &ChatConfig, assets: &Assets) -> WidgetSettings {
    WidgetSettings {
        init: InitConfig {
            app_id: chat.app_id.clone(),
            team_slug: chat.team_slug.clone(),
            team_logo_icon: chat.team_logo_icon.clone().unwrap_or_else(|| assets.url("mark.svg")),
            theme: THEME,
            api_base: chat.api_base.clone(),
            ws_base: chat.ws_base.clone(),
            user_jwt: NoToken,
        },
        script: assets.url(&format!("{WIDGET}/widget.min.js")),
        style: assets.url(&format!("{WIDGET}/widget.css")),
        token: "/api/ticketping/chat-jwt".to_owned(),
        loading: Loading::Idle,
    }
}
