//! The chat for people who use a keyboard or a screen reader: the widget leaves the focus where it was as its window opens and
//! closes, and two of its buttons have no name.

use wasm_bindgen::JsValue;

use super::{
    bindings::{Instance, container, part},
    js::{call, is_truthy, set},
};

/// The property of a widget that says that its window opens by itself.
pub const OPENS_ITSELF: &str = "opensItself";
const UNNAMED: [(&str, &str); 2] = [(".ticketping-file-btn", "Attach a file"), (".ticketping-send-btn", "Send")];

/// The window has opened. `on_key` hears of keys that are pressed in it.
pub fn opened(widget: &Instance, on_key: &JsValue) -> Option<JsValue> {
    let container = container(widget)?;
    set(&container, "onkeydown", on_key);
    for (selector, name) in UNNAMED {
        if let Some(button) = part(widget, selector) {
            set(&button, "ariaLabel", &name.into());
        }
    }
    // Who pressed the bubble is there already.
    if part(widget, ":focus").is_some() || is_truthy(widget, OPENS_ITSELF) {
        return None;
    }
    focus(widget, ".ticketping-chat-window button")
}

/// The window has closed.
pub fn closed(widget: &Instance) -> Option<JsValue> {
    part(widget, ".ticketping-chat-window :focus")?;
    focus(widget, ".ticketping-chat-bubble")
}

fn focus(widget: &Instance, selector: &str) -> Option<JsValue> {
    let part = part(widget, selector)?;
    call(&part, "focus", &JsValue::UNDEFINED)
}
