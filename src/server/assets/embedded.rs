//! Release builds: from the binary itself, compressed when it was built, never stale.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::Router;
use http::{HeaderValue, header};
use memory_serve::{CacheControl, MemoryServe};
use tower_http::set_header::SetResponseHeaderLayer;

/// Nothing is read from disk; Leptos looks for split WASM here and finds none.
pub const SITE_ROOT: &str = "embedded";

pub fn load<S: Clone + Send + Sync + 'static>() -> (String, Router<S>) {
    let files: MemoryServe = memory_serve::load!().index_file(None).enable_hashed_routes(true);
    // The hash of all files together: a new build is a new path, so a path can be kept for ever.
    let mut names: Vec<String> = files.manifest().iter().map(|(_, hashed)| hashed.to_owned()).collect();
    names.sort();
    let mut hasher = DefaultHasher::new();
    names.hash(&mut hasher);
    let immutable =
        SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, |response: &http::Response<axum::body::Body>| {
            let found = response.status().is_success() || response.status() == http::StatusCode::NOT_MODIFIED;
            found.then_some(HeaderValue::from_static("public, max-age=31536000, immutable"))
        });
    let router = files.enable_hashed_routes(false).cache_control(CacheControl::Long).into_router().layer(immutable);
    (format!("{:016x}", hasher.finish()), router)
}
