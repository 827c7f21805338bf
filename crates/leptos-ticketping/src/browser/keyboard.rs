//! The chat for people who use a keyboard or a screen reader: the widget leaves the focus where it was as its window opens and
//! closes, and two of its buttons have no name.

use wasm_bindgen::JsValue;

use super::{
    bindings::{Instance, container, part},
    js::{after, call, is_truthy, set},
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
    if !is_truthy(widget, OPENS_ITSELF) {
        wasm_bindgen_futures::spawn_local(take_focus(widget.clone()));
    }
    None
}

/// Moves the focus into the window, once it can be seen.
async fn take_focus(widget: Instance) {
    after(80).await;
    // Who pressed the bubble is there already.
    if widget.is_open() && part(&widget, ":focus").is_none() {
        focus(&widget, ".ticketping-chat-window button");
    }
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
