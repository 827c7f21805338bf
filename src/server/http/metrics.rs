//! What the server counts, for Prometheus, at an address of its own: the site never shows it.

use std::{io, time::Instant};

use ::http::{Method, header};
use axum::{
    Router,
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
    routing::get,
};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::{net::TcpListener, time};

/// How often measured times are sorted into their buckets, so that they do not pile up.
const UPKEEP: time::Duration = time::Duration::from_secs(5);
/// Upper bounds of the buckets that times are sorted into, in seconds.
const BUCKETS: [f64; 10] = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// Prometheus's text format.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4";

/// Starts counting.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &BUCKETS)?
        .install_recorder()?;
    describe_counter!("http_requests_total", "Answers, by route, method and status.");
    describe_histogram!("http_request_seconds", "Time to an answer, by route.");
    describe_histogram!("database_seconds", "Time in the database, waiting for a connection included, by statement.");
    describe_counter!("log_ins_total", "Log-ins, by outcome.");
    describe_counter!("chat_tokens_total", "Chat tokens that were signed.");
    describe_gauge!("password_hashes_waiting", "Passwords being hashed or waiting for it.");
    describe_counter!("mails_total", "Tries to send a mail, by outcome.");
    describe_gauge!("mails_waiting", "Mails that wait to be sent.");
    describe_gauge!("build_info", "1, with the version of the program.");
    gauge!("build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
    // What has never happened is 0: otherwise a first failure would be no increase.
    counter!("chat_tokens_total").absolute(0);
    for outcome in ["right", "wrong", "limited", "second_factor", "disabled"] {
        counter!("log_ins_total", "outcome" => outcome).absolute(0);
    }
    for outcome in ["sent", "failed", "refused", "given_up", "not_needed"] {
        counter!("mails_total", "outcome" => outcome).absolute(0);
    }
    Ok(handle)
}

/// Shows the counts at `/metrics` until the process ends.
pub async fn serve(listener: TcpListener, handle: PrometheusHandle) -> io::Result<()> {
    let upkeep = handle.clone();
    tokio::spawn(async move {
        let mut clock = time::interval(UPKEEP);
        loop {
            clock.tick().await;
            upkeep.run_upkeep();
        }
    });
    let router = Router::new()
        .route("/metrics", get(move || std::future::ready(([(header::CONTENT_TYPE, TEXT_FORMAT)], handle.render()))));
    axum::serve(listener, router).await
}

/// On a request that no client has sent.
#[derive(Clone, Copy)]
pub struct NotCounted;

/// Counts a request and its time.
pub async fn measure(request: Request, next: Next) -> Response {
    if request.extensions().get::<NotCounted>().is_some() {
        return next.run(request).await;
    }
    // The route, not the path: a path can be anything.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    // A client may call its method anything, and each new one would be a series.
    let method = match *request.method() {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    };
    let begin = Instant::now();
    let response = next.run(request).await;
    histogram!("http_request_seconds", "route" => route.clone()).record(begin.elapsed());
    let status = response.status().as_u16().to_string();
    counter!("http_requests_total", "route" => route, "method" => method, "status" => status).increment(1);
    response
}
