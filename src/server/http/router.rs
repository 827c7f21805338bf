//! The way of a request, from outside in: trace, security headers, error pages, forms from this site only and read whole,
//! session and user, then the page or the server function.

use std::{convert::Infallible, time::Duration};

use ::http::{Extensions, HeaderMap, StatusCode, Version};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::provide_context;
use leptos_axum::{LeptosRoutes, generate_route_list_with_exclusions};
use leptos_ticketping::expire_chat_cookies_with;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tower::{Service, ServiceBuilder, layer::layer_fn};
use tower_http::{
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, Predicate as _},
    },
    csrf::ConfigError,
    limit::RequestBodyLimitLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    timeout::{RequestBodyTimeoutLayer, TimeoutLayer},
    trace::{DefaultOnResponse, TraceLayer},
};

use super::{
    contexts::{provide_page_context, request_id},
    error_pages::{RequestedBy, attach_user, error_pages},
    factor_pages::{
        Uncompressed, account_page, new_app_page, passkey_log_in_page, recovery_codes_page, second_factor_page,
    },
    mail_pages::{link_page, mailbox_page},
    metrics,
    render::render_page,
    security_headers,
    server_functions::{server_function, wrong_method},
    to_its_end::ToItsEndLayer,
    whole_form::read_form_first,
};
use crate::{
    accounts::server::{SESSION_COOKIE, cookies, session_layer},
    app::{App, shell},
    error::AppError,
    server::state::AppState,
    site::SUPPORT_ADDRESS,
};

/// The largest form, in bytes. Ours are far smaller.
const MAX_FORM_BYTES: usize = 64 * 1024;
/// How long a form may pause while it arrives.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request may take as a whole.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of a path is logged.
const LOGGED_BYTES: usize = 200;

/// Pages that ask the database before they are rendered: `mail_pages.rs` and `factor_pages.rs`.
const PAGES_THAT_ASK: [&str; 8] = [
    "/choose-password",
    "/confirm-email",
    "/sandbox/mail",
    "/account",
    "/account/app",
    "/account/recovery-codes",
    "/second-factor",
    "/login/passkey",
];

/// What answers every request: an axum router with layers around it.
pub trait HttpService:
    Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
}

impl<S> HttpService for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
}

/// Everything that answers. `assets` serves the site's files.
pub fn router(
    state: AppState,
    assets: Router<AppState>,
    to_its_end: ToItsEndLayer,
) -> Result<impl HttpService, ConfigError> {
    let session_cookie = cookies::name(SESSION_COOKIE, state.config.is_https());
    let with_user = pages(&state).merge(server_functions()).layer(
        // One layer for all of them: each layer on its own is one more box that is cloned for each request.
        ServiceBuilder::new()
            .layer(to_its_end)
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIMEOUT))
            .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
            .layer(RequestBodyLimitLayer::new(MAX_FORM_BYTES))
            .map_request(|request: ::http::Request<_>| request.map(Body::new))
            .map_response(move |response: Response| {
                let mut response = unavailable_without_sessions(response);
                expire_chat_cookies_with(&session_cookie, response.headers_mut());
                cookies::secure_prefixed(response.headers_mut());
                response
            })
            .layer(security_headers::same_origin(&state.config)?)
            .layer(layer_fn(read_form_first))
            .layer(session_layer(state.sessions.clone(), state.backend.clone(), state.config.is_https())),
    );
    let icon = state.assets.url("mark.svg");
    let mut all = with_user
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/.well-known/change-password", get(|| async { Redirect::temporary("/account") }))
        .route("/.well-known/security.txt", get(security_txt))
        .route("/robots.txt", get(|| async { "User-agent: *\nAllow: /\n" }))
        .route("/favicon.ico", get(move || std::future::ready(Redirect::temporary(&icon))))
        .merge(assets);
    if let Some(sandbox) = &state.sandbox {
        // It stands for another origin: no session, no rule for forms, limits of its own.
        all = all.nest_service("/sandbox", sandbox.router());
    }
    if state.config.metrics_addr.is_some() {
        all = all.layer(middleware::from_fn(metrics::measure));
    }
    let trace = TraceLayer::new_for_http()
        .make_span_with(|request: &Request| {
            let id = request_id(request.headers()).map(tracing::field::display);
            let path = logged_path(request.uri().path());
            tracing::info_span!("request", id, method = %request.method(), path, user.id = tracing::field::Empty)
        })
        .on_request(())
        .on_response(DefaultOnResponse::new().level(tracing::Level::INFO));
    let add_security_headers = security_headers::add_to_response(&state.config);
    let routes = all.with_state(state.clone());
    // Around the router and not in it: that would be one more box for each request.
    Ok(ServiceBuilder::new()
        .map_request(remove_what_deceives)
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .map_response(Response::into_response)
        .layer(trace)
        .layer(PropagateRequestIdLayer::x_request_id())
        .map_response(add_security_headers)
        .service_fn(move |request| error_pages(state.clone(), routes.clone(), request)))
}

fn pages(state: &AppState) -> Router<AppState> {
    let for_context = state.clone();
    let context = move || provide_page_context(&for_context);
    let options = state.leptos.clone();
    let page_shell = move || shell(options.clone());
    // Leptos would serve its server functions beside the pages; they have routes of their own.
    let excluded = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path);
    let excluded = excluded.chain(PAGES_THAT_ASK).map(str::to_owned).collect();
    let routes = generate_route_list_with_exclusions(App, Some(excluded));
    let mut pages = Router::new().leptos_routes_with_context(state, routes, context, page_shell).fallback(not_found);
    pages = pages
        .route("/choose-password", get(link_page))
        .route("/confirm-email", get(link_page))
        .route("/account", get(account_page))
        .route("/account/app", get(new_app_page))
        .route("/account/recovery-codes", get(recovery_codes_page))
        .route("/second-factor", get(second_factor_page))
        .route("/login/passkey", get(passkey_log_in_page));
    if state.sandbox.is_some() {
        pages = pages.route("/sandbox/mail", get(mailbox_page));
    }
    pages.layer(
        ServiceBuilder::new()
            .layer(middleware::from_fn(attach_user))
            // With gzip: brotli makes a page 4 % smaller and takes four times as long.
            .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(may_be_compressed))),
    )
}

fn may_be_compressed(_: StatusCode, _: Version, _: &HeaderMap, response: &Extensions) -> bool {
    response.get::<Uncompressed>().is_none()
}

fn server_functions() -> Router<AppState> {
    Router::new()
        .route("/api/auth/export", get(server_function).fallback(wrong_method))
        .route("/api/auth/{name}", post(server_function).fallback(wrong_method))
        .route("/api/ticketping/chat-jwt", get(server_function).fallback(wrong_method))
}

async fn not_found(State(state): State<AppState>, request: Request) -> Response {
    if request.uri().path().starts_with("/api/") {
        return AppError::NotFound.into_response();
    }
    let response = render_page(&state, request, || provide_context(AppError::NotFound)).await;
    (StatusCode::NOT_FOUND, response).into_response()
}

/// Where the session layer cannot ask the database, it answers with an empty 500 and removes the browser's session
/// cookie, although the session may well be there.
fn unavailable_without_sessions(response: Response) -> Response {
    let extensions = response.extensions();
    let was_reached = extensions.get::<RequestedBy>().is_some() || extensions.get::<AppError>().is_some();
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR && !was_reached {
        return AppError::Unavailable.into_response();
    }
    response
}

/// Takes out what a client could deceive with: an id of its own for the request, and cookies under disguised names.
fn remove_what_deceives(mut request: Request) -> Request {
    let headers: &mut HeaderMap = request.headers_mut();
    headers.remove("x-request-id");
    cookies::drop_disguised(headers);
    request
}

/// The path alone: a query can hold a token, also one that a mail program has encoded, once or twice. No path of ours has a
/// percent sign. And not more of it than a line takes.
fn logged_path(path: &str) -> &str {
    &path[..path.floor_char_boundary(path.find('%').unwrap_or(path.len()).min(LOGGED_BYTES))]
}

/// Whom to tell about a hole (RFC 9116). It expires a year from now, whenever now is: this server is what says so.
async fn security_txt(State(state): State<AppState>) -> String {
    let expires = OffsetDateTime::now_utc() + time::Duration::days(365);
    let expires = expires.replace_nanosecond(0).unwrap_or(expires).format(&Rfc3339).unwrap_or_default();
    let canonical = format!("{}/.well-known/security.txt", state.config.origin());
    format!("Contact: mailto:{SUPPORT_ADDRESS}\nExpires: {expires}\nCanonical: {canonical}\nPreferred-Languages: en\n")
}

async fn ready(State(state): State<AppState>) -> StatusCode {
    if state.database.is_reachable().await { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

#[cfg(test)]
mod tests {
    use super::logged_path;

    #[test]
    fn a_query_is_not_logged_however_it_is_written() {
        assert_eq!(logged_path("/choose-password%3Ftoken=secret"), "/choose-password");
        assert_eq!(logged_path("/choose-password%253Ftoken=secret"), "/choose-password");
        assert_eq!(logged_path("/assets/x/widget.css"), "/assets/x/widget.css");
        assert_eq!(logged_path(&"/x".repeat(1_000)).len(), 200);
        assert_eq!(logged_path(&format!("/{}", "ä".repeat(1_000))).len(), 199);
    }
}
