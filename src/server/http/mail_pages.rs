//! The pages around our mails: where a link leads, and the sandbox's mailbox. Each asks the database first.

use ::http::{HeaderValue, StatusCode, header};
use axum::{
    extract::{Request, State},
    response::Response,
};
use leptos::prelude::provide_context;

use super::{contexts::current_user, render::render_page};
use crate::{
    accounts::server::links::{Link, Purpose},
    error::AppError,
    request_context::{LinkAction, MailboxContents, OpenedLink},
    server::state::AppState,
};

/// `/choose-password` and `/confirm-email`. Opening the page changes nothing.
pub async fn link_page(State(state): State<AppState>, request: Request) -> Result<Response, AppError> {
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let token = url::form_urlencoded::parse(query).find(|(name, _)| name == "token").map(|(_, token)| token);
    let token = token.unwrap_or_default().into_owned();
    let client = state.trusted_proxies.client_of(request.headers(), request.extensions());
    state.limits.link(client)?;
    let user = current_user(request.extensions()).map(|user| user.id);
    let link = state.backend.links.find(&token).await?;
    let found = link.and_then(|link| action_on(request.uri().path(), link, user.as_deref()));
    let works = found.is_some();
    let opened = OpenedLink { token, does: found };
    let mut response = render_page(&state, request, move || provide_context(opened.clone())).await;
    if !works {
        *response.status_mut() = StatusCode::GONE;
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The address of this page opens an account. Not no-referrer: the form is to say which site it comes from.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    Ok(response)
}

/// What the link does on this page; nothing if it belongs to the other one.
fn action_on(path: &str, link: Link, user: Option<&str>) -> Option<LinkAction> {
    let email = link.email.as_str().to_owned();
    match (path, link.purpose) {
        ("/choose-password", Purpose::SignUp) => {
            Some(LinkAction::CreateAccount { email, name: link.name.unwrap_or_default() })
        }
        ("/choose-password", purpose @ (Purpose::Reset | Purpose::UndoFactors)) => {
            Some(LinkAction::SetPassword { email, undoes_factors: purpose == Purpose::UndoFactors })
        }
        ("/confirm-email", Purpose::ChangeEmail) if link.user_id.as_deref() == user => {
            Some(LinkAction::ChangeEmail { email })
        }
        ("/confirm-email", Purpose::ChangeEmail) => Some(LinkAction::LogInFirst),
        _ => None,
    }
}

/// `/sandbox/mail`. A mail that was promised a moment ago is sent first.
pub async fn mailbox_page(State(state): State<AppState>, request: Request) -> Response {
    state.mailer.send_waiting().await;
    let contents = MailboxContents(state.mailbox.mails());
    let mut response = render_page(&state, request, move || provide_context(contents.clone())).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
