//! What the libraries cost by themselves, so that a figure of the app says how much of it is the app's own.
//!
//! `ceiling ADDRESS [DATABASE]`, the log to standard error.

use std::{convert::Infallible, io::BufWriter, sync::Arc};

use axum::{
    Json, Router,
    extract::{Request, State},
    routing::{any, get},
};
use axum_login::{AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend};
use http::{HeaderMap, StatusCode, header};
use leptos::{
    prelude::*,
    server_fn::{axum::server_fn_paths, codec::GetUrl},
};
use leptos_axum::{LeptosRoutes, extract, generate_route_list_with_exclusions, handle_server_fns_with_context};
use leptos_ticketping::{AppId, JwtSecret, Signer, TeamSlug, TicketpingConfig, Visitor};
use sqlx::{SqlitePool, sqlite::SqlitePoolOptions};
use ticketping_leptos::{
    accounts::{CurrentUser, provide_current_user},
    app::{App, shell},
    support_chat::SignedToken,
};
use tower_http::trace::{DefaultOnResponse, TraceLayer};
use tower_sessions::{MemoryStore, SessionManagerLayer};
use tracing::Level;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The log as the app has it.
    let (lines, _writes_the_rest) =
        tracing_appender::non_blocking(BufWriter::with_capacity(1 << 16, std::io::stderr()));
    tracing_subscriber::fmt()
        .with_env_filter("info,tower_sessions=error,axum_login::service=error")
        .with_writer(lines)
        .init();
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:3298".to_owned());
    let signer = Signer::new(&JwtSecret::random());
    let mut router = Router::new()
        .route("/api/ticketping/chat-jwt", get(sign))
        .with_state(signer.clone())
        .merge(with_session(signer.clone()))
        .merge(page()?);
    if let Some(file) = arguments.next() {
        // As the app has it: a connection is not asked first whether it is there.
        let pool = SqlitePoolOptions::new().max_connections(8).test_before_acquire(false);
        let pool = pool.connect(&format!("sqlite://{file}")).await?;
        router = router.merge(Router::new().route("/sqlx", get(read)).with_state((pool, signer)));
    }
    Ok(axum::serve(tokio::net::TcpListener::bind(address).await?, router).await?)
}

/// Signing alone: on this axum no token endpoint can be faster.
async fn sign(State(signer): State<Signer>) -> Json<SignedToken> {
    signed(&signer, EMAIL)
}

fn signed(signer: &Signer, email: &str) -> Json<SignedToken> {
    let visitor = Visitor::new("01890a5d-ac96-774b-bcce-b302099a8057", email).with_name(Some("Bench".to_owned()));
    Json(SignedToken { jwt: signer.sign(&visitor).unwrap_or_default() })
}

/// Signing by a server function, for the user of a session, with a line in the log: sessions and the only user are in
/// memory, and nothing else is around it.
fn with_session(signer: Signer) -> Router {
    let sessions = SessionManagerLayer::new(MemoryStore::default());
    let run = move |request| {
        let signer = signer.clone();
        handle_server_fns_with_context(move || provide_context(signer.clone()), request)
    };
    Router::new()
        .route("/libraries/chat-jwt", any(run))
        .route("/libraries/start", get(start))
        .layer(AuthManagerLayerBuilder::new(Known, sessions).build())
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(|request: &Request| {
                    let (method, path) = (request.method(), request.uri().path());
                    tracing::info_span!("request", %method, path, user.id = tracing::field::Empty)
                })
                .on_request(())
                .on_response(DefaultOnResponse::new().level(Level::INFO)),
        )
}

#[server(prefix = "/libraries", endpoint = "chat-jwt", input = GetUrl)]
async fn token_of_session() -> Result<SignedToken, ServerFnError> {
    let session: AuthSession<Known> = extract().await?;
    session.user.ok_or_else(|| ServerFnError::new("signed out"))?;
    Ok(signed(&expect_context::<Signer>(), EMAIL).0)
}

async fn start(mut session: AuthSession<Known>) -> StatusCode {
    match session.login(&Only).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Our page of a user, rendered by Leptos: no session, no log.
fn page() -> Result<Router, leptos_ticketping::ConfigError> {
    let chat = Arc::new(TicketpingConfig::new(AppId::parse("bench")?, TeamSlug::parse("bench")?));
    let context = move || {
        provide_context(Arc::clone(&chat));
        let (id, email, name) = ("bench".to_owned(), EMAIL.to_owned(), Some("Bench".to_owned()));
        provide_current_user(Some(CurrentUser { id, email, name }));
    };
    let options = LeptosOptions::builder().output_name("ticketping-leptos").build();
    let for_shell = options.clone();
    let functions = server_fn_paths().map(|(path, _)| path.to_owned()).collect();
    let routes = generate_route_list_with_exclusions(App, Some(functions));
    let pages = Router::new();
    let pages = pages.leptos_routes_with_context(&options, routes, context, move || shell(for_shell.clone()));
    Ok(pages.with_state(options))
}

/// Signing for a user whom one statement reads by primary key, and who is not looked for in memory. The cookie is the
/// user's id.
async fn read(
    State((pool, signer)): State<(SqlitePool, Signer)>,
    headers: HeaderMap,
) -> Result<Json<SignedToken>, StatusCode> {
    let id = headers.get(header::COOKIE).and_then(|cookie| cookie.to_str().ok()?.strip_prefix("session="));
    let email: Result<String, _> =
        sqlx::query_scalar("SELECT email FROM users WHERE id = $1").bind(id).fetch_one(&pool).await;
    email.map(|email| signed(&signer, &email)).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

/// Who asks.
const EMAIL: &str = "bench@example.com";

/// The only user, in memory.
#[derive(Clone, Debug)]
struct Only;

impl AuthUser for Only {
    type Id = String;

    fn id(&self) -> String {
        EMAIL.to_owned()
    }

    fn session_auth_hash(&self) -> &[u8] {
        EMAIL.as_bytes()
    }
}

/// Knows one user.
#[derive(Clone)]
struct Known;

impl AuthnBackend for Known {
    type User = Only;
    type Credentials = ();
    type Error = Infallible;

    async fn authenticate(&self, (): ()) -> Result<Option<Only>, Infallible> {
        Ok(None)
    }

    async fn get_user(&self, _: &String) -> Result<Option<Only>, Infallible> {
        Ok(Some(Only))
    }
}
