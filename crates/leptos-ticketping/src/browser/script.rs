//! Loads the widget's files into the page.

use std::{cell::RefCell, thread::LocalKey};

use js_sys::Promise;
use leptos::prelude::{document, window};
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::Element;

use super::{
    bindings::namespace,
    js::{function, set, text},
    settings::Settings,
};
use crate::pinned::{SCRIPT_INTEGRITY, STYLE_INTEGRITY};

thread_local! {
    // What becomes of each file; `None` before it is asked for, and after a failure.
    static STYLE: Slot = const { RefCell::new(None) };
    static SCRIPT: Slot = const { RefCell::new(None) };
}

type Slot = RefCell<Option<Promise>>;

/// Loads the widget's stylesheet and its script, the script as a module: as a classic script the file overwrites
/// its own `init`. `attempt` makes a retry a new URL, as browsers remember failures.
pub async fn load(settings: &Settings, attempt: u32) -> Result<(), &'static str> {
    let is_ours = SCRIPT.with_borrow(Option::is_some) || STYLE.with_borrow(Option::is_some);
    if namespace().is_some() && !is_ours {
        return Ok(());
    }
    let retry = if attempt == 0 { String::new() } else { format!("?retry={attempt}") };
    let style = format!("{}{retry}", settings.style);
    let script = format!("{}{retry}", settings.script);
    add(&STYLE, "link", &[("rel", "stylesheet"), ("integrity", STYLE_INTEGRITY), ("href", &style)]);
    add(&SCRIPT, "script", &[("type", "module"), ("integrity", SCRIPT_INTEGRITY), ("src", &script)]);
    // Both are waited for: a script that arrives after a second one has started the widget would take its global away.
    let (has_style, has_script) = (has_loaded(&STYLE).await, has_loaded(&SCRIPT).await);
    if !has_style {
        return Err("its stylesheet could not be loaded");
    }
    if !has_script {
        return Err("its script could not be loaded");
    }
    namespace().map(|_| ()).ok_or("its script did not define TicketpingChat")
}

/// Adds a file to the page, unless it is there.
fn add(slot: &'static LocalKey<Slot>, tag: &str, attributes: &[(&str, &str)]) {
    if slot.with_borrow(Option::is_none) {
        slot.set(append(tag, attributes));
    }
}

/// Whether a file could be loaded: if not, the next call adds it again.
async fn has_loaded(slot: &'static LocalKey<Slot>) -> bool {
    let Some(settled) = slot.with_borrow(Clone::clone) else { return false };
    let event = JsFuture::from(settled).await.unwrap_or_default();
    let has_loaded = text(&event, "type").as_deref() == Some("load");
    if !has_loaded {
        slot.set(None);
    }
    has_loaded
}

/// Adds an element, and promises the event that says what has become of it.
fn append(tag: &str, attributes: &[(&str, &str)]) -> Option<Promise> {
    let element: Element = document().create_element(tag).ok()?;
    // Integrity is checked on another site's files only when they are fetched this way.
    for (name, value) in attributes.iter().chain(&[("crossorigin", "anonymous")]) {
        element.set_attribute(name, value).ok()?;
    }
    let settled = Promise::new(&mut |resolve, _| {
        set(&element, "onload", &resolve);
        set(&element, "onerror", &resolve);
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
