//! What a page may know about its request. The server provides these; on a page of its own each of them is missing only
//! while the routes are listed at start.

use std::sync::Arc;

use leptos::prelude::use_context;

/// The site that the page belongs to.
#[derive(Clone, Debug)]
pub struct SiteInfo {
    /// The path that the site's files start with.
    pub assets: String,
    /// How browsers reach the site.
    pub public_url: String,
    /// Whether this server answers for Ticketping.
    pub sandbox: bool,
}

impl SiteInfo {
    /// Of this request.
    pub fn from_request() -> Self {
        use_context().unwrap_or(Self { assets: String::new(), public_url: String::new(), sandbox: false })
    }

    /// The URL of a file of the site.
    pub fn asset(&self, file: &str) -> String {
        format!("{}/{file}", self.assets)
    }
}

/// The cookie `theme`, as it was sent.
#[derive(Clone, Debug)]
pub struct ThemeCookie(pub Option<String>);

impl ThemeCookie {
    /// The theme that the visitor chose; `None` follows the system.
    pub fn chosen_theme() -> Option<&'static str> {
        match use_context::<Self>()?.0.as_deref() {
            Some("light") => Some("light"),
            Some("dark") => Some("dark"),
            _ => None,
        }
    }
}

/// What the log calls this request, and the header `x-request-id` of its response.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Sends the browser to a path on this site.
#[derive(Clone)]
pub struct Redirect(pub Arc<dyn Fn(&str) + Send + Sync>);

impl Redirect {
    /// Instead of showing this page.
    pub fn to(path: &str) {
        if let Some(redirect) = use_context::<Self>() {
            (redirect.0)(path);
        }
    }
}
