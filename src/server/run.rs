//! Serves until it is told to stop.

use std::{future, io, net::SocketAddr, process, time::Duration};

use axum::{ServiceExt as _, body::Body, response::Response};
use axum_server::{Handle, Server as HttpServer};
use http::{HeaderValue, Request, StatusCode, header};
use secrecy::ExposeSecret as _;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    time,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::{
    assemble::{AssembleError, assemble},
    config::Config,
    database::place,
    http::metrics,
    listener::{HeldSocketError, Peer, StoppableListener, held_socket},
    log::Log,
};

/// How long connections that are there may send another request once the server was told to stop.
const LAST_REQUESTS: Duration = Duration::from_millis(250);
/// How long requests may then take to finish; after that, how long those whose clients have gone, and mails on their way, may
/// take. Closing the database may take as long as one statement. The service manager must allow for the sum.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
const CUT_OFF_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECTIONS_INTERVAL: Duration = Duration::from_millis(10);
/// How long a request's headers may take to arrive.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// The largest head of a request, in bytes: half of one is kept in memory until the rest has come.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Why the server did not start or did not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    #[error(transparent)]
    HeldSocket(#[from] HeldSocketError),
    #[error("cannot listen on {0}: {1}. Set LEPTOS_SITE_ADDR to another address.")]
    Listen(SocketAddr, io::Error),
    #[error("cannot listen on {0}: {1}. Set METRICS_ADDR to another address.")]
    MetricsListen(SocketAddr, io::Error),
    #[error("the metrics for METRICS_ADDR cannot be set up: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    #[error("the signals that end the server cannot be received: {0}")]
    Signals(io::Error),
    #[error("the server stopped: {0}")]
    Serve(io::Error),
}

/// Serves until SIGTERM, SIGINT or SIGHUP (the terminal has gone), then lets requests finish and closes the database.
pub async fn run(config: Config) -> Result<(), RunError> {
    let log = Log::start(&config);
    // Before anything else reads the environment: it is taken out of it.
    let held = held_socket(config.site_addr)?;
    let (address, url, sandbox) = (config.site_addr, config.origin(), config.chat.sandbox);
    let database = place(config.database_url.expose_secret());
    // Each connection is an open file, and the usual limit of those is low.
    let _as_many_as_allowed = rlimit::increase_nofile_limit(u64::MAX);
    if let Some(address) = config.metrics_addr {
        let counts = metrics::install()?;
        let listener = TcpListener::bind(address).await.map_err(|error| RunError::MetricsListen(address, error))?;
        tokio::spawn(metrics::serve(listener, counts));
    }
    let mut stop = StopSignals::new().map_err(RunError::Signals)?;
    let server = tokio::select! {
        assembled = assemble(config) => assembled?,
        // Another process may hold the database for a while.
        () = stop.next() => return Ok(()),
    };
    let stopping = CancellationToken::new();
    let opened = StoppableListener::open(held, address, stopping.clone()).await;
    let listener = opened.map_err(|error| RunError::Listen(address, error))?;
    tracing::info!(%address, url, sandbox, database, version = env!("CARGO_PKG_VERSION"), "serving");
    tokio::spawn(log.tell_of_dropped());
    let handle: Handle<Peer> = Handle::new();
    tokio::spawn({
        let (handle, stopping) = (handle.clone(), stopping.clone());
        async move {
            stop.next().await;
            tracing::info!("stopping");
            stopping.cancel();
            let shut_down = async {
                no_connection(&handle, LAST_REQUESTS).await;
                handle.graceful_shutdown(Some(SHUTDOWN_TIMEOUT));
                future::pending().await
            };
            // Asked twice: at once.
            tokio::select! {
                () = shut_down => {}
                () = stop.asked() => process::exit(1),
            }
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
    server.background.abort();
    tokio::join!(server.to_its_end.wait(CUT_OFF_TIMEOUT), server.mailer.finish(CUT_OFF_TIMEOUT));
    server.database.pool.close().await;
    tracing::info!("stopped");
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

/// SIGINT, SIGTERM and SIGHUP, from the moment in which it is made: none is lost between two of them.
struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    /// `None` where it is ignored, as under `nohup`.
    hang_up: Option<Signal>,
}

impl StopSignals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: if is_hang_up_ignored() { None } else { Some(signal(SignalKind::hangup())?) },
        })
    }

    /// Any of them.
    async fn next(&mut self) {
        let hang_up = async {
            match &mut self.hang_up {
                Some(hang_up) => hang_up.recv().await,
                None => future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hang_up => {}
        }
    }

    /// One that somebody has sent. A terminal that goes away may say so twice.
    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn is_hang_up_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The first signal is the lowest bit.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
