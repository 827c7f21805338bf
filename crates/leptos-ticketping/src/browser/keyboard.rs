//! The chat for people who use a keyboard or a screen reader: the widget leaves the focus where it was as its window opens and
//! closes, and two of its buttons have no name.

use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use super::{
    bindings::{Instance, container, part},
    js::{call, is_truthy, set},
};

/// The property of a widget that says that its window opens by itself.
pub const OPENS_ITSELF: &str = "opensItself";
const UNNAMED: [(&str, &str); 2] = [(".ticketping-file-btn", "Attach a file"), (".ticketping-send-btn", "Send")];

/// The window has opened. `on_key` hears of keys that are pressed in it.
pub fn opened(widget: &Instance, on_key: &JsValue) -> Option<()> {
    let container = container(widget)?;
    set(&container, "onkeydown", on_key);
    for (selector, name) in UNNAMED {
        if let Some(button) = part(widget, selector) {
            set(&button, "ariaLabel", &name.into());
        }
    }
    if is_truthy(widget, OPENS_ITSELF) {
        return None;
    }
    let widget = widget.clone();
    let focus = Closure::once_into_js(move || {
        let _none = take_focus(&widget);
    });
    // Once it can be seen.
    let _timer = window().set_timeout_with_callback_and_timeout_and_arguments_0(focus.unchecked_ref(), 80);
    Some(())
}

fn take_focus(widget: &Instance) -> Option<()> {
    // Who pressed the bubble is there already, and who writes goes on.
    let writes = document().query_selector(":is(input, textarea, select, [contenteditable]):focus");
    if part(widget, ":focus").is_some() || writes.ok()?.is_some() {
        return None;
    }
    let button = part(widget, ".ticketping-tab-content.active button")?;
    call(&button, "focus", &JsValue::UNDEFINED).map(|_| ())
}

/// The window has closed.
pub fn closed(widget: &Instance) -> Option<()> {
    part(widget, ".ticketping-chat-window :focus")?;
    let bubble = part(widget, ".ticketping-chat-bubble")?;
    call(&bubble, "focus", &JsValue::UNDEFINED).map(|_| ())
}
