//! Puts the parts together.

use std::{sync::Arc, time::Duration};

use leptos_ticketping::{ConfigError, CspSources, Signer, TicketpingConfig, pinned::WIDGET_VERSION};
use secrecy::ExposeSecret as _;
use ticketping_sandbox::Sandbox;
use tokio::{task::JoinHandle, time};

use super::{
    client_address::TrustedProxies,
    config::{ChatConfig, Config},
    database::{Database, DatabaseError, changes},
    http::{
        PagePolicy,
        assets::Assets,
        router::{HttpService, router},
        to_its_end::ToItsEndLayer,
    },
    mail::{Mailbox, Mailer, Outbox, Transport, TransportError},
    rate_limits::RateLimits,
    state::{AppState, Services},
};
use crate::{
    accounts::server::{
        Backend, DeviceCookies, Links, Passwords, Sessions, Stores, Users,
        second_factor::{Factors, Passkeys, PendingLogIns},
    },
    support_chat::widget_theme,
};

/// How often expired sessions are deleted.
const DELETE_INTERVAL: Duration = Duration::from_secs(60);
/// How often clients and accounts that have their whole budget again are forgotten, and rows that no longer count.
const FORGET_INTERVAL: Duration = Duration::from_secs(5);

/// Why the parts cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("the key of this installation cannot be read from the database: {0}")]
    Key(sqlx::Error),
    #[error("the chat cannot be set up: {0}")]
    Chat(#[from] ConfigError),
    #[error("PUBLIC_URL cannot be an origin that forms come from: {0}")]
    Origin(#[from] tower_http::csrf::ConfigError),
    #[error("no mail can be sent: {0}")]
    Mail(#[from] TransportError),
}

/// A server that is ready to answer.
pub struct Server<S> {
    /// What answers.
    pub service: S,
    /// The database, to be closed at the end.
    pub database: Database,
    /// Requests that go on without their clients.
    pub to_its_end: ToItsEndLayer,
    /// Sends mails.
    pub mailer: Arc<Mailer>,
    /// What goes on without requests, until it is aborted.
    pub background: JoinHandle<()>,
}

/// Opens the database and builds everything that answers.
pub async fn assemble(config: Config) -> Result<Server<impl HttpService>, AssembleError> {
    let database = Database::open(config.database_url.expose_secret()).await?;
    let pool = &database.pool;
    let (users, links, outbox) = (Users::new(pool.clone()), Links::new(pool.clone()), Outbox::new(pool.clone()));
    let sessions = Sessions::new(pool.clone(), users.clone());
    let factors = Factors::new(pool.clone());
    let limits = Arc::new(RateLimits::new(config.rate_limit_factor));
    let mailbox = Arc::new(Mailbox::default());
    let mailer = Arc::new(Mailer {
        outbox: outbox.clone(),
        links: links.clone(),
        users: users.clone(),
        transport: Transport::open(&config.mail.url, &mailbox)?,
        limits: Arc::clone(&limits),
        from: config.mail.from.clone(),
        origin: config.origin(),
        state: Default::default(),
    });
    let background = tokio::spawn({
        let upkeep = upkeep(sessions.clone(), links.clone(), factors.clone(), Arc::clone(&limits));
        let mailer = Arc::clone(&mailer);
        let (url, users, sessions) = (config.database_url.clone(), users.clone(), sessions.clone());
        async move {
            let on_change = |table: &str, id: &str| match table {
                "sessions" => sessions.ended_elsewhere(id),
                _ => users.changed_elsewhere(id),
            };
            tokio::join!(upkeep, mailer.run(), changes::listen(url.expose_secret(), on_change));
        }
    });
    let (assets, files) = Assets::load();
    let chat = chat_on_every_page(&config.chat, &assets)?;
    // Ticketping knows the secret too, and anyone who reads the database knows the key: neither can make cookies of ours.
    let key = database.installation_key().await.map_err(AssembleError::Key)?;
    let cookie_secret = [key.as_bytes(), config.chat.secret.expose_secret()].concat();
    let sandbox_url = format!("{}/sandbox", config.origin());
    let sandbox =
        || Sandbox::new(config.chat.secret.expose_secret(), config.chat.team_slug.as_str(), sandbox_url.clone());
    let state = AppState::new(Services {
        leptos: assets.leptos_options(config.site_addr),
        signer: Signer::new(&config.chat.secret).with_life(config.chat.token_life),
        page_policy: PagePolicy::new(&CspSources::of(&chat)),
        chat: Arc::new(chat),
        sandbox: config.chat.sandbox.then(sandbox),
        backend: Backend::new(Stores {
            pool: pool.clone(),
            users,
            passwords: Passwords::default(),
            factors,
            passkeys: Passkeys::new(&config.origin(), &cookie_secret),
            pending_log_ins: PendingLogIns::new(&cookie_secret, config.is_https()),
            devices: DeviceCookies::new(&cookie_secret, config.is_https()),
            secure_cookies: config.is_https(),
            sessions,
            links,
            outbox,
        }),
        mailer: Arc::clone(&mailer),
        mailbox,
        limits,
        trusted_proxies: TrustedProxies(config.trusted_proxies.clone()),
        assets,
        database: database.clone(),
        config,
    });
    let to_its_end = ToItsEndLayer::default();
    Ok(Server { service: router(state, files, to_its_end.clone())?, database, to_its_end, mailer, background })
}

/// The settings of the chat, with our logo, our colours and our copy of the widget's files.
fn chat_on_every_page(chat: &ChatConfig, assets: &Assets) -> Result<TicketpingConfig, ConfigError> {
    let widget = chat.widget.clone().theme(widget_theme());
    let widget = if chat.uses_own_logo { widget.team_logo_icon(&assets.url("mark.svg"))? } else { widget };
    widget.widget_files(&assets.url(&format!("widget/{WIDGET_VERSION}")))
}

/// Deletes expired sessions and links, and forgets idle clients and what no longer counts.
async fn upkeep(sessions: Sessions, links: Links, factors: Factors, limits: Arc<RateLimits>) {
    let (mut delete_tick, mut forget_tick) = (time::interval(DELETE_INTERVAL), time::interval(FORGET_INTERVAL));
    let forget = async {
        loop {
            forget_tick.tick().await;
            limits.forget_idle();
            sessions.forget_stale();
        }
    };
    let delete = async {
        loop {
            delete_tick.tick().await;
            if let Err(error) = sessions.delete_expired().await {
                tracing::warn!(%error, "expired sessions could not be deleted");
            }
            if let Err(error) = links.delete_expired().await {
                tracing::warn!(%error, "expired links could not be deleted");
            }
            if let Err(error) = factors.delete_expired().await {
                tracing::warn!(%error, "what was never confirmed could not be deleted");
            }
        }
    };
    tokio::join!(forget, delete);
}
