//! A form is read as a whole before its session is. Otherwise one that takes its time would do what it says although its
//! session has ended meanwhile.

use ::http::Method;
use axum::{
    body::to_bytes,
    extract::Request,
    response::{IntoResponse, Response},
};
use futures::future::Either;
use tower::{Service, service_fn};

use crate::error::AppError;

/// Puts it around what reads sessions. How large and how slow a form may be is for the layers outside. What an axum router
/// holds is always ready, so that nobody asks.
pub fn read_form_first<S>(
    mut inner: S,
) -> impl Service<Request, Response = Response, Error = S::Error, Future: Send> + Clone + Send + Sync + 'static
where
    S: Service<Request, Response = Response, Error: Send, Future: Send> + Clone + Send + Sync + 'static,
{
    service_fn(move |request: Request| {
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            return Either::Left(inner.call(request));
        }
        let mut inner = inner.clone();
        Either::Right(async move {
            let (parts, body) = request.into_parts();
            match to_bytes(body, usize::MAX).await {
                Ok(form) => inner.call(Request::from_parts(parts, form.into())).await,
                Err(_) => Ok(AppError::BadRequest.into_response()),
            }
        })
    })
}
