//! The headers that keep a page to itself, and the rule that forms come from this site.

use std::sync::Arc;

use ::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use leptos_ticketping::CspSources;
use tower_http::csrf::{ConfigError, CsrfLayer};

use super::assets::reload_socket;
use crate::server::config::Config;

/// The policy for a page whose scripts carry `nonce`: exactly what the app and the widget need.
pub fn content_security_policy(widget: &CspSources, nonce: &str) -> Option<HeaderValue> {
    let policy = format!(
        "default-src 'none'; \
         script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
         script-src-attr {}; \
         style-src 'self' {}; \
         style-src-attr {}; \
         img-src 'self' {}; \
         font-src 'self'; \
         connect-src 'self' {} {}; \
         manifest-src 'self'; \
         form-action 'self'; \
         base-uri 'none'; \
         frame-ancestors 'none'",
        widget.script_src_attr,
        widget.style_src,
        widget.style_src_attr,
        widget.img_src,
        widget.connect_src,
        reload_socket(),
    );
    HeaderValue::from_str(&policy).ok()
}

/// Adds the headers that are the same on every response.
pub fn add_to_response(config: &Config) -> impl Fn(Response) -> Response + Clone + use<> {
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
        // A page sets its own. Anything else is no page and needs nothing.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    let hsts = (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    let hsts = config.is_https().then_some(hsts);
    let all: Arc<[(HeaderName, HeaderValue)]> =
        fixed.into_iter().chain(hsts).map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
    move |mut response| {
        // Room for all of them at once: growing step by step shows in the profile.
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
