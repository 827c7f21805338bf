//! Loads the widget's files into the page.

use std::{cell::RefCell, thread::LocalKey};

use js_sys::Promise;
use leptos::prelude::{document, window};
use wasm_bindgen::{JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::Element;

use super::{
    bindings::namespace,
    js::{function, set},
    settings::Settings,
};
use crate::pinned::{SCRIPT_INTEGRITY, STYLE_INTEGRITY};

thread_local! {
    // Each file that is on its way or has arrived; nothing after a failure.
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
    let style = once(&STYLE, "link", &[("rel", "stylesheet"), ("integrity", STYLE_INTEGRITY), ("href", &style)]);
    let script = once(&SCRIPT, "script", &[("type", "module"), ("integrity", SCRIPT_INTEGRITY), ("src", &script)]);
    // Both are listened to from the start: a rejection that nothing waits for yet is an exception. And both are waited
    // for: a script that arrives after a second one has started the widget would take its global away.
    let (style, script) = (style.ok_or("there is no document")?, script.ok_or("there is no document")?);
    let (has_style, has_script) = (style.await, script.await);
    if !has_style {
        return Err("its stylesheet could not be loaded");
    }
    if !has_script {
        return Err("its script could not be loaded");
    }
    namespace().map(|_| ()).ok_or("its script did not define TicketpingChat")
}

/// Adds the element, unless it is there. Whether it could be loaded: if not, the next call adds another.
fn once(
    slot: &'static LocalKey<Slot>,
    tag: &str,
    attributes: &[(&str, &str)],
) -> Option<impl Future<Output = bool> + use<>> {
    let promise = match slot.with_borrow(Clone::clone) {
        Some(promise) => promise,
        None => append(tag, attributes)?,
    };
    slot.set(Some(promise.clone()));
    let settled = JsFuture::from(promise.clone());
    Some(async move {
        let has_loaded = settled.await.is_ok();
        if !has_loaded {
            slot.with_borrow_mut(|held| {
                held.take_if(|held| AsRef::<JsValue>::as_ref(held) == AsRef::<JsValue>::as_ref(&promise))
            });
        }
        has_loaded
    })
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
