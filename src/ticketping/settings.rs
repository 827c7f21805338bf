//! What the widget is told, as types that cannot hold what it would swallow in silence.
//! Runs everywhere: the server fills it in, the browser hands it to `init()`.

use serde::{Deserialize, Serialize};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppId(String);

impl AppId {
    /// Refuses what the widget would refuse or mangle.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        parse_id(text).map(Self)
    }
}

/// The team slug from the Ticketping dashboard. Public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// What the widget is told beside its colours and who the visitor is. Options it ignores are not here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetSettings {
    /// Which app of the team this is.
    pub app_id: AppId,
    /// Whose support it is.
    pub team_slug: TeamSlug,
    /// URL of a square logo.
    pub team_logo_icon: String,
    /// Where its calls go, without a slash at the end.
    pub api_base: String,
    /// Where its sockets go, without a slash at the end.
    pub ws_base: String,
    /// URL of the widget's `widget.min.js`, which is loaded as a module.
    pub script: String,
    /// URL of the widget's `widget.css`.
    pub style: String,
    /// URL that answers `{"jwt": "…"}` for the session's user and 401 without one.
    pub token: String,
    /// When to load it.
    pub loading: Loading,
}

/// The object given to `init()`, key for key.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InitConfig<'a> {
    app_id: &'a AppId,
    team_slug: &'a TeamSlug,
    team_logo_icon: &'a str,
    theme: &'a Theme,
    api_base: &'a str,
    ws_base: &'a str,
    // "" is the anonymous embed. Never null: the widget refuses it and shows nothing.
    #[serde(rename = "userJWT")]
    user_jwt: &'a str,
}

impl WidgetSettings {
    /// JSON for `init()`. An empty `user_jwt` is an anonymous visitor.
    pub(super) fn init_json(&self, theme: &Theme, user_jwt: &str) -> String {
        let config = InitConfig {
            app_id: &self.app_id,
            team_slug: &self.team_slug,
            team_logo_icon: &self.team_logo_icon,
            theme,
            api_base: &self.api_base,
            ws_base: &self.ws_base,
            user_jwt,
        };
        // Strings and structs of strings: serialising them cannot fail.
        serde_json::to_string(&config).unwrap_or_default()
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

    #[test]
    fn init_gets_exactly_the_keys_the_published_widget_reads() {
        let settings = WidgetSettings {
            app_id: AppId::parse("app-1").expect("valid"),
            team_slug: TeamSlug::parse("acme").expect("valid"),
            team_logo_icon: "/mark.svg".into(),
            api_base: "https://api.example".into(),
            ws_base: "wss://ws.example".into(),
            script: "/w.js".into(),
            style: "/w.css".into(),
            token: "/jwt".into(),
            loading: Loading::Idle,
        };
        let mut given: Value = serde_json::from_str(&settings.init_json(&THEME, "")).expect("JSON");
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
    fn ids_that_the_widget_would_swallow_are_refused() {
        for bad in ["", " ", "a b", "a/b", "..", "ä", "a\"b", &"x".repeat(101)] {
            assert_eq!(TeamSlug::parse(bad), Err(IdError), "{bad:?}");
        }
        assert_eq!(TeamSlug::parse(" acme-inc ").map(|slug| slug.0), Ok("acme-inc".to_owned()));
    }
}
