//! Hostile requests, made up at random: never a 500, never a detail of ours.

use ::http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use axum::body::Body;
use leptos::server_fn::{ServerFn as _, axum::server_fn_paths};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use ticketping_leptos::accounts::server_functions::LogOut;

use crate::support::TestApp;

/// What is asked for, beside every server function.
const ROUTES: [&str; 21] = [
    "/",
    "/login",
    "/signup",
    "/account",
    "/check-mail",
    "/choose-password?token=x",
    "/forgot",
    "/confirm-email?token=x",
    "/healthz",
    "/readyz",
    "/robots.txt",
    "/favicon.ico",
    "/login/passkey",
    "/second-factor",
    "/account/app",
    "/account/recovery-codes",
    "/sandbox/mail",
    "/api/auth/export",
    "/api/auth/nothing",
    "/assets/dev/pkg/ticketping-leptos.css",
    "/assets/dev/../../Cargo.toml",
];
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"];
const PIECES: [&str; 25] = [
    "%00",
    "%ff",
    "..",
    "/",
    "//",
    "\\",
    "%2e%2e%2f",
    "?",
    "&",
    "=",
    "email=",
    "password=",
    "next=//evil.example",
    "token=",
    "name=",
    "'",
    "\"",
    "<script>",
    "${7*7}",
    "{{x}}",
    "a@b.c",
    "%F0%9F%98%80",
    "\u{202e}",
    "; DROP TABLE users",
    "0",
];
const HEADERS: [&str; 18] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "if-none-match",
    "origin",
    "range",
    "referer",
    "sec-fetch-site",
    "transfer-encoding",
    "user-agent",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-request-id",
];
/// What would tell an attacker how the server is made.
const DETAILS: [&str; 8] =
    ["panicked", "sqlx", "SQLITE", "sqlite", "src/", "backtrace", "password_hash", env!("CARGO_MANIFEST_DIR")];

fn pieces(random: &mut StdRng, most: usize) -> String {
    (0..random.random_range(0..=most)).map(|_| *PIECES.choose(random).unwrap()).collect()
}

fn bytes(random: &mut StdRng, most: usize) -> Vec<u8> {
    (0..random.random_range(0..=most)).map(|_| random.random()).collect()
}

/// Logging out is left out: the session is to last.
fn routes() -> Vec<&'static str> {
    let functions = server_fn_paths().map(|(path, _)| path).filter(|path| *path != LogOut::PATH);
    ROUTES.into_iter().chain(functions).collect()
}

fn request(random: &mut StdRng, routes: &[&str], cookie: &str) -> Option<Request<Body>> {
    let mut path = (*routes.choose(random).unwrap()).to_owned();
    if random.random_bool(0.3) {
        path = format!("{path}{}", pieces(random, 6));
    }
    let method = Method::from_bytes(METHODS.choose(random).unwrap().as_bytes()).unwrap();
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:3000");
    if random.random_bool(0.5) {
        request = request.header(header::COOKIE, cookie);
    }
    if random.random_bool(0.6) {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    if random.random_bool(0.5) {
        request = request.header(header::ACCEPT, "text/html");
    }
    for _ in 0..random.random_range(0..4) {
        let name = HeaderName::from_static(HEADERS.choose(random).unwrap());
        let value = if random.random_bool(0.5) { bytes(random, 200) } else { pieces(random, 8).into_bytes() };
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            request = request.header(name, value);
        }
    }
    let body = match random.random_range(0..4) {
        0 => Vec::new(),
        1 => pieces(random, 30).into_bytes(),
        2 => bytes(random, 2_000),
        _ => vec![b'a'; random.random_range(0..100_000)],
    };
    request.body(body.into()).ok()
}

#[test]
fn ten_thousand_hostile_requests_end_in_no_panic_no_500_and_no_detail_of_ours() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "1000000")]);
    let alice = app.client();
    alice.sign_up("alice@example.com");
    let cookie = format!("session={}", alice.cookie("session").unwrap());
    // SEED repeats a run.
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    println!("SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let routes = routes();
    assert!(routes.len() > 40, "{routes:?}");
    let mut sent = 0;
    while sent < 10_000 {
        let Some(request) = request(&mut random, &routes, &cookie) else { continue };
        sent += 1;
        let shown = format!("{request:?}");
        let (parts, body) = app.send_raw(request);
        assert!(!parts.status.is_server_error(), "{} {shown}", parts.status);
        let text = without_nonce(&String::from_utf8_lossy(&body));
        if !parts.status.is_success() {
            for detail in DETAILS {
                assert!(!text.contains(detail), "{detail} in the answer to {shown}: {text}");
            }
        }
    }
    assert!(alice.is_signed_in(), "the requests with the cookie were nobody's");
    assert_eq!(app.client().sign_up("bob@example.com").status, StatusCode::SEE_OTHER);
}

/// A nonce is random: it may spell any word.
fn without_nonce(page: &str) -> String {
    let nonce = page.split_once("nonce=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(nonce, _)| nonce);
    nonce.map_or_else(|| page.to_owned(), |nonce| page.replace(nonce, ""))
}
