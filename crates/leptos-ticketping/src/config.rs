//! What the widget is told. The types cannot hold what the widget would swallow in silence.

use std::borrow::Cow;

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{pinned::WIDGET_VERSION, theme::Theme};

/// A value that the widget would refuse, or misread, without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be {wanted}")]
pub struct ConfigError {
    field: &'static str,
    wanted: &'static str,
}

impl ConfigError {
    /// The name of the setting, such as `team_slug`.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// What it must be, to be read after "must be".
    pub fn wanted(&self) -> &'static str {
        self.wanted
    }
}

fn parse_id(field: &'static str, text: &str) -> Result<String, ConfigError> {
    let text = text.trim();
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    // The slug becomes a segment of a path, where dots alone lead elsewhere.
    let only_dots = text.chars().all(|c| c == '.');
    let fits = (1..=100).contains(&text.len()) && text.chars().all(known) && !only_dots;
    fits.then(|| text.to_owned()).ok_or(ConfigError { field, wanted: "1 to 100 letters, digits, `-`, `_` or `.`" })
}

/// The app id from the Ticketping dashboard. It is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppId(String);

impl AppId {
    /// 1 to 100 letters, digits, `-`, `_` or `.`; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        parse_id("app_id", text).map(Self)
    }
}

/// The team slug from the Ticketping dashboard. It is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamSlug(String);

impl TeamSlug {
    /// 1 to 100 letters, digits, `-`, `_` or `.`; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        parse_id("team_slug", text).map(Self)
    }

    /// The slug as it stands in URLs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// When the widget's files are loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loading {
    /// Once the page is idle.
    #[default]
    Idle,
    /// When the visitor first clicks the bubble. Until then a placeholder stands in for it, a button with the
    /// class `ticketping-placeholder` that your stylesheet places.
    FirstClick,
    /// When your page calls [`consent`](crate::UseTicketping::consent).
    Consent,
}

impl Loading {
    pub(crate) const ALL: [(Self, &str); 3] =
        [(Self::Idle, "idle"), (Self::FirstClick, "first-click"), (Self::Consent, "consent")];
}

/// Who gets a chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visitors {
    /// Everyone. A visitor who is not logged in chats anonymously.
    #[default]
    Everyone,
    /// Users who are logged in. For anyone else no byte of the widget is loaded.
    SignedIn,
}

impl Visitors {
    pub(crate) const ALL: [(Self, &str); 2] = [(Self::Everyone, "everyone"), (Self::SignedIn, "signed-in")];
}

/// What an option is called on a page.
fn name_of<T: PartialEq>(all: &[(T, &'static str)], option: &T) -> &'static str {
    all.iter().find(|(known, _)| known == option).map_or("", |(_, name)| name)
}

/// Everything the widget is told, apart from who the visitor is.
///
/// ```
/// use leptos_ticketping::{AppId, Loading, TeamSlug, Theme, TicketpingConfig};
///
/// # fn main() -> Result<(), leptos_ticketping::ConfigError> {
/// let config = TicketpingConfig::new(AppId::parse("app-1")?, TeamSlug::parse("acme")?)
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
        self.api_base = parse_url("api_base", url, &["https://", "http://"], "an http(s) URL")?.into();
        Ok(self)
    }

    /// Where the widget's sockets go: a ws(s) URL.
    pub fn ws_base(mut self, url: &str) -> Result<Self, ConfigError> {
        self.ws_base = parse_url("ws_base", url, &["wss://", "ws://"], "a ws(s) URL")?.into();
        Ok(self)
    }

    /// The folder that holds `widget.min.js` and `widget.css` of [`WIDGET_VERSION`](crate::pinned::WIDGET_VERSION): a path on your site
    /// (`/widget/` and the version by default) or an http(s) URL. The browser refuses files that are not the
    /// published ones.
    pub fn widget_files(mut self, folder: &str) -> Result<Self, ConfigError> {
        let wanted = "an http(s) URL, or a path that starts with /";
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

    /// All of it and the page's user as JSON that stands in a page. Islands read it with the browser's own JSON
    /// reader, which costs no bytes of WASM.
    pub(crate) fn to_page_json(&self, user: Option<&str>) -> String {
        let page = OnPage {
            init: Init(self),
            script: self.script_url(),
            style: self.style_url(),
            token: &self.token_url,
            loading: name_of(&Loading::ALL, &self.loading),
            visitors: name_of(&Visitors::ALL, &self.visitors),
            user,
        };
        // Text and maps of text: writing them cannot fail.
        let json = serde_json::to_string(&page).unwrap_or_default();
        // Only this character can end the script element, or begin a comment in it.
        json.replace('<', "\\u003c")
    }
}

#[derive(Serialize)]
struct OnPage<'a> {
    init: Init<'a>,
    script: String,
    style: String,
    token: &'a str,
    loading: &'static str,
    visitors: &'static str,
    user: Option<&'a str>,
}

/// What `init()` is given.
struct Init<'a>(&'a TicketpingConfig);

impl Serialize for Init<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, text) in self.0.init_texts() {
            map.serialize_entry(key, text)?;
        }
        map.serialize_entry("theme", &self.0.theme)?;
        map.end()
    }
}

/// Takes a URL that begins in one of these ways, without its last slash. It ends up in attributes, which the
/// widget does not escape, and in the Content-Security-Policy: nothing in it may end either.
fn parse_url(field: &'static str, text: &str, starts: &[&str], wanted: &'static str) -> Result<String, ConfigError> {
    let text = text.trim().trim_end_matches('/');
    let harmless = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | ';' | ',' | '\\' | '`');
    let rest = starts.iter().find_map(|start| text.strip_prefix(start));
    let fits = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')) && text.chars().all(harmless);
    fits.then(|| text.to_owned()).ok_or(ConfigError { field, wanted })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn config() -> TicketpingConfig {
        TicketpingConfig::new(AppId::parse("app-1").expect("valid"), TeamSlug::parse("acme").expect("valid"))
    }

    fn on_page(config: &TicketpingConfig, user: Option<&str>) -> Value {
        serde_json::from_str(&config.to_page_json(user)).expect("JSON")
    }

    #[test]
    fn init_gets_exactly_the_keys_the_published_widget_reads() {
        let config = config().team_logo_icon("/mark.svg").expect("valid").theme(Theme::new().primary_color("#fff"));
        assert_eq!(
            on_page(&config, None)["init"],
            json!({
                "appId": "app-1", "teamSlug": "acme", "teamLogoIcon": "/mark.svg", "theme": {"primaryColor": "#fff"},
                "apiBase": "https://api.ticketping.com", "wsBase": "wss://ws.ticketping.com",
            })
        );
    }

    #[test]
    fn two_ids_are_a_whole_configuration() {
        let page = on_page(&config(), None);
        assert_eq!(page["script"], format!("/widget/{WIDGET_VERSION}/widget.min.js"));
        assert_eq!(page["style"], format!("/widget/{WIDGET_VERSION}/widget.css"));
        assert_eq!(page["token"], "/api/ticketping/chat-jwt");
        assert_eq!((&page["loading"], &page["visitors"]), (&json!("idle"), &json!("everyone")));
        assert_eq!(page["init"]["theme"], json!({}));
        assert!(page["init"].get("teamLogoIcon").is_none());
    }

    #[test]
    fn nothing_on_the_page_can_end_the_element_it_stands_in() {
        let json = config().theme(Theme::new().background("</script>")).to_page_json(Some("<!--"));
        assert!(!json.contains('<'), "{json}");
        let read: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(read["user"], "<!--");
    }

    #[test]
    fn ids_that_the_widget_would_swallow_are_refused_by_name() {
        for bad in ["", " ", "a b", "a/b", "..", "ä", "a\"b", &"x".repeat(101)] {
            assert_eq!(TeamSlug::parse(bad).err().map(|error| error.field()), Some("team_slug"), "{bad:?}");
            assert_eq!(AppId::parse(bad).err().map(|error| error.field()), Some("app_id"), "{bad:?}");
        }
        assert_eq!(TeamSlug::parse(" acme-inc ").map(|slug| slug.0), Ok("acme-inc".to_owned()));
    }

    #[test]
    fn urls_that_would_break_out_of_an_attribute_or_the_policy_are_refused_by_name() {
        for bad in
            ["", "oops", "ftp://host", "https://", "//host/x", "https://a b", "https://a;b", "/a\"b", "/a<b", "/ä"]
        {
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
        assert_eq!(
            config().api_base("https://host/base/").map(|config| config.api_base),
            Ok("https://host/base".into())
        );
    }
}
