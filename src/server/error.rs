//! From a failure to what the caller sees: a page for people, JSON for programs.

use std::{convert::Infallible, time::SystemTime};

use axum::{
    Json, Router,
    body::to_bytes,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use leptos::{
    prelude::provide_context,
    server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER},
};
use tower::Service;

use super::{router, state::AppState};
use crate::{auth::CurrentUser, error::AppError};

/// The most that an error of ours takes as JSON.
const ERROR_BYTES: usize = 1_000;

/// Who was looking, left on the response for [`error_pages`].
#[derive(Clone)]
pub struct Viewed(pub Option<CurrentUser>);

impl AppError {
    /// The HTTP status that says it best.
    pub fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::UnknownType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::ChatNotConfigured | Self::Busy | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::NotSignedIn,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnknownType,
            StatusCode::SERVICE_UNAVAILABLE => Self::Busy,
            status if status.is_client_error() => Self::BadRequest,
            _ => Self::Internal,
        }
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(self)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let retry_after = match self {
            Self::TooManyRequests { seconds } => Some(seconds),
            Self::Busy | Self::Unavailable => Some(5),
            _ => None,
        };
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Around a server function: takes forms only, and gives a failed one its status. Leptos calls
/// every failure a 500, or sends the browser back to where it came from.
pub async fn of_server_function(mut request: Request, run: impl AsyncFnOnce(Request) -> Response) -> Response {
    let got = request.method() == http::Method::GET;
    // An error page shows whose it is.
    let viewed = reads_html(request.headers()).then(|| Viewed(router::current_user(request.extensions())));
    if got {
        // A form is posted. Whoever gets, a person's browser too, is to get the answer itself.
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    }
    let mut response = if got || is_form(request.headers()) {
        with_its_status(run(request).await).await
    } else {
        AppError::UnknownType.into_response()
    };
    if let Some(viewed) = viewed {
        response.extensions_mut().insert(viewed);
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // hyper's own date stands still while a clock that was set back catches up, and the browser takes
    // a token's life by it.
    if let Ok(now) = HeaderValue::from_str(&httpdate::fmt_http_date(SystemTime::now())) {
        headers.insert(header::DATE, now);
    }
    response
}

async fn with_its_status(response: Response) -> Response {
    if !response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return response;
    }
    match to_bytes(response.into_body(), ERROR_BYTES).await {
        Ok(body) => AppError::de(body).into_response(),
        Err(_) => AppError::Internal.into_response(),
    }
}

/// A body of another type would be read as a form with nothing in it. A form without fields may
/// come without a type.
fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(|kind| kind.as_bytes());
    kind.is_none_or(|kind| kind.starts_with(b"application/x-www-form-urlencoded"))
}

/// Turns every failure that is not a page yet into one, where the caller reads HTML.
pub async fn error_pages(state: AppState, mut routes: Router, request: Request) -> Result<Response, Infallible> {
    let (parts, body) = request.into_parts();
    // Only who reads HTML gets a page.
    let head = reads_html(&parts.headers).then(|| parts.clone());
    let response = routes.call(Request::from_parts(parts, body)).await?;
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    if !failed || has(response.headers(), header::CONTENT_TYPE, "text/html") {
        return Ok(response);
    }
    let error = response.extensions().get().copied().unwrap_or_else(|| AppError::of_status(status));
    let known = response.extensions().get::<AppError>().is_some();
    let Some(head) = head else {
        let own_body = known || has(response.headers(), header::CONTENT_TYPE, "json");
        return Ok(if own_body { response } else { with_status(error.into_response(), status) });
    };
    let viewed = response.extensions().get::<Viewed>().cloned();
    let mut page = Request::from_parts(head, axum::body::Body::empty());
    *page.method_mut() = http::Method::GET;
    let page = router::page(&state, page, move || {
        if let Some(Viewed(user)) = &viewed {
            crate::auth::provide_current_user(user.clone());
        }
        provide_context(error);
    });
    let retry_after = response.headers().get(header::RETRY_AFTER).cloned();
    let mut page = with_status(page.await, status);
    if let Some(retry_after) = retry_after {
        page.headers_mut().insert(header::RETRY_AFTER, retry_after);
    }
    Ok(page)
}

/// Whether the caller is a person with a browser.
pub fn reads_html(headers: &HeaderMap) -> bool {
    has(headers, header::ACCEPT, "text/html")
}

fn with_status(mut response: Response, status: StatusCode) -> Response {
    *response.status_mut() = status;
    response
}

fn has(headers: &HeaderMap, name: header::HeaderName, part: &str) -> bool {
    headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(part))
}
