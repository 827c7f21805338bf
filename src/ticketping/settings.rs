//! What the widget is told, as types that cannot hold what it would swallow in silence.
//! Runs everywhere: the server fills it in, the browser hands it to `init()`.

use serde::Serialize;

/// Why an id was refused. The widget itself would show nothing and say nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 100 letters, digits, `-`, `_` or `.`")]
pub struct IdError;

fn parse_id(text: &str) -> Result<String, IdError> {
    let text = text.trim();
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    // The slug becomes a path segment of the widget's URLs, where dots alone would climb out.
    let dots = text.chars().all(|c| c == '.');
    let fits = (1..=100).contains(&text.len()) && text.chars().all(known) && !dots;
    fits.then(|| text.to_owned()).ok_or(IdError)
}

/// The app id from the Ticketping dashboard. Public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AppId(String);

impl AppId {
    /// Refuses what the widget would refuse or mangle.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        parse_id(text).map(Self)
    }
}

/// The team slug from the Ticketping dashboard. Public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TeamSlug(String);

impl TeamSlug {
    /// Refuses what the widget would refuse or mangle.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        parse_id(text).map(Self)
    }

    /// The slug as it stands in URLs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// When the widget's script is fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Loading {
    /// By itself, once the page is idle.
    #[default]
    Idle,
    /// On the first click of a stand-in bubble; no byte of the widget until then.
    FirstClick,
    /// Never, until `Chat::consent()` is called.
    Consent,
}

/// The widget's colours: all 21 keys its `theme` takes, each a CSS colour. `var(--accent)` is one:
/// give it the page's own custom properties, and it changes with the page's theme by itself.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Theme {
    pub primary_color: &'static str,
    pub primary_button_text: &'static str,
    pub primary_hover: &'static str,
    pub icon_color: &'static str,
    pub text_primary: &'static str,
    pub text_secondary: &'static str,
    pub text_muted: &'static str,
    pub background: &'static str,
    pub background_secondary: &'static str,
    pub background_tertiary: &'static str,
    pub border: &'static str,
    pub border_light: &'static str,
    pub notification_bg: &'static str,
    pub success_color: &'static str,
    pub offline_color: &'static str,
    pub error_bg: &'static str,
    pub error_text: &'static str,
    pub error_border: &'static str,
    pub shadow_light: &'static str,
    pub shadow_medium: &'static str,
    pub shadow_dark: &'static str,
}

/// What the widget is told on a page, but who the visitor is. Options it ignores are not here.
#[derive(Clone, Debug, Serialize)]
pub struct WidgetSettings {
    /// The object given to `init()`, key for key.
    pub init: InitConfig,
    /// URL of the widget's `widget.min.js`, which is loaded as a module.
    pub script: String,
    /// URL of the widget's `widget.css`.
    pub style: String,
    /// URL that answers `{"jwt": "…"}` for the session's user and 401 without one.
    pub token: String,
    /// When to load it.
    pub loading: Loading,
}

/// What the published widget reads of its configuration.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InitConfig {
    /// Which app of the team this is.
    pub app_id: AppId,
    /// Whose support it is.
    pub team_slug: TeamSlug,
    /// URL of a square logo.
    pub team_logo_icon: String,
    /// Colours.
    pub theme: Theme,
    /// Where its calls go, without a slash at the end.
    pub api_base: String,
    /// Where its sockets go, without a slash at the end.
    pub ws_base: String,
    /// Filled in by the browser.
    #[serde(rename = "userJWT")]
    pub user_jwt: NoToken,
}

/// The place of the token. A page never holds one: what is here is "", the anonymous embed. It is
/// not null, which the widget refuses and shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoToken;

impl Serialize for NoToken {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("")
    }
}

/// The settings and the identity of a page, as JSON that stands in it: an island then needs no
/// JSON reader of its own, which would be a tenth of its bytes.
#[derive(Serialize)]
struct OnPage<'a> {
    #[serde(flatten)]
    settings: &'a WidgetSettings,
    external_id: Option<&'a str>,
}

impl WidgetSettings {
    /// JSON for [`ChatSettings`](super::ChatSettings), which puts it into the page.
    pub(super) fn on_page(&self, external_id: Option<&str>) -> String {
        let json = serde_json::to_string(&OnPage { settings: self, external_id }).unwrap_or_default();
        // Inside a script element only this can end it, or begin a comment.
        json.replace('<', "\\u003c")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const THEME: Theme = Theme {
        primary_color: "#fff",
        primary_button_text: "#fff",
        primary_hover: "#fff",
        icon_color: "#fff",
        text_primary: "#fff",
        text_secondary: "#fff",
        text_muted: "#fff",
        background: "#fff",
        background_secondary: "#fff",
        background_tertiary: "#fff",
        border: "#fff",
        border_light: "#fff",
        notification_bg: "#fff",
        success_color: "#fff",
        offline_color: "#fff",
        error_bg: "#fff",
        error_text: "#fff",
        error_border: "#fff",
        shadow_light: "#fff",
        shadow_medium: "#fff",
        shadow_dark: "#fff",
    };

    // The list in the widget's page, in its order.
    const THEME_KEYS: [&str; 21] = [
        "primaryColor",
        "primaryButtonText",
        "primaryHover",
        "iconColor",
        "textPrimary",
        "textSecondary",
        "textMuted",
        "background",
        "backgroundSecondary",
        "backgroundTertiary",
        "border",
        "borderLight",
        "notificationBg",
        "successColor",
        "offlineColor",
        "errorBg",
        "errorText",
        "errorBorder",
        "shadowLight",
        "shadowMedium",
        "shadowDark",
    ];

    fn settings(logo: &str) -> WidgetSettings {
        WidgetSettings {
            init: InitConfig {
                app_id: AppId::parse("app-1").expect("valid"),
                team_slug: TeamSlug::parse("acme").expect("valid"),
                team_logo_icon: logo.into(),
                theme: THEME,
                api_base: "https://api.example".into(),
                ws_base: "wss://ws.example".into(),
                user_jwt: NoToken,
            },
            script: "/w.js".into(),
            style: "/w.css".into(),
            token: "/jwt".into(),
            loading: Loading::Idle,
        }
    }

    #[test]
    fn init_gets_exactly_the_keys_the_published_widget_reads() {
        let mut given: Value = serde_json::to_value(settings("/mark.svg").init).expect("JSON");
        let theme = given["theme"].take();
        assert_eq!(
            given,
            json!({
                "appId": "app-1", "teamSlug": "acme", "teamLogoIcon": "/mark.svg", "theme": null,
                "apiBase": "https://api.example", "wsBase": "wss://ws.example", "userJWT": "",
            })
        );
        let theme = theme.as_object().expect("an object");
        assert_eq!(theme.len(), 21);
        assert!(THEME_KEYS.iter().all(|key| theme[*key] == "#fff"));
    }

    #[test]
    fn nothing_in_the_settings_can_end_the_element_they_stand_in() {
        let json = settings("/</script><script>alert(1)</script>").on_page(Some("<!--"));
        assert!(!json.contains('<'), "{json}");
        let read: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(read["external_id"], "<!--");
    }

    #[test]
    fn ids_that_the_widget_would_swallow_are_refused() {
        for bad in ["", " ", "a b", "a/b", "..", "ä", "a\"b", &"x".repeat(101)] {
            assert_eq!(TeamSlug::parse(bad), Err(IdError), "{bad:?}");
        }
        assert_eq!(TeamSlug::parse(" acme-inc ").map(|slug| slug.0), Ok("acme-inc".to_owned()));
    }
}
