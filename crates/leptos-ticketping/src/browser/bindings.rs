//! What the published widget offers: `window.TicketpingChat` and its one instance.

use js_sys::{Object, Promise};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::{Element, HtmlElement};

use super::js::{call_part, function, get, set};

#[wasm_bindgen]
extern "C" {
    /// `window.TicketpingChat`.
    pub type Namespace;
    #[wasm_bindgen(method, catch)]
    pub fn init(this: &Namespace, config: &JsValue) -> Result<Instance, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn destroy(this: &Namespace) -> Result<(), JsValue>;
    #[wasm_bindgen(method, getter)]
    pub fn instance(this: &Namespace) -> Option<Instance>;

    /// What `init()` returns.
    #[derive(Clone)]
    pub type Instance;
    #[wasm_bindgen(method, getter)]
    pub fn config(this: &Instance) -> Object;
    #[wasm_bindgen(method, getter, js_name = isInitialized)]
    pub fn is_initialized(this: &Instance) -> bool;
    #[wasm_bindgen(method, getter, js_name = isOpen)]
    pub fn is_open(this: &Instance) -> bool;
    #[wasm_bindgen(method, getter, js_name = unreadCount)]
    pub fn unread_count(this: &Instance) -> f64;
    #[wasm_bindgen(method, getter, js_name = currentChatSession)]
    pub fn current_chat_session(this: &Instance) -> Option<String>;
    #[wasm_bindgen(method, catch)]
    pub fn open(this: &Instance) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn close(this: &Instance) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = loadConversation)]
    pub fn load_conversation(this: &Instance, session: &str) -> Result<Promise, JsValue>;
}

/// `window.TicketpingChat`, once the script has run.
pub fn namespace() -> Option<Namespace> {
    let namespace = get(&window(), "TicketpingChat")?;
    function(&namespace, "init").map(|_| namespace.unchecked_into())
}

/// The property of the widget's configuration that holds the user's token.
pub const JWT: &str = "userJWT";

/// The `readyState` of a socket, as browsers have it.
pub const OPEN: f64 = 1.0;
const CLOSED: f64 = 3.0;

/// The `readyState` of the widget's socket of this name: `ws` is that of a conversation, `notifiWs` that for
/// notifications. Closed where there is none.
pub fn socket_state(instance: &Instance, socket: &str) -> f64 {
    let state = get(instance, socket).and_then(|socket| get(&get(&socket, "ws")?, "readyState")?.as_f64());
    state.unwrap_or(CLOSED)
}

/// Closes the socket of the conversation that is open, for good: one that is closed before it was open, or whose other side
/// does not answer, counts as cut off, and the widget would open it again.
pub fn close_socket(widget: &JsValue) {
    if let Some(options) = get(widget, "ws").as_ref().and_then(|socket| get(socket, "options")) {
        set(&options, "reconnectAttempts", &0.into());
    }
    let _none = call_part(widget, "ws", "disconnect", &JsValue::UNDEFINED);
}

/// The widget's own element, with all of its others.
pub fn container(instance: &Instance) -> Option<HtmlElement> {
    get(instance, "widgetContainer")?.dyn_into().ok()
}

/// The first element of the widget that has this selector.
pub fn part(instance: &Instance, selector: &str) -> Option<Element> {
    container(instance)?.query_selector(selector).ok()?
}

/// Whether there is a widget on the page already.
pub fn has_instance() -> bool {
    namespace().is_some_and(|namespace| namespace.instance().is_some())
}
