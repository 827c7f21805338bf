//! The headers that isolate a page from other sites, and the rule that forms come from this site.

use std::sync::Arc;

use ::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use leptos_ticketping::CspSources;
use tower_http::csrf::{ConfigError, CsrfLayer};

use super::assets::reload_socket;
use crate::server::config::Config;

/// The Content-Security-Policy of pages: exactly what the app and the widget need.
#[derive(Clone, Debug)]
pub struct PagePolicy {
    before_nonce: String,
    after_nonce: String,
}

impl PagePolicy {
    /// With what the widget needs.
    pub fn new(widget: &CspSources) -> Self {
        let after_nonce = [
            "' 'strict-dynamic' 'wasm-unsafe-eval'".to_owned(),
            format!("script-src-attr {}", widget.script_src_attr),
            format!("style-src 'self' {}", widget.style_src),
            format!("style-src-attr {}", widget.style_src_attr),
            format!("img-src 'self' {}", widget.img_src),
            "font-src 'self'".to_owned(),
            format!("connect-src 'self' {} {}", widget.connect_src, reload_socket()),
            "manifest-src 'self'".to_owned(),
            "form-action 'self'".to_owned(),
            "base-uri 'none'".to_owned(),
            "frame-ancestors 'none'".to_owned(),
        ];
        Self {
            before_nonce: "default-src 'none'; script-src 'nonce-".to_owned(),
            after_nonce: after_nonce.map(|directive| directive.trim_end().to_owned()).join("; "),
        }
    }

    /// For a page whose scripts carry `nonce`.
    pub fn with_nonce(&self, nonce: &str) -> Option<HeaderValue> {
        HeaderValue::from_str(&[&self.before_nonce, nonce, &self.after_nonce].concat()).ok()
    }
}

/// Adds the headers that are the same on every response.
pub fn add_to_response(config: &Config) -> impl Fn(Response) -> Response + Clone + use<> {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Not no-referrer: a form without JavaScript needs its own site's referrer.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
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
