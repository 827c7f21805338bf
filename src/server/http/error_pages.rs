//! An error as a person reads it: a page.

use std::convert::Infallible;

use ::http::{
    HeaderMap, HeaderValue, Method, Request as HttpRequest, StatusCode, Uri, header, request::Parts, uri::Authority,
};
use axum::{
    Router,
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use leptos::{prelude::provide_context, server_fn::ServerFn};
use leptos_ticketping::{TicketpingConfig, expire_chat_cookies};
use time::Duration;
use tower::Service;

use super::{contexts::current_user, metrics::NotCounted, render::render_page};
use crate::{
    accounts::{
        CurrentUser, provide_current_user,
        server::{SESSION_COOKIE, cookies, is_feedback},
        server_functions::LogOut,
    },
    error::AppError,
    request_context::UnknownVisitor,
    server::{
        config::Config,
        security_log::{self, Event},
        state::AppState,
    },
};

/// Whose request it was, left on the response for [`error_pages`].
#[derive(Clone)]
pub struct RequestedBy(pub Option<CurrentUser>);

impl RequestedBy {
    /// The user of a request, where the answer may become a page.
    pub fn of(request: &Request) -> Self {
        Self(if wants_page(request.uri(), request.headers()) { current_user(request.extensions()) } else { None })
    }
}

/// Leaves on the response whose request it was.
pub async fn attach_user(request: Request, next: Next) -> Response {
    let requested_by = RequestedBy::of(&request);
    let mut response = next.run(request).await;
    response.extensions_mut().insert(requested_by);
    response
}

/// Turns every failure that is not a page yet into one, where the caller reads HTML.
pub async fn error_pages(state: AppState, mut routes: Router, request: Request) -> Result<Response, Infallible> {
    if request.uri().path_and_query().is_none() {
        // The target of a proxy, such as `CONNECT host:80`: leptos_axum takes a path for granted.
        return Ok(AppError::BadRequest.into_response());
    }
    if state.sandbox.is_some() && !is_for_this_machine(request.uri(), request.headers(), &state.config) {
        // Another site whose name was made to lead here would read the sandbox's mailbox as its own.
        let sentence = "With the sandbox, this server answers as localhost and as the host of PUBLIC_URL.\n";
        return Ok((StatusCode::MISDIRECTED_REQUEST, sentence).into_response());
    }
    if state.sandbox.is_some() && request.uri().path().starts_with("/sandbox/") && is_forwarded(request.headers()) {
        // Anybody may read its mailbox, so that it is for people on this machine.
        let sentence =
            "The sandbox is for development on this machine, and does not answer requests that come through a proxy.\n";
        return Ok((StatusCode::FORBIDDEN, sentence).into_response());
    }
    let is_log_out = request.method() == Method::POST && request.uri().path() == LogOut::PATH;
    let (parts, body) = request.into_parts();
    let sender = (parts.method == Method::POST && !parts.uri.path().starts_with("/sandbox/"))
        .then(|| state.trusted_proxies.client_of(&parts.headers, &parts.extensions));
    // Only a caller who reads HTML gets a page.
    let head = wants_page(&parts.uri, &parts.headers).then(|| parts.clone());
    let mut response = routes.call(HttpRequest::from_parts(parts, body)).await?;
    let status = response.status();
    if let Some(client) = sender
        && status == StatusCode::FORBIDDEN
        && response.extensions().get::<AppError>().is_none()
    {
        // Also where PUBLIC_URL is not what browsers have in their address bar.
        security_log::record(Event::Refused, "other_site", None, client);
    }
    // The page of a form that a limit has refused.
    let form = response.headers_mut().remove(header::CONTENT_LOCATION);
    let form = form.and_then(|page| Uri::try_from(page.as_bytes()).ok());
    let typed = if form.is_some() { take_typed(response.headers_mut(), &state.config) } else { Vec::new() };
    if is_log_out && status.is_server_error() {
        // The browser may be shared, whatever the database does.
        let session = cookies::set(SESSION_COOKIE, String::new(), Duration::ZERO, state.config.is_https());
        for cookie in session.into_iter().chain(expire_chat_cookies()) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    let failed = status.is_client_error() || status.is_server_error();
    if !failed || has(response.headers(), header::CONTENT_TYPE, "text/html") {
        return Ok(response);
    }
    let known = response.extensions().get::<AppError>().copied();
    let error = known.unwrap_or_else(|| AppError::from_status(status));
    let Some(head) = head else {
        let has_a_body = known.is_some() || has(response.headers(), header::CONTENT_TYPE, "json");
        if has_a_body {
            return Ok(response);
        }
        let mut as_json = with_status(error.into_response(), status);
        if let Some(allowed) = response.headers_mut().remove(header::ALLOW) {
            as_json.headers_mut().insert(header::ALLOW, allowed);
        }
        return Ok(as_json);
    };
    if let Some(page) = form.filter(|_| status == StatusCode::TOO_MANY_REQUESTS)
        && let Some(page) = Box::pin(form_again(routes, head.clone(), page, typed, &mut response)).await?
    {
        return Ok(page);
    }
    let requested_by = response.extensions().get::<RequestedBy>().cloned();
    let is_of_user = requested_by.as_ref().is_some_and(|RequestedBy(user)| user.is_some());
    let mut request = HttpRequest::from_parts(head, Body::empty());
    *request.method_mut() = Method::GET;
    // In a box: every request would carry the room for it, through every layer.
    let page = Box::pin(render_page(&state, request, move || {
        match &requested_by {
            Some(RequestedBy(user)) => provide_current_user(user.clone()),
            // The browser is nobody's from now on.
            None if is_log_out => {}
            None => provide_context(UnknownVisitor),
        }
        provide_context(error);
    }));
    let headers = response.headers_mut();
    if let Some(when) = error.into_response().headers_mut().remove(header::RETRY_AFTER) {
        headers.entry(header::RETRY_AFTER).or_insert(when);
    }
    let mut page = with_status(page.await, status);
    keep_headers(headers, page.headers_mut());
    if is_of_user {
        page.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(page)
}

/// Takes out the cookie that holds what was typed, for the next view of a form: that view is the answer, and no browser is to keep it.
fn take_typed(headers: &mut HeaderMap, config: &Config) -> Vec<HeaderValue> {
    let set: Vec<HeaderValue> = headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    headers.remove(header::SET_COOKIE);
    let (typed, others): (Vec<_>, Vec<_>) = set.into_iter().partition(|cookie| is_feedback(cookie, config.is_https()));
    for cookie in others {
        headers.append(header::SET_COOKIE, cookie);
    }
    typed
}

/// The page of a form that a limit has refused, with what was typed. `None` where that page leads elsewhere.
async fn form_again(
    mut routes: Router,
    mut head: Parts,
    page: Uri,
    typed: Vec<HeaderValue>,
    refused: &mut Response,
) -> Result<Option<Response>, Infallible> {
    let before: Vec<HeaderValue> = head.headers.get_all(header::COOKIE).iter().cloned().collect();
    for name in [header::COOKIE, header::CONTENT_LENGTH, header::CONTENT_TYPE, header::TRANSFER_ENCODING] {
        head.headers.remove(name);
    }
    for cookie in typed.into_iter().chain(before) {
        head.headers.append(header::COOKIE, cookie);
    }
    head.extensions.insert(NotCounted);
    head.uri = page;
    head.method = Method::GET;
    let mut page = routes.call(HttpRequest::from_parts(head, Body::empty())).await?;
    if page.status() != StatusCode::UNPROCESSABLE_ENTITY {
        return Ok(None);
    }
    *page.status_mut() = refused.status();
    keep_headers(refused.headers(), page.headers_mut());
    Ok(Some(page))
}

/// What an answer says beside its text stays true of the page that takes its place.
fn keep_headers(answer: &HeaderMap, page: &mut HeaderMap) {
    for name in [header::RETRY_AFTER, header::SET_COOKIE, header::ALLOW] {
        for value in answer.get_all(&name) {
            page.append(&name, value.clone());
        }
    }
}

/// Whether a request names this machine, or the host of `PUBLIC_URL`, as the one that is asked. The sandbox serves no other.
fn is_for_this_machine(uri: &Uri, headers: &HeaderMap, config: &Config) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    // HTTP/2 has it there.
    let host = host.or_else(|| uri.authority().map(Authority::as_str));
    let name = host.and_then(|host| url::Url::parse(&format!("http://{host}/")).ok());
    let name = name.as_ref().and_then(url::Url::host);
    match name {
        Some(_) if name == config.public_url.host() => true,
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => host.is_none(),
    }
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via"]
        .into_iter()
        .any(|name| headers.contains_key(name))
}

/// Whether the caller is a person with a browser. The token endpoint always answers with JSON.
fn wants_page(uri: &Uri, headers: &HeaderMap) -> bool {
    has(headers, header::ACCEPT, "text/html") && uri.path() != TicketpingConfig::TOKEN_URL
}

fn with_status(mut response: Response, status: StatusCode) -> Response {
    *response.status_mut() = status;
    response
}

fn has(headers: &HeaderMap, name: header::HeaderName, part: &str) -> bool {
    headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(part))
}
