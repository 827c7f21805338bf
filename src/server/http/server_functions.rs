//! Around every server function, and the user's file: takes forms only, and gives a failure its status. Leptos answers
//! every failure with 500, or sends the browser back to where it came from.

use std::time::SystemTime;

use ::http::{HeaderMap, HeaderValue, Method, header};
use axum::{
    Json,
    body::to_bytes,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use leptos::server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER};
use leptos_axum::handle_server_fns_with_context;

use super::{contexts::provide_function_context, error_pages::RequestedBy};
use crate::{
    accounts::server::{AuthSession, export},
    error::AppError,
    server::state::AppState,
};

const FORM: &[u8] = b"application/x-www-form-urlencoded";
/// The largest error of ours as JSON, in bytes.
const ERROR_BYTES: usize = 1_000;

/// Runs the server function of this path.
pub async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    let run = async |request| {
        handle_server_fns_with_context(move || provide_function_context(&state), request).await.into_response()
    };
    with_statuses(request, run).await
}

/// The file with everything that is kept about the user.
pub async fn export_account(request: Request) -> Response {
    let attachment = (header::CONTENT_DISPOSITION, "attachment; filename=\"account.json\"");
    with_statuses(request, async |request| {
        let exported = match request.extensions().get::<AuthSession>().cloned() {
            Some(auth) => export(auth).await,
            None => Err(AppError::NotSignedIn),
        };
        exported.map(|file| ([attachment], Json(file))).into_response()
    })
    .await
}

/// A method that the path does not answer.
pub async fn wrong_method(request: Request) -> Response {
    with_statuses(request, async |_| AppError::MethodNotAllowed.into_response()).await
}

/// Whether another site's page asks. A browser says so; a program that says nothing carries no visitor's cookie.
fn is_foreign(request: &Request) -> bool {
    let site = request.headers().get("sec-fetch-site").map(|site| site.as_bytes());
    site.is_some_and(|site| !matches!(site, b"same-origin" | b"none"))
}

async fn with_statuses(mut request: Request, run: impl AsyncFnOnce(Request) -> Response) -> Response {
    if request.method() == Method::HEAD {
        // Leptos knows no HEAD. axum sends the answer to it without its body.
        *request.method_mut() = Method::GET;
    }
    let is_get = request.method() == Method::GET;
    let requested_by = RequestedBy::of(&request);
    // Leptos would send the browser there, wherever that is. Our forms say themselves where to go.
    request.headers_mut().remove(header::REFERER);
    if is_get {
        // Forms are posted. A browser that opens the address is to see the answer itself.
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    }
    let mut response = if is_get && is_foreign(&request) {
        AppError::Forbidden.into_response()
    } else if is_get || is_form(request.headers()) {
        set_error_status(run(request).await).await
    } else {
        AppError::UnsupportedMediaType.into_response()
    };
    response.extensions_mut().insert(requested_by);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // hyper's own date stands still while a clock that was set back catches up, and browsers measure a token's
    // life by it.
    if let Ok(now) = HeaderValue::from_str(&httpdate::fmt_http_date(SystemTime::now())) {
        headers.insert(header::DATE, now);
    }
    response
}

async fn set_error_status(response: Response) -> Response {
    if !response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let mut response = match to_bytes(body, ERROR_BYTES).await {
        Ok(body) => AppError::de(body).into_response(),
        Err(_) => AppError::Internal.into_response(),
    };
    for name in [header::SET_COOKIE, header::CONTENT_LOCATION] {
        for value in parts.headers.get_all(&name) {
            response.headers_mut().append(&name, value.clone());
        }
    }
    response
}

/// A body of another type would be read as a form without fields. A form without fields may come without a type.
fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(|kind| kind.as_bytes());
    kind.is_none_or(|kind| kind.get(..FORM.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(FORM)))
}
