//! Release builds: the files come from the binary itself, compressed when it was built.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::LazyLock,
};

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::Response,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use memory_serve::{Asset, CacheControl, MemoryServe};
use tower::ServiceExt as _;

/// Nothing is read from disk; Leptos looks for split WASM here and finds none.
pub const SITE_ROOT: &str = "embedded";

/// What memory-serve's build step found, as its own `load!` reads it.
static FOLDERS: &[(&str, &[Asset])] = include!(concat!(env!("OUT_DIR"), "/memory_serve_assets.rs"));

/// The compressed files unpacked and as gzip, for the few clients that do not read brotli. Made when the first of them
/// asks: it takes 20 ms and 0.7 MiB.
static UNPACKED: LazyLock<Router> = LazyLock::new(|| serve(files().filter(|file| file.is_compressed).collect()));

pub fn load<S: Clone + Send + Sync + 'static>() -> (String, Router<S>) {
    // The hash of all files together: a new build is a new path, and so a path may be cached for ever.
    let mut hasher = DefaultHasher::new();
    files().for_each(|file| (file.route, file.etag).hash(&mut hasher));
    let (packed, plain): (Vec<_>, Vec<_>) = files().partition(|file| file.is_compressed);
    let as_it_is = |file| Asset { is_compressed: false, should_compress: false, ..file };
    let packed = serve(packed.into_iter().map(as_it_is).collect()).layer(middleware::from_fn(in_brotli));
    (format!("{:016x}", hasher.finish()), serve(plain).merge(packed))
}

fn files() -> impl Iterator<Item = Asset> {
    FOLDERS.iter().flat_map(|(_, files)| *files).map(|file| Asset { ..*file })
}

fn serve<S: Clone + Send + Sync + 'static>(files: Vec<Asset>) -> Router<S> {
    MemoryServe::new(files.leak())
        .index_file(None)
        .cache_control(CacheControl::Custom("public, max-age=31536000, immutable"))
        .into_router()
}

/// Marks the answers as brotli, and serves a client that does not read brotli from [`UNPACKED`].
async fn in_brotli(request: Request, next: Next) -> Response {
    if !reads_brotli(request.headers()) {
        let Ok(response) = UNPACKED.clone().oneshot(request).await;
        return response;
    }
    let mut response = next.run(request).await;
    let found = response.status() == StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if found {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}

/// Whether the client reads brotli. memory-serve weighs preferences (`q=`) itself.
fn reads_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| accepted.split(',').any(|encoding| encoding.trim() == "br"))
}
