//! The one type that configures the chat.

use std::borrow::Cow;

use super::{
    options::{Loading, Visitors},
    values::{AppId, ConfigError, TeamSlug, parse_url, without_last_slash},
};
use crate::{pinned::WIDGET_VERSION, theme::Theme};

/// Everything the widget is told, apart from who the visitor is.
///
/// ```
/// use leptos_ticketping::{Loading, Theme, TicketpingConfig};
///
/// # fn main() -> Result<(), leptos_ticketping::ConfigError> {
/// let config = TicketpingConfig::parse("app-1", "acme")?
///     .team_logo_icon("/logo.svg")?
///     .theme(Theme::new().primary_color("#3457d5").background("var(--surface)"))
///     .loading(Loading::FirstClick);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TicketpingConfig {
    pub(crate) app_id: AppId,
    pub(crate) team_slug: TeamSlug,
    pub(crate) team_logo_icon: Option<String>,
    pub(crate) theme: Theme,
    pub(crate) api_base: Cow<'static, str>,
    pub(crate) ws_base: Cow<'static, str>,
    pub(crate) widget_files: String,
    pub(crate) token_url: Cow<'static, str>,
    pub(crate) loading: Loading,
    pub(crate) visitors: Visitors,
}

impl TicketpingConfig {
    /// Where the widget's calls go unless you say otherwise.
    pub const API_BASE: &str = "https://api.ticketping.com";
    /// Where the widget's sockets go unless you say otherwise.
    pub const WS_BASE: &str = "wss://ws.ticketping.com";
    /// Where the page asks for a token unless you say otherwise.
    pub const TOKEN_URL: &str = "/api/ticketping/chat-jwt";

    /// The same as [`TicketpingConfig::new`], from the texts of the dashboard.
    pub fn parse(app_id: &str, team_slug: &str) -> Result<Self, ConfigError> {
        Ok(Self::new(AppId::parse(app_id)?, TeamSlug::parse(team_slug)?))
    }

    /// The widget of this app and team, with a default for everything else.
    pub fn new(app_id: AppId, team_slug: TeamSlug) -> Self {
        Self {
            app_id,
            team_slug,
            team_logo_icon: None,
            theme: Theme::new(),
            api_base: Self::API_BASE.into(),
            ws_base: Self::WS_BASE.into(),
            widget_files: format!("/widget/{WIDGET_VERSION}"),
            token_url: Self::TOKEN_URL.into(),
            loading: Loading::default(),
            visitors: Visitors::default(),
        }
    }

    /// A square logo: an http(s) URL, or a path on your site.
    pub fn team_logo_icon(mut self, url: &str) -> Result<Self, ConfigError> {
        let wanted = "an http(s) URL, or a path that starts with /";
        self.team_logo_icon = Some(parse_url("team_logo_icon", url, &["https://", "http://", "/"], wanted)?);
        Ok(self)
    }

    /// Colours. Those you leave out stay the widget's own.
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// Where the widget's calls go: an http(s) URL.
    pub fn api_base(mut self, url: &str) -> Result<Self, ConfigError> {
        self.api_base =
            parse_url("api_base", without_last_slash(url), &["https://", "http://"], "an http(s) URL")?.into();
        Ok(self)
    }

    /// Where the widget's sockets go: a ws(s) URL.
    pub fn ws_base(mut self, url: &str) -> Result<Self, ConfigError> {
        self.ws_base = parse_url("ws_base", without_last_slash(url), &["wss://", "ws://"], "a ws(s) URL")?.into();
        Ok(self)
    }

    /// The folder that holds `widget.min.js` and `widget.css` of [`WIDGET_VERSION`](crate::pinned::WIDGET_VERSION): a path on your site
    /// (`/widget/` and the version by default) or an http(s) URL. The browser refuses files that are not the
    /// published ones.
    pub fn widget_files(mut self, folder: &str) -> Result<Self, ConfigError> {
        let wanted = "an http(s) URL, or a path that starts with /";
        let folder = without_last_slash(folder);
        self.widget_files = parse_url("widget_files", folder, &["https://", "http://", "/"], wanted)?;
        Ok(self)
    }

    /// The path on your site that answers `{"jwt": "…"}` for the session's user, and 401 without one.
    pub fn token_url(mut self, path: &str) -> Result<Self, ConfigError> {
        self.token_url = parse_url("token_url", path, &["/"], "a path that starts with /")?.into();
        Ok(self)
    }

    /// When the widget's files are loaded.
    pub fn loading(mut self, loading: Loading) -> Self {
        self.loading = loading;
        self
    }

    /// Who gets a chat.
    pub fn visitors(mut self, visitors: Visitors) -> Self {
        self.visitors = visitors;
        self
    }

    pub(crate) fn script_url(&self) -> String {
        format!("{}/widget.min.js", self.widget_files)
    }

    pub(crate) fn style_url(&self) -> String {
        format!("{}/widget.css", self.widget_files)
    }

    /// The texts that `init()` is given, key for key. The theme is an object of its own.
    pub(crate) fn init_texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let logo = self.team_logo_icon.as_deref().map(|logo| ("teamLogoIcon", logo));
        [
            ("appId", &*self.app_id.0),
            ("teamSlug", &self.team_slug.0),
            ("apiBase", &self.api_base),
            ("wsBase", &self.ws_base),
        ]
        .into_iter()
        .chain(logo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> TicketpingConfig {
        TicketpingConfig::new(AppId::parse("app-1").expect("valid"), TeamSlug::parse("acme").expect("valid"))
    }

    #[test]
    fn urls_that_would_break_out_of_an_attribute_or_the_policy_are_refused_by_name() {
        for bad in [
            "",
            "oops",
            "ftp://host",
            "https://",
            "//host/x",
            "https://a b",
            "https://a;b",
            "https://*",
            "/a\"b",
            "/a<b",
            "/ä",
        ] {
            assert_eq!(
                config().team_logo_icon(bad).err().map(|error| error.field()),
                Some("team_logo_icon"),
                "{bad:?}"
            );
            assert_eq!(config().widget_files(bad).err().map(|error| error.field()), Some("widget_files"), "{bad:?}");
        }
        assert_eq!(
            config().ws_base("https://host").map(drop).map_err(|error| error.to_string()),
            Err("ws_base must be a ws(s) URL".to_owned())
        );
        assert_eq!(config().api_base("/here").err().map(|error| error.field()), Some("api_base"));
        assert_eq!(config().token_url("https://elsewhere/jwt").err().map(|error| error.field()), Some("token_url"));
        let with_a_slash = config().token_url("/chat/token/").map(|config| config.token_url);
        assert_eq!(with_a_slash, Ok("/chat/token/".into()), "another path may not be there");
        assert_eq!(
            config().api_base("https://host/base/").map(|config| config.api_base),
            Ok("https://host/base".into())
        );
    }
}
