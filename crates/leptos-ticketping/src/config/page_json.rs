//! The configuration as JSON that stands in a page.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    options::{Loading, Visitors, name_of},
    ticketping_config::TicketpingConfig,
};

impl TicketpingConfig {
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{AppId, TeamSlug, Theme, pinned::WIDGET_VERSION};

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
}
