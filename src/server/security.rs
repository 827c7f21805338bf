//! The headers that keep a page to itself, and the rule that forms come from this site.

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderName, HeaderValue, header};
use tower_http::csrf::{ConfigError, CsrfLayer};

use super::{assets::RELOAD_PORT, config::Config};

/// The two handlers in the widget's image attachments, as hashes: `this.parentElement.classList`
/// gets `loaded` or `error`. Taken from widget.min.js 1.12.0; `end2end/` shows that they fit.
const ATTACHMENT_HANDLERS: &str = "'sha256-LX+k3owDWOhnAb81BeRM6hNrljii8IX1yVlOIEYZq5U=' \
                                   'sha256-YvTMI4EGIi/JpzkErzI871L/OM6MZJEqQJq3qO6v6QM='";

/// The policy for a page whose scripts carry `nonce`: exactly what the app and the widget need.
pub fn content_security_policy(config: &Config, nonce: &str) -> Option<HeaderValue> {
    let chat = &config.chat;
    let logo = chat.team_logo_icon.as_deref().map(origin).unwrap_or_default();
    // cargo-leptos tells the page over this socket to reload.
    let reload = match std::env::var("LEPTOS_WATCH") {
        Ok(_) => format!("ws://{}:{RELOAD_PORT}", config.site_addr.ip()),
        Err(_) => String::new(),
    };
    let policy = format!(
        "default-src 'none'; \
         script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
         script-src-attr 'unsafe-hashes' {ATTACHMENT_HANDLERS}; \
         style-src 'self'; \
         style-src-attr 'unsafe-inline'; \
         img-src 'self' data: {api} {logo}; \
         font-src 'self'; \
         connect-src 'self' {api} {ws} {reload}; \
         manifest-src 'self'; \
         form-action 'self'; \
         base-uri 'none'; \
         frame-ancestors 'none'",
        api = origin(&chat.api_base),
        ws = origin(&chat.ws_base),
    );
    HeaderValue::from_str(&policy).ok()
}

/// Scheme, host and port: with a path, a source would match that one path only. Empty for a path
/// on this site, which `'self'` covers.
fn origin(url: &str) -> String {
    let Ok(url) = url::Url::parse(url) else { return String::new() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    url.host_str().map(|host| format!("{}://{host}{port}", url.scheme())).unwrap_or_default()
}

/// Adds the headers that are the same on every response.
pub fn headers(config: &Config) -> impl Fn(Response) -> Response + Clone + use<> {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Not no-referrer: a form without JavaScript needs its own site's referrer.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
        // A page sets its own; anything else is no page and needs nothing.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    let hsts = (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    let hsts = config.is_https().then_some(hsts);
    let all: Arc<[(HeaderName, HeaderValue)]> =
        fixed.into_iter().chain(hsts).map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
    move |mut response| {
        // Room for these and the request's id at once: growing step by step shows in the profile.
        response.headers_mut().reserve(all.len() + 1);
        for (name, value) in all.iter() {
            response.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
        response
    }
}

/// Lets changes through only when they come from this site.
pub fn same_origin(config: &Config) -> Result<CsrfLayer, ConfigError> {
    CsrfLayer::new().add_trusted_origin(config.origin())
}
