//! The pages around the second factor, and the account page that lists it. Each asks the database first.

use ::http::{HeaderMap, HeaderValue, header};
use axum::{
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::provide_context;

use super::render::render_page;
use crate::{
    accounts::{
        next_path::{local_path, with_next},
        server::{
            AuthSession, RECOVERY_CODES, SECOND_STEP, SessionHash, User, format_date,
            second_factor::{AuthenticatorApp, Factor, UserFactors},
            was_confirmed,
        },
    },
    error::AppError,
    request_context::{AccountFactors, ListedFactor, NewApp, NewRecoveryCodes, SecondStep, ShowsSecret},
    server::state::AppState,
};

/// `/account`, with its second factor.
pub async fn account_page(State(state): State<AppState>, request: Request) -> Result<Response, AppError> {
    let Some((user, factors)) = factors_of_user(&state, session_of(&request)).await? else {
        return Ok(if refuses_cookies(request.headers()) {
            Redirect::to("/login?next=/account&cookies=refused").into_response()
        } else {
            render_page(&state, request, || ()).await
        });
    };
    let was_confirmed = is_confirmed(session_of(&request)).await;
    let listed = |factor: &Factor, label: String| ListedFactor {
        value: format!("{} {}", factor.kind.as_str(), factor.id),
        label,
        added: format_date(factor.created_at),
    };
    let app = factors.app().map(|factor| listed(factor, "Authenticator app".to_owned()));
    let passkeys = factors.passkeys().map(|factor| listed(factor, format!("Passkey, from {}", factor.name)));
    let shown = AccountFactors {
        needs_confirmation: factors.is_on() && !was_confirmed,
        new_passkey: state.backend.passkeys.ask_for_new(&user, &factors),
        recovery_codes: factors.recovery_codes(),
        ends: factors.end_at().map(format_date),
        stopped: factors.stopped().map(format_date),
        listed: app.into_iter().chain(passkeys).collect(),
    };
    Ok(render_page(&state, request, move || provide_context(shown.clone())).await)
}

/// `/second-factor`: for a log-in whose password was right, and for a user who is to show it once more.
pub async fn second_factor_page(State(state): State<AppState>, request: Request) -> Result<Response, AppError> {
    let next = request.uri().query().and_then(|query| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == "next").and_then(|(_, next)| local_path(&next).map(str::to_owned))
    });
    let stores = &state.backend;
    let found = match session_of(&request).and_then(|auth| auth.user) {
        Some(user) => Some((user, false)),
        None => stores.pending_user(request.headers()).await?.map(|(user, _)| (user, true)),
    };
    let Some((user, is_log_in)) = found else { return Ok(Redirect::to("/login").into_response()) };
    let factors = stores.factors.of_user(&user.id).await?;
    if !factors.is_on() {
        return Ok(Redirect::to(next.as_deref().unwrap_or("/account")).into_response());
    }
    let step = SecondStep {
        email: user.email.as_str().to_owned(),
        has_app: factors.app().is_some(),
        passkey: factors.passkeys().next().and_then(|_| stores.passkeys.ask()),
        is_log_in,
        ends: factors.end_at().map(format_date),
        next,
    };
    Ok(never_kept(render_page(&state, request, move || provide_context(step.clone())).await))
}

/// `/login/passkey`
pub async fn passkey_log_in_page(State(state): State<AppState>, request: Request) -> Response {
    let asked = state.backend.passkeys.ask();
    let provide = move || {
        if let Some(question) = &asked {
            provide_context(question.clone());
        }
    };
    never_kept(render_page(&state, request, provide).await)
}

/// `/account/app`
pub async fn new_app_page(State(state): State<AppState>, request: Request) -> Result<Response, AppError> {
    let session = session_hash_of(&request);
    let found = factors_of_user(&state, session_of(&request)).await?;
    let new = found.and_then(|(user, factors)| AuthenticatorApp::new(&factors.new_app(&session)?.secret, &user));
    let Some(new) = new.and_then(|app| Some(NewApp { qr_code: app.qr_code()?, secret: app.secret_in_groups() })) else {
        return Ok(Redirect::to("/account").into_response());
    };
    let provide = move || {
        // A secret that no script of others is to read.
        provide_context(ShowsSecret);
        provide_context(new.clone());
    };
    Ok(never_kept(render_page(&state, request, provide).await))
}

/// `/account/recovery-codes`
pub async fn recovery_codes_page(State(state): State<AppState>, request: Request) -> Result<Response, AppError> {
    let session = session_hash_of(&request);
    let is_confirmed = is_confirmed(session_of(&request)).await;
    let found = factors_of_user(&state, session_of(&request)).await?;
    let new = found.and_then(|(_, factors)| Some((factors.new_recovery_codes(&session)?, factors.is_on())));
    let Some((codes, is_on)) = new else { return Ok(Redirect::to("/account").into_response()) };
    if is_on && !is_confirmed {
        return Ok(Redirect::to(&with_next(SECOND_STEP, RECOVERY_CODES)).into_response());
    }
    let provide = move || {
        provide_context(ShowsSecret);
        provide_context(NewRecoveryCodes(codes.clone()));
    };
    Ok(never_kept(render_page(&state, request, provide).await))
}

/// Anyone who comes to `/account` from a page of ours has just logged in, or has a cookie from when they did.
fn refuses_cookies(headers: &HeaderMap) -> bool {
    let is_ours = headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
    is_ours && !headers.contains_key(header::COOKIE)
}

fn session_of(request: &Request) -> Option<AuthSession> {
    request.extensions().get().cloned()
}

/// What the table calls the session of a request.
fn session_hash_of(request: &Request) -> String {
    let id = session_of(request).and_then(|auth| auth.session.id());
    id.map(|id| SessionHash::of(&id).to_string()).unwrap_or_default()
}

async fn is_confirmed(auth: Option<AuthSession>) -> bool {
    match auth {
        Some(auth) => was_confirmed(&auth.session).await,
        None => false,
    }
}

async fn factors_of_user(state: &AppState, auth: Option<AuthSession>) -> Result<Option<(User, UserFactors)>, AppError> {
    let Some(user) = auth.and_then(|auth| auth.user) else { return Ok(None) };
    let factors = state.backend.factors.of_user(&user.id).await?;
    Ok(Some((user, factors)))
}

/// Marks a page that is sent as it is.
#[derive(Clone, Copy)]
pub struct Uncompressed;

/// Kept by no cache, and not compressed: beside a secret, these pages show what stands in their address, and how small they get would tell
/// somebody who sees only that how much of a guess is right.
fn never_kept(mut response: Response) -> Response {
    response.extensions_mut().insert(Uncompressed);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
