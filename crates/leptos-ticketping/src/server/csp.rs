//! What the widget needs in a Content-Security-Policy.

use crate::{TicketpingConfig, pinned::ATTACHMENT_HANDLERS};

/// Sources to add to the directives of your app's Content-Security-Policy, ready to be written into it. What
/// covers your own site is left out: the policy is expected to have `'self'` where it has sources at all.
///
/// The script itself is loaded by your WASM: `script-src` with a nonce and `'strict-dynamic'` covers it.
///
/// ```
/// # use leptos_ticketping::{AppId, CspSources, TeamSlug, TicketpingConfig};
/// # fn main() -> Result<(), leptos_ticketping::ConfigError> {
/// # let config = TicketpingConfig::new(AppId::parse("app-1")?, TeamSlug::parse("acme")?);
/// let widget = CspSources::of(&config);
/// let policy = format!(
///     "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic' 'wasm-unsafe-eval'; \
///      script-src-attr {}; style-src 'self' {}; style-src-attr {}; img-src 'self' {}; connect-src 'self' {}",
///     widget.script_src_attr, widget.style_src, widget.style_src_attr, widget.img_src, widget.connect_src,
/// );
/// # assert!(policy.contains("connect-src 'self' https://api.ticketping.com wss://ws.ticketping.com"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CspSources {
    /// The handlers of attached images, by their hashes.
    pub script_src_attr: String,
    /// The host of the widget's stylesheet, if it is not yours.
    pub style_src: String,
    /// The widget's HTML has style attributes.
    pub style_src_attr: String,
    /// Attachments on the API's host, the logo of the configuration, and small pictures in the stylesheet. Without
    /// `team_logo_icon` the widget shows the logo from the dashboard: add its host.
    pub img_src: String,
    /// Calls and sockets.
    pub connect_src: String,
}

impl CspSources {
    /// What the widget needs with this configuration.
    pub fn of(config: &TicketpingConfig) -> Self {
        let handlers = ATTACHMENT_HANDLERS.map(|hash| format!("'{hash}'"));
        let logo = config.team_logo_icon.as_deref().and_then(origin);
        let (api, sockets) = (origin(&config.api_base), origin(&config.ws_base));
        let list = |sources: &[Option<&str>]| {
            let mut sources: Vec<&str> = sources.iter().copied().flatten().collect();
            sources.dedup();
            sources.join(" ")
        };
        Self {
            script_src_attr: format!("'unsafe-hashes' {}", handlers.join(" ")),
            style_src: list(&[origin(&config.widget_files)]),
            style_src_attr: "'unsafe-inline'".to_owned(),
            img_src: list(&[Some("data:"), api, logo]),
            connect_src: list(&[api, sockets]),
        }
    }
}

/// Scheme, host and port: with a path, a source would match that one path only. `None` for a path on this site.
fn origin(url: &str) -> Option<&str> {
    let host = url.find("://")? + 3;
    let end = url[host..].find(['/', '?', '#']).map_or(url.len(), |end| host + end);
    Some(&url[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AppId, TeamSlug};

    #[test]
    fn sources_are_origins_and_each_stands_once() {
        let config = TicketpingConfig::new(AppId::parse("a").expect("valid"), TeamSlug::parse("t").expect("valid"))
            .api_base("http://127.0.0.1:3000/sandbox")
            .and_then(|config| config.ws_base("ws://127.0.0.1:3000/sandbox"))
            .and_then(|config| config.team_logo_icon("http://127.0.0.1:3000/logo.png"))
            .and_then(|config| config.widget_files("https://cdn.example/widget/1.12.0"))
            .expect("valid");
        let sources = CspSources::of(&config);
        assert_eq!(sources.connect_src, "http://127.0.0.1:3000 ws://127.0.0.1:3000");
        assert_eq!(sources.img_src, "data: http://127.0.0.1:3000");
        assert_eq!(sources.style_src, "https://cdn.example");
    }

    #[test]
    fn what_is_on_this_site_adds_no_source() {
        assert_eq!(origin("/widget/1.12.0"), None);
        assert_eq!(origin("https://host:8443/a?b#c"), Some("https://host:8443"));
    }
}
