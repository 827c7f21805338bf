//! Where the files are in URLs.

use axum::Router;
use leptos::config::{Env, LeptosOptions, ReloadWSProtocol};

use super::source;

/// The files, under a path that changes with them.
pub struct Assets {
    base: String,
}

impl Assets {
    /// The files and the routes that serve them.
    pub fn load<S: Clone + Send + Sync + 'static>() -> (Self, Router<S>) {
        let (version, router) = source::load();
        let base = format!("/assets/{version}");
        let router = Router::new().nest(&base, router);
        (Self { base }, router)
    }

    /// The URL of a file of the site, such as `mark.svg`.
    pub fn url(&self, file: &str) -> String {
        format!("{}/{file}", self.base)
    }

    /// The path all of them start with.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What Leptos needs to name its script, WASM and stylesheet in a page.
    pub fn leptos_options(&self, site_addr: std::net::SocketAddr) -> LeptosOptions {
        LeptosOptions::builder()
            .output_name("ticketping-leptos")
            .site_root(source::SITE_ROOT)
            .site_pkg_dir(self.url("pkg").trim_start_matches('/').to_owned())
            .env(Env::DEV)
            .site_addr(site_addr)
            .reload_port(RELOAD_PORT)
            .reload_ws_protocol(ReloadWSProtocol::WS)
            .build()
    }
}

/// Where `cargo leptos watch` tells pages to reload.
const RELOAD_PORT: u32 = 3001;

/// The source that a page's policy needs for `cargo leptos watch`; empty otherwise.
pub fn reload_socket() -> String {
    let is_watched = cfg!(debug_assertions) && std::env::var_os("LEPTOS_WATCH").is_some();
    if is_watched { format!("ws://127.0.0.1:{RELOAD_PORT}") } else { String::new() }
}
