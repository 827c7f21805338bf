//! The page around the widget: its settings, its clock, and how the script gets into it.

use js_sys::{Date, JSON, Object, Promise};
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::Element;

use super::super::{
    machine::Identity,
    settings::{Loading, WidgetSettings},
};
use super::{
    js::{function, get, set, text},
    widget::namespace,
};

/// The id of the element that [`ChatSettings`](super::ChatSettings) puts into a page.
pub const SETTINGS_ID: &str = "ticketping-chat";

/// [`WidgetSettings`] as the browser needs them.
pub struct Settings {
    pub(super) init: Object,
    script: String,
    style: String,
    pub token: String,
    pub loading: Loading,
}

impl Settings {
    /// What stands in the page.
    pub fn of_page() -> Option<Self> {
        Self::read(&on_page()?)
    }

    /// What an app without server-rendered settings made itself.
    pub fn of(settings: &WidgetSettings) -> Option<Self> {
        Self::read(&JSON::parse(&settings.on_page(None)).ok()?)
    }

    fn read(json: &JsValue) -> Option<Self> {
        let loading = match text(json, "loading")?.as_str() {
            "FirstClick" => Loading::FirstClick,
            "Consent" => Loading::Consent,
            _ => Loading::Idle,
        };
        Some(Self {
            init: get(json, "init")?.dyn_into().ok()?,
            script: text(json, "script")?,
            style: text(json, "style")?,
            token: text(json, "token")?,
            loading,
        })
    }
}

/// Whose page this is.
pub fn page_identity() -> Identity {
    Identity::of(on_page().and_then(|json| text(&json, "external_id")))
}

fn on_page() -> Option<JsValue> {
    JSON::parse(&document().get_element_by_id(SETTINGS_ID)?.text_content()?).ok()
}

/// A clock that only goes forward, in milliseconds. It takes the longer of the monotonic clock's
/// step (which may stand still while a machine sleeps) and the wall clock's (which may be set back).
#[derive(Default)]
pub struct Clock {
    last: Option<(f64, f64)>,
    now: f64,
}

impl Clock {
    pub fn now(&mut self) -> f64 {
        let monotonic = window().performance().map_or(0.0, |performance| performance.now());
        let wall = Date::now();
        if let Some((then, wall_then)) = self.last {
            self.now += (monotonic - then).max(wall - wall_then).max(0.0);
        }
        self.last = Some((monotonic, wall));
        self.now
    }
}

/// Loads the widget's stylesheet and its script, the script as a module: as a classic script the
/// file overwrites its own `init`. `attempt` makes a retry a new URL, as failures are remembered.
pub async fn load(settings: &Settings, attempt: u32) -> Result<(), &'static str> {
    if namespace().is_some() {
        return Ok(());
    }
    let again = if attempt == 0 { String::new() } else { format!("?retry={attempt}") };
    let style = append("link", &[("rel", "stylesheet"), ("href", &format!("{}{again}", settings.style))]);
    let script = append("script", &[("type", "module"), ("src", &format!("{}{again}", settings.script))]);
    // Both are listened to from the start: a rejection that nobody waits for yet is an exception.
    let style = JsFuture::from(style.ok_or("there is no document")?);
    let script = JsFuture::from(script.ok_or("there is no document")?);
    style.await.map_err(|_| "its stylesheet could not be loaded")?;
    script.await.map_err(|_| "its script could not be loaded")?;
    namespace().map(|_| ()).ok_or("its script did not define TicketpingChat")
}

fn append(tag: &str, attributes: &[(&str, &str)]) -> Option<Promise> {
    let element: Element = document().create_element(tag).ok()?;
    for (name, value) in attributes {
        element.set_attribute(name, value).ok()?;
    }
    let settled = Promise::new(&mut |resolve, reject| {
        set(&element, "onload", &resolve);
        set(&element, "onerror", &reject);
    });
    document().head()?.append_child(&element).ok()?;
    Some(settled)
}

/// Calls back once the page has nothing better to do; at once where the browser cannot tell.
pub fn when_idle(then: impl FnOnce() + 'static) {
    match function(&window(), "requestIdleCallback") {
        Some(request) => {
            let _none = request.call1(&window(), &Closure::once_into_js(then));
        }
        None => then(),
    }
}
