//! Loads the widget's files into the page.

use js_sys::Promise;
use leptos::prelude::{document, window};
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::Element;

use super::{
    bindings::namespace,
    js::{function, set},
    settings::Settings,
};
use crate::pinned::{SCRIPT_INTEGRITY, STYLE_INTEGRITY};

/// Loads the widget's stylesheet and its script, the script as a module: as a classic script the file overwrites
/// its own `init`. `attempt` makes a retry a new URL, as browsers remember failures.
pub async fn load(settings: &Settings, attempt: u32) -> Result<(), &'static str> {
    if namespace().is_some() {
        return Ok(());
    }
    let retry = if attempt == 0 { String::new() } else { format!("?retry={attempt}") };
    let style = format!("{}{retry}", settings.style);
    let script = format!("{}{retry}", settings.script);
    let style = append("link", &[("rel", "stylesheet"), ("integrity", STYLE_INTEGRITY), ("href", &style)]);
    let script = append("script", &[("type", "module"), ("integrity", SCRIPT_INTEGRITY), ("src", &script)]);
    // Both are listened to from the start: a rejection that nothing waits for yet is an exception.
    let style = JsFuture::from(style.ok_or("there is no document")?);
    let script = JsFuture::from(script.ok_or("there is no document")?);
    style.await.map_err(|_| "its stylesheet could not be loaded")?;
    script.await.map_err(|_| "its script could not be loaded")?;
    namespace().map(|_| ()).ok_or("its script did not define TicketpingChat")
}

fn append(tag: &str, attributes: &[(&str, &str)]) -> Option<Promise> {
    let element: Element = document().create_element(tag).ok()?;
    // Integrity is checked on another site's files only when they are fetched this way.
    for (name, value) in attributes.iter().chain(&[("crossorigin", "anonymous")]) {
        element.set_attribute(name, value).ok()?;
    }
    let settled = Promise::new(&mut |resolve, reject| {
        set(&element, "onload", &resolve);
        set(&element, "onerror", &reject);
    });
    document().head()?.append_child(&element).ok()?;
    Some(settled)
}

/// Calls back once the page is idle; at once where the browser cannot tell.
pub fn when_idle(then: impl FnOnce() + 'static) {
    match function(&window(), "requestIdleCallback") {
        Some(request) => {
            let _none = request.call1(&window(), &Closure::once_into_js(then));
        }
        None => then(),
    }
}
