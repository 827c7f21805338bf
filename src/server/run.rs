//! Puts the parts together and serves until it is told to stop.

use std::{
    io::{self, IsTerminal},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use axum::{ServiceExt as _, body::Body};
use tokio::{net::TcpListener, signal, task::JoinHandle, time};
use tower::ServiceExt as _;
use tracing_subscriber::EnvFilter;

use super::{
    assets::Assets,
    config::{Config, LogFormat},
    database::{Database, DatabaseError},
    metrics,
    router::{HttpService, router},
    state::{AppState, Parts, widget_settings},
};
use crate::{
    auth::server::{Backend, Devices, Limits, Passwords, Sessions, Users},
    sandbox::Sandbox,
    ticketping::Signer,
};

/// How long requests may take to finish once the server was told to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How long a request's headers may take to arrive.
const HEADERS: Duration = Duration::from_secs(15);
/// How often ended sessions are removed from the database.
const SWEEP: Duration = Duration::from_secs(60);
/// How often limits forget who keeps to them: it bounds their memory by the requests of so long.
const FORGET: Duration = Duration::from_secs(5);

/// Why the server did not start or did not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("PUBLIC_URL cannot be an origin that forms come from: {0}")]
    Origin(#[from] tower_http::csrf::ConfigError),
    #[error("cannot listen on {0}: {1}. Set LEPTOS_SITE_ADDR to another address.")]
    Listen(SocketAddr, io::Error),
    #[error("cannot listen on {0}: {1}. Set METRICS_ADDR to another address.")]
    MetricsListen(SocketAddr, io::Error),
    #[error("cannot count for METRICS_ADDR: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    #[error("the server stopped: {0}")]
    Serve(io::Error),
}

/// A server that is ready to answer.
pub struct App<S> {
    /// What answers.
    pub service: S,
    /// The database, to be closed at the end.
    pub database: Database,
    sweeper: JoinHandle<()>,
}

/// Opens the database and builds everything that answers.
pub async fn build(config: Config) -> Result<App<impl HttpService>, RunError> {
    let database = Database::open(&config.database_url).await?;
    let sessions = Sessions::new(database.pool.clone());
    let devices = Devices::new(database.pool.clone(), sessions.clone());
    let limits = Arc::new(Limits::new(config.rate_limit_factor, config.trusted_proxies.clone()));
    let sweeper = tokio::spawn(sweep(sessions.clone(), Arc::clone(&limits)));
    let (assets, files) = Assets::load();
    let state = AppState::new(Parts {
        leptos: assets.leptos_options(config.site_addr),
        signer: Arc::new(Signer::new(&config.chat.secret, config.chat.ttl)),
        widget: Arc::new(widget_settings(&config.chat, &assets)),
        sandbox: config
            .chat
            .sandbox
            .then(|| Sandbox::new(&config.chat.secret, config.chat.team_slug.clone(), config.chat.api_base.clone())),
        backend: Backend::new(Users::new(database.pool.clone()), Passwords::default(), devices),
        sessions,
        limits,
        assets,
        database: database.clone(),
        config,
    });
    Ok(App { service: router(state, files)?, database, sweeper })
}

/// Serves until SIGTERM or SIGINT, then lets requests finish and closes the database.
pub async fn run(config: Config) -> Result<(), RunError> {
    start_logging(&config);
    let (address, url, sandbox) = (config.site_addr, config.origin(), config.chat.sandbox);
    // Each connection is an open file, and the usual limit of those is low.
    let _as_many_as_allowed = rlimit::increase_nofile_limit(u64::MAX);
    if let Some(address) = config.metrics_addr {
        let counts = metrics::install()?;
        let listener = TcpListener::bind(address).await.map_err(|error| RunError::MetricsListen(address, error))?;
        tokio::spawn(metrics::serve(listener, counts));
    }
    let app = build(config).await?;
    // Tokio's own: the standard library's lets far fewer connections wait to be accepted.
    let listener = TcpListener::bind(address).await.map_err(|error| RunError::Listen(address, error))?;
    let listener = listener.into_std().map_err(RunError::Serve)?;
    tracing::info!(%address, url, sandbox, "serving");
    let handle = axum_server::Handle::new();
    tokio::spawn({
        let handle = handle.clone();
        async move {
            stop_signal().await;
            tracing::info!("stopping");
            handle.graceful_shutdown(Some(DRAIN));
        }
    });
    let mut server = axum_server::from_tcp(listener)
        .map_err(RunError::Serve)?
        .handle(handle)
        .first_request_timeout(HEADERS)
        .accept_error_handler(|_, error| tracing::warn!(%error, "a connection was not accepted"));
    let service = app.service.map_request(|request: http::Request<_>| request.map(Body::new));
    // Also how long a connection may be idle between two requests.
    server.http_builder().http1().header_read_timeout(HEADERS);
    let served = server.serve(service.into_make_service_with_connect_info::<SocketAddr>()).await;
    app.sweeper.abort();
    app.database.pool.close().await;
    served.map_err(RunError::Serve)
}

fn start_logging(config: &Config) {
    // A session that has ended is no suspicious activity, and whoever makes one up must not be able to
    // fill the disk with lines about it. What failed at log-in we log ourselves.
    let quiet = ["tower_sessions=error", "tower_sessions_core=error", "axum_login::session=off"];
    let quiet = quiet.iter().filter_map(|directive| directive.parse().ok());
    let filter = quiet.fold(EnvFilter::new(&config.log_filter), EnvFilter::add_directive);
    let colours = io::stderr().is_terminal();
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(colours);
    match config.log_format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
}

async fn sweep(sessions: Sessions, limits: Arc<Limits>) {
    let (mut sweep, mut forget) = (time::interval(SWEEP), time::interval(FORGET));
    let forget = async {
        loop {
            forget.tick().await;
            limits.forget_the_calm();
        }
    };
    let delete = async {
        loop {
            sweep.tick().await;
            if let Err(error) = sessions.delete_expired().await {
                tracing::warn!(%error, "ended sessions could not be removed");
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
