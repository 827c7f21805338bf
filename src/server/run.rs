//! Puts the parts together and serves until it is told to stop.

use std::{
    io::{self, BufWriter},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use axum::{ServiceExt as _, body::Body, response::Response};
use axum_server::{Handle, Server as HttpServer};
use http::{HeaderValue, Request, StatusCode, header};
use leptos_ticketping::{ConfigError, CspSources, Signer, TicketpingConfig, pinned::WIDGET_VERSION};
use secrecy::ExposeSecret as _;
use ticketping_sandbox::Sandbox;
use tokio::{net::TcpListener, signal, task::JoinHandle, time};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use super::{
    client_address::TrustedProxies,
    config::{ChatConfig, Config, LogFormat},
    database::{Database, DatabaseError, changes},
    http::{
        PagePolicy,
        assets::Assets,
        metrics,
        router::{HttpService, router},
        to_its_end::ToItsEndLayer,
    },
    listener::{HeldSocketError, Peer, StoppableListener, held_socket},
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

/// How long connections that are there may send another request once the server was told to stop.
const LAST_REQUESTS: Duration = Duration::from_millis(250);
/// How long requests may then take to finish, and those whose clients have gone after that. Closing the database may take
/// as long as one statement. The service manager must allow for the sum.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
const CUT_OFF_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECTIONS_INTERVAL: Duration = Duration::from_millis(10);
/// How long a request's headers may take to arrive.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// How many lines of the log may wait to be written, and how much is written at once, in bytes.
const MAX_LOG_LINES: usize = 50_000;
const LOG_BUFFER_BYTES: usize = 64 * 1024;
/// The largest head of a request, in bytes: half of one is kept in memory until the rest has come.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// How often expired sessions are deleted.
const DELETE_INTERVAL: Duration = Duration::from_secs(60);
/// How often clients and accounts that have their whole budget again are forgotten, and rows that no longer count.
const FORGET_INTERVAL: Duration = Duration::from_secs(5);

/// Why the server did not start or did not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("the key of this installation cannot be read from the database: {0}")]
    Key(sqlx::Error),
    #[error("the chat cannot be set up: {0}")]
    Chat(#[from] ConfigError),
    #[error("PUBLIC_URL cannot be an origin that forms come from: {0}")]
    Origin(#[from] tower_http::csrf::ConfigError),
    #[error(transparent)]
    HeldSocket(#[from] HeldSocketError),
    #[error("cannot listen on {0}: {1}. Set LEPTOS_SITE_ADDR to another address.")]
    Listen(SocketAddr, io::Error),
    #[error("cannot listen on {0}: {1}. Set METRICS_ADDR to another address.")]
    MetricsListen(SocketAddr, io::Error),
    #[error("no mail can be sent: {0}")]
    Mail(#[from] TransportError),
    #[error("the metrics for METRICS_ADDR cannot be set up: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    #[error("the server stopped: {0}")]
    Serve(io::Error),
}

/// A server that is ready to answer.
pub struct Server<S> {
    /// What answers.
    pub service: S,
    /// The database, to be closed at the end.
    pub database: Database,
    /// Requests that go on without their clients.
    pub to_its_end: ToItsEndLayer,
    background: JoinHandle<()>,
}

/// Opens the database and builds everything that answers.
pub async fn build(config: Config) -> Result<Server<impl HttpService>, RunError> {
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
    let key = database.installation_key().await.map_err(RunError::Key)?;
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
            sessions: sessions.clone(),
            links,
            outbox,
        }),
        sessions,
        device_cookies: DeviceCookies::new(&cookie_secret, config.is_https()),
        mailer,
        mailbox,
        limits,
        trusted_proxies: TrustedProxies(config.trusted_proxies.clone()),
        assets,
        database: database.clone(),
        config,
    });
    let to_its_end = ToItsEndLayer::default();
    Ok(Server { service: router(state, files, to_its_end.clone())?, database, to_its_end, background })
}

/// The settings of the chat, with our logo, our colours and our copy of the widget's files.
fn chat_on_every_page(chat: &ChatConfig, assets: &Assets) -> Result<TicketpingConfig, ConfigError> {
    let widget = chat.widget.clone().theme(widget_theme());
    let widget = if chat.uses_own_logo { widget.team_logo_icon(&assets.url("mark.svg"))? } else { widget };
    widget.widget_files(&assets.url(&format!("widget/{WIDGET_VERSION}")))
}

/// Serves until SIGTERM or SIGINT, then lets requests finish and closes the database.
pub async fn run(config: Config) -> Result<(), RunError> {
    let log = Log::start(&config);
    // Before anything else reads the environment: it is taken out of it.
    let held = held_socket(config.site_addr)?;
    let (address, url, sandbox) = (config.site_addr, config.origin(), config.chat.sandbox);
    // Each connection is an open file, and the usual limit of those is low.
    let _as_many_as_allowed = rlimit::increase_nofile_limit(u64::MAX);
    if let Some(address) = config.metrics_addr {
        let counts = metrics::install()?;
        let listener = TcpListener::bind(address).await.map_err(|error| RunError::MetricsListen(address, error))?;
        tokio::spawn(metrics::serve(listener, counts));
    }
    let server = build(config).await?;
    let stopping = CancellationToken::new();
    let opened = StoppableListener::open(held, address, stopping.clone()).await;
    let listener = opened.map_err(|error| RunError::Listen(address, error))?;
    tracing::info!(%address, url, sandbox, "serving");
    tokio::spawn(Log::tell_of_dropped(log.dropped.clone()));
    let handle: Handle<Peer> = Handle::new();
    tokio::spawn({
        let (handle, stopping) = (handle.clone(), stopping.clone());
        async move {
            stop_signal().await;
            tracing::info!("stopping");
            stopping.cancel();
            no_connection(&handle, LAST_REQUESTS).await;
            handle.graceful_shutdown(Some(SHUTDOWN_TIMEOUT));
        }
    });
    let mut http = HttpServer::from_listener(listener)
        .handle(handle.clone())
        .first_request_timeout(HEADER_TIMEOUT)
        .accept_error_handler(|_, error| tracing::warn!(%error, "a connection was not accepted"));
    if !sandbox {
        // HTTP/2 is for the proxy that ends TLS: without TLS only attackers speak it, past the time-outs below. The
        // sandbox's sockets begin as upgrades of a connection that may be either.
        http = http.http1_only();
    }
    let service = server.service.map_request(|request: Request<_>| request.map(Body::new));
    // A proxy that keeps connections for later requests makes new ones, to the version that follows.
    let service = service.map_response(move |mut response: Response| {
        if stopping.is_cancelled() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    });
    // Also how long a connection may be idle between two requests.
    http.http_builder().http1().header_read_timeout(HEADER_TIMEOUT).max_buf_size(MAX_HEAD_BYTES);
    let served = http.serve(service.into_make_service_with_connect_info::<SocketAddr>()).await;
    // Those that were cut off go on without their clients.
    no_connection(&handle, CUT_OFF_TIMEOUT).await;
    server.to_its_end.wait(CUT_OFF_TIMEOUT).await;
    server.background.abort();
    server.database.pool.close().await;
    served.map_err(RunError::Serve)
}

/// Returns when the last connection has ended, or after `timeout`.
async fn no_connection(handle: &Handle<Peer>, timeout: Duration) {
    let ended = async {
        let mut tick = time::interval(CONNECTIONS_INTERVAL);
        tick.tick().await;
        loop {
            tick.tick().await;
            if handle.connection_count() == 0 {
                break;
            }
        }
    };
    let _or_not = time::timeout(timeout, ended).await;
}

/// The log, to standard error. Its lines are written by a thread of their own, many at once, so that no request waits for
/// the program that reads them. What is still to be written is written when this is dropped, which takes a second at most.
pub struct Log {
    _writes_the_rest: WorkerGuard,
    dropped: ErrorCounter,
}

impl Log {
    /// As the settings say.
    pub fn start(config: &Config) -> Self {
        let lines = BufWriter::with_capacity(LOG_BUFFER_BYTES, io::stderr());
        let (writer, _writes_the_rest) =
            NonBlockingBuilder::default().buffered_lines_limit(MAX_LOG_LINES).finish(lines);
        let dropped = writer.error_counter();
        subscribe(config, writer);
        Self { _writes_the_rest, dropped }
    }

    /// Says how many lines there was no room for, once in a while.
    async fn tell_of_dropped(dropped: ErrorCounter) {
        let (mut tick, mut told) = (time::interval(FORGET_INTERVAL), 0);
        loop {
            tick.tick().await;
            let now = dropped.dropped_lines();
            if now > told {
                tracing::warn!(
                    lines_in_all = now,
                    "lines of the log were dropped: they came faster than they could be written"
                );
                told = now;
            }
        }
    }
}

fn subscribe(config: &Config, writer: NonBlocking) {
    // A session that has ended is not suspicious, and a client that makes ids up must not fill the disk with lines
    // about them. What fails at log-in we log ourselves. Without a span of its own, axum-login names the user in ours.
    let quiet =
        ["tower_sessions=error", "tower_sessions_core=error", "axum_login::session=off", "axum_login::service=error"];
    let quiet = quiet.iter().filter_map(|directive| directive.parse().ok());
    let filter = quiet.fold(EnvFilter::new(&config.log_filter), EnvFilter::add_directive);
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(false);
    match config.log_format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
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

async fn stop_signal() {
    let interrupt = async {
        let _unavailable = signal::ctrl_c().await;
    };
    match signal::unix::signal(signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            () = interrupt => {}
            _ = terminate.recv() => {}
        },
        Err(_) => interrupt.await,
    }
}
