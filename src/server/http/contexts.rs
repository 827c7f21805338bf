//! What pages and server functions find in the context of their request.

use std::sync::Arc;

use ::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use percent_encoding::percent_decode_str;

use crate::{
    accounts::{
        CurrentUser, provide_current_user,
        server::{AuthSession, cookies, take_feedback},
    },
    request_context::{Redirect, RequestId, ShowsSecret, SiteInfo, ThemeCookie},
    server::{client_address::ClientAddress, mail::MailUrl, state::AppState},
};

/// Parts of the addresses that links in mails have.
const OF_LINKS: [&str; 3] = ["choose-password", "confirm-email", "token"];

/// For a server function.
pub fn provide_function_context(state: &AppState) {
    // Read where it is: a copy of the request's head would be the most expensive part of a token.
    let caller = with_context(|parts: &Parts| (current_user(&parts.extensions), client(state, parts)));
    if let Some((user, client)) = caller {
        provide_current_user(user);
        provide_context(client);
    }
    provide_context(state.signer.clone());
    provide_context(Arc::clone(&state.limits));
}

/// For a page. Also sets the headers that depend on whose page it is.
pub fn provide_page_context(state: &AppState) {
    provide_context(SiteInfo {
        assets: state.assets.base().to_owned(),
        sandbox: state.sandbox.is_some(),
        has_mailbox: matches!(state.config.mail.url, MailUrl::Sandbox),
        passkeys: state.backend.passkeys.are_possible(),
    });
    provide_context(Arc::clone(&state.chat));
    provide_context(Arc::clone(&state.limits));
    // Both are missing once, when the routes are listed at start.
    let (Some(parts), Some(response)) = (use_context::<Parts>(), use_context::<ResponseOptions>()) else { return };
    if let Some(policy) = use_nonce().and_then(|nonce| state.page_policy.with_nonce(&nonce)) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    // A server function that runs while the page is rendered needs them.
    provide_context(client(state, &parts));
    provide_context(redirect_in(response.clone()));
    if let Some(id) = request_id(&parts.headers) {
        provide_context(RequestId(id.to_owned()));
    }
    // However a mail program writes the link.
    let address = parts.uri.to_string();
    let address = percent_decode_str(&address).decode_utf8_lossy().to_lowercase();
    if OF_LINKS.iter().any(|part| address.contains(part)) {
        provide_context(ShowsSecret);
    }
    provide_context(ThemeCookie(cookies::read_exactly(&parts.headers, "theme")));
    let user = current_user(&parts.extensions);
    // A page of a user must not come back after log-out, from any cache. A page of nobody may, but not to a user:
    // history ignores `no-cache`, and heeds `Vary`.
    let caching = if user.is_some() { "no-store" } else { "private, no-cache" };
    response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response.append_header(header::VARY, HeaderValue::from_static("cookie"));
    provide_current_user(user);
    if let Some((feedback, forget)) = take_feedback(&parts.headers, state.config.is_https())
        && feedback.form.page() == parts.uri.path()
    {
        response.append_header(header::SET_COOKIE, forget);
        response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if !feedback.errors.is_empty() {
            response.set_status(StatusCode::UNPROCESSABLE_ENTITY);
        }
        provide_context(feedback);
    }
}

fn client(state: &AppState, parts: &Parts) -> ClientAddress {
    state.trusted_proxies.client_of(&parts.headers, &parts.extensions)
}

fn redirect_in(response: ResponseOptions) -> Redirect {
    Redirect(Arc::new(move |path| {
        if let Ok(path) = HeaderValue::from_str(path) {
            response.insert_header(header::LOCATION, path);
            response.set_status(StatusCode::SEE_OTHER);
        }
    }))
}

/// The user of a request's session.
pub fn current_user(request: &Extensions) -> Option<CurrentUser> {
    request.get::<AuthSession>().and_then(|auth| auth.user.as_ref()).map(Into::into)
}

/// What the log calls a request.
pub fn request_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-request-id").and_then(|id| id.to_str().ok())
}
