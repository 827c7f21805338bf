//! Debug builds: the files come from the folder that cargo-leptos writes.

use axum::{Router, middleware::map_response, response::Response};
use http::{HeaderValue, StatusCode, header};
use tower_http::{services::ServeDir, set_header::SetResponseHeaderLayer};

pub const SITE_ROOT: &str = "target/site";

pub fn load<S: Clone + Send + Sync + 'static>() -> (String, Router<S>) {
    let no_cache = SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let router = Router::new().fallback_service(ServeDir::new(SITE_ROOT)).layer(no_cache);
    ("dev".to_owned(), router.layer(map_response(not_found_if_unreadable)))
}

/// A path that no file can have, such as one with a zero byte, is not an error of the server.
async fn not_found_if_unreadable(mut response: Response) -> Response {
    if response.status().is_server_error() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}
