//! Debug builds: straight from the folder that cargo-leptos writes.

use axum::Router;
use http::{HeaderValue, header};
use tower_http::{services::ServeDir, set_header::SetResponseHeaderLayer};

pub const SITE_ROOT: &str = "target/site";

pub fn load<S: Clone + Send + Sync + 'static>() -> (String, Router<S>) {
    let no_cache = SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let router = Router::new().fallback_service(ServeDir::new(SITE_ROOT)).layer(no_cache);
    ("dev".to_owned(), router)
}
