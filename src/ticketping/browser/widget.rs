//! The live widget: started with hooks that keep it honest, and taken down so that nothing is left.

use js_sys::{Array, Object, Promise, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::HtmlElement;

use super::{
    super::machine::Identity,
    js::{STOPPED, function, get, never, noop, set, unless_stopped},
    page::Settings,
    resume::save,
    storage::stored_identity,
};

#[wasm_bindgen]
extern "C" {
    /// `window.TicketpingChat`.
    pub(super) type Namespace;
    #[wasm_bindgen(method, catch)]
    pub(super) fn init(this: &Namespace, config: &JsValue) -> Result<Instance, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn destroy(this: &Namespace) -> Result<(), JsValue>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn instance(this: &Namespace) -> Option<Instance>;

    /// What `init()` returns.
    #[derive(Clone)]
    pub type Instance;
    #[wasm_bindgen(method, getter)]
    pub(super) fn config(this: &Instance) -> Object;
    #[wasm_bindgen(method, getter, js_name = isInitialized)]
    pub(super) fn is_initialized(this: &Instance) -> bool;
    #[wasm_bindgen(method, getter, js_name = isOpen)]
    pub(super) fn is_open(this: &Instance) -> bool;
    #[wasm_bindgen(method, getter, js_name = unreadCount)]
    pub(super) fn unread_count(this: &Instance) -> f64;
    #[wasm_bindgen(method, getter, js_name = currentChatSession)]
    pub(super) fn current_chat_session(this: &Instance) -> Option<String>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn open(this: &Instance) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn close(this: &Instance) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = loadConversation)]
    pub(super) fn load_conversation(this: &Instance, session: &str) -> Result<Promise, JsValue>;
}

/// What a page can see of the live widget.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    pub ready: bool,
    pub open: bool,
    pub unread: u32,
    pub failed: bool,
}

/// The live widget, with the hooks that keep it honest.
pub struct Live {
    instance: Instance,
    identity: Identity,
    // The widget calls these; they must live as long as it does.
    _hooks: Vec<Hook>,
}

type Hook = Closure<dyn Fn(JsValue, JsValue, JsValue) -> JsValue>;

/// Starts the widget and hooks it before its first answer can arrive.
pub fn start(settings: &Settings, identity: &Identity, jwt: &str, on_change: impl Fn(Seen) + 'static) -> Option<Live> {
    let config = Object::assign(&Object::new(), &settings.init);
    set(&config, "userJWT", &jwt.into());
    let instance = namespace()?.init(&config).ok()?;
    let mut hooks = Vec::new();
    guard(&instance, identity, &mut hooks);
    gate(&instance, &mut hooks);
    watch(&instance, on_change, &mut hooks);
    Some(Live { instance, identity: identity.clone(), _hooks: hooks })
}

/// Lets the widget near its cookie and storage only while they are its owner's: it would use, and
/// leave behind, whatever is there, and another tab may have changed the owner a moment ago.
fn guard(instance: &Instance, identity: &Identity, hooks: &mut Vec<Hook>) {
    let guarded =
        [("api", ["getCookie", "setCookie", "deleteCookie"]), ("storage", ["getItem", "setItem", "removeItem"])];
    for (part, methods) in guarded {
        let Some(part) = get(instance, part) else { continue };
        for method in methods {
            let Some(original) = function(&part, method) else { continue };
            let (this, identity) = (part.clone(), identity.clone());
            hook(&part, method, hooks, move |first, second, third| {
                if stored_identity().as_ref() != Some(&identity) {
                    return JsValue::NULL;
                }
                original.apply(&this, &Array::of3(&first, &second, &third)).unwrap_or(JsValue::NULL)
            });
        }
    }
}

/// Keeps answers from a widget that was stopped while they were under way. What it would do with
/// them (put up a bubble, open a socket with the old user's token) cannot be undone.
fn gate(instance: &Instance, hooks: &mut Vec<Hook>) {
    let Some(api) = get(instance, "api") else { return };
    let Some(request) = function(&api, "request") else { return };
    let widget: JsValue = instance.into();
    let this = api.clone();
    hook(&api, "request", hooks, move |endpoint, options, _| {
        let answer = request.call2(&this, &endpoint, &options).unwrap_or(JsValue::UNDEFINED);
        unless_stopped(&widget, answer.unchecked_ref())
    });
}

/// The widget calls none of its documented callbacks, but it reports each event to `track()`.
fn watch(instance: &Instance, on_change: impl Fn(Seen) + 'static, hooks: &mut Vec<Hook>) {
    let widget = instance.clone();
    hook(instance, "track", hooks, move |event, _, _| {
        on_change(Seen {
            ready: widget.is_initialized(),
            open: widget.is_open(),
            unread: widget.unread_count() as u32,
            failed: event.as_string().as_deref() == Some("widget_init_error"),
        });
        JsValue::UNDEFINED
    });
}

impl Live {
    /// Gives it a fresh token. Its calls read this very object, so nothing restarts or reloads.
    pub fn renew(&self, jwt: &str) {
        let _frozen = Reflect::set(&self.instance.config(), &"userJWT".into(), &jwt.into());
    }

    pub fn open(&self) {
        let _gone = self.instance.open();
    }

    pub fn close(&self) {
        let _gone = self.instance.close();
    }

    pub fn start_conversation(&self) {
        self.open();
        // Not the widget's own startConversation(): that one opens a socket and shows nothing.
        let _gone = self.instance.load_conversation("new");
    }

    /// Keeps the open conversation and the draft for the next page of this tab.
    pub fn save(&self) {
        save(&self.instance, &self.identity);
    }

    /// What `resume()` needs, free of the borrow of this widget.
    pub fn resume_target(&self) -> (Instance, Identity) {
        (self.instance.clone(), self.identity.clone())
    }

    /// Takes the widget down and leaves nothing running, also in the middle of its start: its
    /// own `destroy()` stops none of the calls that are under way.
    pub fn stop(self) {
        let widget: &JsValue = self.instance.as_ref();
        let (noop, never) = (noop(), never());
        set(widget, STOPPED, &JsValue::TRUE);
        set(widget, "track", &noop);
        if let Some(api) = get(widget, "api") {
            for method in ["getCookie", "setCookie", "deleteCookie"] {
                set(&api, method, &noop);
            }
            set(&api, "request", &never);
        }
        if let Some(storage) = get(widget, "storage") {
            for method in ["getItem", "setItem", "removeItem"] {
                set(&storage, method, &noop);
            }
        }
        // The first call was made before the gate was up: its answer goes on with the start.
        set(widget, "createWidgetContainer", &noop);
        set(widget, "loadStoredConversations", &never);
        // A socket that is closed before it was open counts as cut off, and would be opened again.
        if let Some(options) = get(widget, "ws").as_ref().and_then(|socket| get(socket, "options")) {
            set(&options, "reconnectAttempts", &0.into());
        }
        // Through the global: the instance's own destroy() leaves it registered.
        if let Some(namespace) = namespace() {
            let _gone = namespace.destroy();
        }
        // What is still being built is built off the page.
        if let Ok(nowhere) = document().create_element("div") {
            set(widget, "widgetContainer", &nowhere);
        }
        remove_theme();
    }
}

fn remove_theme() {
    let Some(style) =
        document().document_element().and_then(|root| root.dyn_into::<HtmlElement>().ok()).map(|root| root.style())
    else {
        return;
    };
    let names: Vec<String> = (0..style.length()).map(|index| style.item(index)).collect();
    for name in names.iter().filter(|name| name.starts_with("--tp-")) {
        let _frozen = style.remove_property(name);
    }
}

fn hook(
    target: &JsValue,
    method: &str,
    hooks: &mut Vec<Hook>,
    body: impl Fn(JsValue, JsValue, JsValue) -> JsValue + 'static,
) {
    let closure: Hook = Closure::new(body);
    set(target, method, closure.as_ref());
    hooks.push(closure);
}

pub(super) fn namespace() -> Option<Namespace> {
    let namespace = Reflect::get(&window(), &"TicketpingChat".into()).ok()?;
    function(&namespace, "init").map(|_| namespace.unchecked_into())
}

/// Whether a widget is registered that this folder did not start.
pub fn is_taken() -> bool {
    namespace().is_some_and(|namespace| namespace.instance().is_some())
}
