//! The way of a request, from outside in: trace, security headers, error pages, forms from this
//! site only, session and user, then the page or the server function.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::{
    LeptosRoutes, ResponseOptions, generate_route_list_with_exclusions, handle_server_fns_with_context,
    render_app_to_stream_with_context,
};
use tower::{Service, ServiceBuilder};
use tower_http::{
    compression::CompressionLayer,
    limit::RequestBodyLimitLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    timeout::{RequestBodyTimeoutLayer, TimeoutLayer},
    trace::{DefaultOnResponse, TraceLayer},
};

use super::{
    error::{self, Viewed},
    metrics, security,
    state::AppState,
};
use crate::{
    app::{App, Cookies, Redirect as PageRedirect, RequestId, SiteInfo, shell},
    auth::{
        CurrentUser, provide_current_user,
        server::{self as accounts, AuthSession, SecureCookies, take_feedback},
    },
    error::AppError,
    ticketping::CHAT_COOKIE,
};

/// The largest form, in bytes. Ours are far smaller.
const FORM_BYTES: usize = 64 * 1024;
/// How long a form may stop arriving before it is given up.
const BODY_PAUSE: Duration = Duration::from_secs(10);
/// How long a request may take as a whole before the server calls itself busy.
const REQUEST: Duration = Duration::from_secs(30);

/// Answers every request: axum's router with layers around it, which are no router any more.
pub trait HttpService:
    Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
}

impl<S> HttpService for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
}

/// Everything that answers. `assets` serves the site's files.
pub fn router(state: AppState, assets: Router<AppState>) -> Result<impl HttpService, tower_http::csrf::ConfigError> {
    let sessions = accounts::layer(state.sessions.clone(), state.backend.clone(), state.config.is_https());
    let context = {
        let state = state.clone();
        move || provide_page_context(&state)
    };
    let page_shell = {
        let state = state.clone();
        move || shell(state.leptos.clone())
    };
    // Leptos would serve its functions beside the pages; they have a way of their own below.
    let functions = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path.to_owned()).collect();
    let routes = generate_route_list_with_exclusions(App, Some(functions));
    // Layers are put together before they go around routes: each that goes around on its own is a
    // box that is cloned, with all boxes in it, for each request.
    let pages =
        Router::new().leptos_routes_with_context(&state, routes, context, page_shell).fallback(not_found).layer(
            ServiceBuilder::new()
                .layer(middleware::from_fn(note_viewer))
                // As brotli a page is 4 % smaller than as gzip and takes four times as long: who reads both
                // gets gzip.
                .layer(CompressionLayer::new().no_gzip())
                .layer(CompressionLayer::new().no_br()),
        );
    let functions = Router::new()
        .route("/api/auth/{name}", post(server_function).fallback(wrong_method))
        .route("/api/ticketping/chat-jwt", get(server_function).fallback(wrong_method));
    let with_user = pages.merge(functions).layer(
        ServiceBuilder::new()
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST))
            .layer(RequestBodyTimeoutLayer::new(BODY_PAUSE))
            .layer(RequestBodyLimitLayer::new(FORM_BYTES))
            .map_request(|request: http::Request<_>| request.map(Body::new))
            .map_response(|response: Response| forget_chat_with_session(unavailable_without_sessions(response)))
            .layer(security::same_origin(&state.config)?)
            .layer(sessions),
    );
    let icon = state.assets.url("mark.svg");
    let mut all = with_user
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/robots.txt", get(|| async { "User-agent: *\nAllow: /\n" }))
        .route("/favicon.ico", get(move || std::future::ready(Redirect::temporary(&icon))))
        .merge(assets);
    if let Some(sandbox) = &state.sandbox {
        // Stands for another origin: no session, no form rules, its own limits.
        all = all.nest_service("/sandbox", sandbox.router());
    }
    if state.config.metrics_addr.is_some() {
        all = all.layer(middleware::from_fn(metrics::measure));
    }
    let trace = TraceLayer::new_for_http()
        .make_span_with(|request: &Request| {
            let id = request_id(request.headers());
            // The path alone: a query can hold a token.
            tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
        })
        .on_request(())
        .on_response(DefaultOnResponse::new().level(tracing::Level::INFO));
    let routes = all.with_state(state.clone());
    // Not a router's layers: that would be a box more for each request.
    Ok(ServiceBuilder::new()
        .map_request(forget_given_id)
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .map_response(Response::into_response)
        .layer(trace)
        .layer(PropagateRequestIdLayer::x_request_id())
        .map_response(security::headers(&state.config))
        .service_fn(move |request| error::error_pages(state.clone(), routes.clone(), request)))
}

/// Renders the app for a request that no route of its own answers.
pub async fn page(state: &AppState, request: Request, extra: impl Fn() + Clone + Send + Sync + 'static) -> Response {
    let (context, options) = (state.clone(), state.leptos.clone());
    let context = move || {
        provide_page_context(&context);
        extra();
    };
    render_app_to_stream_with_context(context, move || shell(options.clone()))(request).await.into_response()
}

async fn not_found(State(state): State<AppState>, request: Request) -> Response {
    if request.uri().path().starts_with("/api/") {
        return AppError::NotFound.into_response();
    }
    let response = page(&state, request, || provide_context(AppError::NotFound)).await;
    (StatusCode::NOT_FOUND, response).into_response()
}

async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    let run = async |request| {
        handle_server_fns_with_context(move || provide_function_context(&state), request).await.into_response()
    };
    error::of_server_function(request, run).await
}

async fn wrong_method(request: Request) -> Response {
    error::of_server_function(request, async |_| AppError::MethodNotAllowed.into_response()).await
}

fn provide_function_context(state: &AppState) {
    provide_current_user(with_context(|parts: &Parts| current_user(&parts.extensions)).flatten());
    provide_context(Arc::clone(&state.signer));
    provide_context(Arc::clone(&state.limits));
    provide_context(SecureCookies(state.config.is_https()));
}

fn provide_page_context(state: &AppState) {
    provide_context(SiteInfo {
        assets: state.assets.base().to_owned(),
        public_url: state.config.origin(),
        sandbox: state.sandbox.is_some(),
    });
    provide_context(Arc::clone(&state.widget));
    provide_context(Arc::clone(&state.limits));
    // Both are missing once, when the routes are listed at start.
    let (Some(parts), Some(response)) = (use_context::<Parts>(), use_context::<ResponseOptions>()) else { return };
    if let Some(policy) = use_nonce().and_then(|nonce| security::content_security_policy(&state.config, &nonce)) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    let redirected = response.clone();
    provide_context(PageRedirect(Arc::new(move |path| {
        if let Ok(path) = HeaderValue::from_str(path) {
            redirected.insert_header(header::LOCATION, path);
            redirected.set_status(StatusCode::SEE_OTHER);
        }
    })));
    if let Some(id) = request_id(&parts.headers) {
        provide_context(RequestId(id.to_owned()));
    }
    provide_context(Cookies { theme: accounts::read_cookie(&parts.headers, "theme") });
    let user = current_user(&parts.extensions);
    // A signed-in page must not come back after log-out, from any cache.
    let caching = if user.is_some() { "no-store" } else { "private, no-cache" };
    response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    provide_current_user(user);
    if matches!(parts.uri.path(), "/login" | "/signup" | "/account")
        && let Some((feedback, forget)) = take_feedback(&parts.headers, state.config.is_https())
    {
        response.append_header(header::SET_COOKIE, forget);
        response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if !feedback.problems.is_empty() {
            response.set_status(StatusCode::UNPROCESSABLE_ENTITY);
        }
        provide_context(feedback);
    }
}

/// The user of a request's session.
pub fn current_user(request: &Extensions) -> Option<CurrentUser> {
    request.get::<AuthSession>().and_then(|auth| auth.user.as_ref()).map(Into::into)
}

/// Leaves on the response whose it is.
pub async fn note_viewer(request: Request, next: Next) -> Response {
    let html = error::reads_html(request.headers());
    let viewed = Viewed(if html { current_user(request.extensions()) } else { None });
    let mut response = next.run(request).await;
    response.extensions_mut().insert(viewed);
    response
}

/// Where the session layer could not ask the database, it answers with an empty 500 and lets the
/// browser forget a session that may well be there.
fn unavailable_without_sessions(response: Response) -> Response {
    // Whatever else fails says how, and whose page it was.
    let known = response.extensions();
    let reached = known.get::<Viewed>().is_some() || known.get::<AppError>().is_some();
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR && !reached {
        return AppError::Unavailable.into_response();
    }
    response
}

/// Only this server names requests: what a client calls his could be anything.
fn forget_given_id(mut request: Request) -> Request {
    request.headers_mut().remove("x-request-id");
    request
}

fn request_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-request-id").and_then(|id| id.to_str().ok())
}

/// A new session cookie is a new identity: the chat token of the one before must go with it, also
/// where no script runs to remove it.
fn forget_chat_with_session(mut response: Response) -> Response {
    let cookies = response.headers().get_all(header::SET_COOKIE);
    let changed = cookies.iter().any(|cookie| cookie.as_bytes().starts_with(b"session="));
    if changed {
        let expired = format!("{CHAT_COOKIE}=; Max-Age=0; Path=/; SameSite=Strict");
        if let Ok(expired) = HeaderValue::from_str(&expired) {
            response.headers_mut().append(header::SET_COOKIE, expired);
        }
    }
    response
}

async fn ready(State(state): State<AppState>) -> StatusCode {
    if state.database.is_reachable().await { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
