//! The way of a request, from outside in: trace, security headers, error pages, forms from this site only and read whole,
//! session and user, then the page or the server function.

use std::{convert::Infallible, time::Duration};

use ::http::{Extensions, HeaderMap, Method, StatusCode, Version};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use leptos::prelude::provide_context;
use leptos_axum::{LeptosRoutes, generate_route_list_with_exclusions};
use leptos_ticketping::{TicketpingConfig, expire_chat_cookies_with};
use tower::{Service, ServiceBuilder, layer::layer_fn};
use tower_http::{
    LatencyUnit,
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
    server_functions::{export_account, server_function, wrong_method},
    to_its_end::ToItsEndLayer,
    well_known::well_known,
    whole_form::read_form_first,
};
use crate::{
    accounts::{
        EXPORT_PATH,
        server::{SESSION_COOKIE, cookies, session_layer},
    },
    app::{App, shell},
    error::AppError,
    server::state::AppState,
};

/// The largest form, in bytes. Ours are far smaller.
const MAX_FORM_BYTES: usize = 32 * 1024;
/// How long a form may pause while it arrives.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request may take as a whole.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The sandbox's mailbox.
const MAILBOX: &str = "/sandbox/mail";
/// How much of a method is logged, and how much of a path.
const LOGGED_METHOD_BYTES: usize = 16;
const LOGGED_PATH_BYTES: usize = 200;

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
            .layer(session_layer(state.backend.sessions.clone(), state.backend.clone(), state.config.is_https())),
    );
    let mut all = with_user.merge(well_known(&state)).merge(assets);
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
            tracing::info_span!(
                "request",
                id,
                method = logged_method(request.method()),
                path,
                user.id = tracing::field::Empty
            )
        })
        .on_request(())
        .on_response(DefaultOnResponse::new().level(tracing::Level::INFO).latency_unit(LatencyUnit::Micros));
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
    let asking = pages_that_ask();
    let excluded = excluded.chain(asking.iter().map(|(path, _)| *path)).map(str::to_owned).collect();
    let routes = generate_route_list_with_exclusions(App, Some(excluded));
    let rendered = Router::new().leptos_routes_with_context(state, routes, context, page_shell).fallback(not_found);
    let is_there = |path: &str| state.sandbox.is_some() || path != MAILBOX;
    let asking = asking.into_iter().filter(|(path, _)| is_there(path));
    let pages = asking.fold(rendered, |pages, (path, page)| pages.route(path, page));
    pages.layer(
        ServiceBuilder::new()
            .layer(middleware::from_fn(attach_user))
            // With gzip: brotli makes a page 4 % smaller and takes four times as long.
            .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(may_be_compressed))),
    )
}

/// Pages that ask the database before they are rendered.
fn pages_that_ask() -> [(&'static str, MethodRouter<AppState>); 8] {
    [
        ("/choose-password", get(link_page)),
        ("/confirm-email", get(link_page)),
        ("/account", get(account_page)),
        ("/account/app", get(new_app_page)),
        ("/account/recovery-codes", get(recovery_codes_page)),
        ("/second-factor", get(second_factor_page)),
        ("/login/passkey", get(passkey_log_in_page)),
        (MAILBOX, get(mailbox_page)),
    ]
}

fn may_be_compressed(_: StatusCode, _: Version, _: &HeaderMap, response: &Extensions) -> bool {
    response.get::<Uncompressed>().is_none()
}

fn server_functions() -> Router<AppState> {
    Router::new()
        .route(EXPORT_PATH, get(export_account).fallback(wrong_method))
        .route("/api/auth/{name}", post(server_function).fallback(wrong_method))
        .route(TicketpingConfig::TOKEN_URL, get(server_function).fallback(wrong_method))
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

/// The path alone: a query can hold a token, also one that a mail program has spelt in another way. It ends where there is
/// a character that no path of ours has. And not more of it than a line takes.
fn logged_path(path: &str) -> &str {
    let is_ours = |char: char| char.is_ascii_alphanumeric() || "/._-".contains(char);
    &path[..path.find(|char| !is_ours(char)).unwrap_or(path.len()).min(LOGGED_PATH_BYTES)]
}

/// A method that a client has made up may be as long as its head.
fn logged_method(method: &Method) -> &str {
    let method = method.as_str();
    &method[..method.len().min(LOGGED_METHOD_BYTES)]
}

#[cfg(test)]
mod tests {
    use ::http::Method;

    use super::{logged_method, logged_path};

    #[test]
    fn a_query_is_not_logged_however_it_is_written() {
        assert_eq!(logged_path("/choose-password%3Ftoken=secret"), "/choose-password");
        assert_eq!(logged_path("/choose-password%253Ftoken=secret"), "/choose-password");
        for mangled in ["=3Ftoken=3Dsecret", ";token=secret", "&token=secret"] {
            assert_eq!(logged_path(&format!("/choose-password{mangled}")), "/choose-password");
        }
        assert_eq!(logged_path("/assets/x/widget.css"), "/assets/x/widget.css");
        assert_eq!(logged_path(&"/x".repeat(1_000)).len(), 200);
        assert_eq!(logged_path("/ä"), "/");
    }

    #[test]
    fn a_method_that_is_made_up_takes_little_of_a_line() {
        let made_up = Method::from_bytes(&[b'X'; 10_000]).expect("a method");
        assert_eq!(logged_method(&made_up).len(), 16);
        assert_eq!(logged_method(&Method::OPTIONS), "OPTIONS");
    }
}
