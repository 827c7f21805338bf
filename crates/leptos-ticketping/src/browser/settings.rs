//! The configuration as the browser needs it, and where it comes from.

use js_sys::{JSON, Object};
use leptos::prelude::{Signal, document};
use wasm_bindgen::{JsCast, JsValue};

use super::js::{get, set, text};
use crate::config::{Loading, TicketpingConfig, Visitors};

/// The id of the element that [`TicketpingPageData`](crate::TicketpingPageData) puts into a page.
pub const PAGE_DATA_ID: &str = "ticketping-page-data";

/// A [`TicketpingConfig`] in the browser.
pub struct Settings {
    /// What `init()` is given, but for the token.
    pub init: Object,
    pub script: String,
    pub style: String,
    pub token_url: String,
    pub loading: Loading,
    pub visitors: Visitors,
}

/// Where [`TicketpingChat`](crate::TicketpingChat) finds its configuration: a [`TicketpingConfig`], or
/// [`PageData`].
pub trait ConfigSource: Load + 'static {}

impl<T: Load + 'static> ConfigSource for T {}

/// Keeps others from being a [`ConfigSource`].
pub trait Load {
    fn load(&self) -> Option<Settings>;
}

impl Load for TicketpingConfig {
    fn load(&self) -> Option<Settings> {
        let (init, theme) = (Object::new(), Object::new());
        self.theme.colors().for_each(|(key, color)| set(&theme, key, &color.into()));
        self.init_texts().for_each(|(key, text)| set(&init, key, &text.into()));
        set(&init, "theme", &theme);
        Some(Settings {
            init,
            script: self.script_url(),
            style: self.style_url(),
            token_url: self.token_url.clone().into_owned(),
            loading: self.loading,
            visitors: self.visitors,
        })
    }
}

/// What [`TicketpingPageData`](crate::TicketpingPageData) put into this page. It is how an island gets at the
/// configuration and the user without reading JSON in WASM.
///
/// ```ignore
/// view! { <TicketpingChat config=PageData user=PageData::user()/> }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct PageData;

impl PageData {
    /// The id of the user this page was made for; `None` when nobody was logged in.
    pub fn user() -> Signal<Option<String>> {
        // On the server there is no document, and a view may read this there.
        Signal::derive(|| text(&cfg!(target_arch = "wasm32").then(page_data)??, "user"))
    }
}

impl Load for PageData {
    fn load(&self) -> Option<Settings> {
        let json = page_data()?;
        Some(Settings {
            init: get(&json, "init")?.dyn_into().ok()?,
            script: text(&json, "script")?,
            style: text(&json, "style")?,
            token_url: text(&json, "token")?,
            loading: option(&Loading::ALL, &text(&json, "loading")?)?,
            visitors: option(&Visitors::ALL, &text(&json, "visitors")?)?,
        })
    }
}

fn page_data() -> Option<JsValue> {
    JSON::parse(&document().get_element_by_id(PAGE_DATA_ID)?.text_content()?).ok()
}

fn option<T: Copy>(all: &[(T, &str)], name: &str) -> Option<T> {
    all.iter().find(|(_, known)| *known == name).map(|(option, _)| *option)
}
