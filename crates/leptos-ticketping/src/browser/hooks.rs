//! What is replaced on the live widget, and why. Each of these was read in the widget's source and has a browser
//! test that fails without it.

use std::rc::Rc;

use js_sys::{Function, Promise};
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use super::{
    bindings::{Instance, JWT, close_socket, container},
    js::{STOPPED, apply, function, get, is_truthy, noop, returns_unsettled, set, text, unless_stopped, unsettled},
    keyboard,
    owner::{expire_chat_cookies, is_owner},
    resume::has_open_conversation,
};
use crate::{events::TicketpingEvent, machine::Identity, pinned::SECURE_CHAT_COOKIE, widget_state::WidgetState};

/// Closures that the widget calls. They must live as long as it does.
pub struct Hooks(Vec<Hook>);

type Hook = Closure<dyn Fn(JsValue, JsValue, JsValue) -> JsValue>;

/// What the widget reports: how it is now, and what happened.
pub type OnReport = Rc<dyn Fn(WidgetState, Option<TicketpingEvent>)>;

/// The step of a start that is the first to need the user's token: the list of conversations. Before it, the widget asks for
/// its team's settings and makes its elements.
const LIST_STEP: &str = "loadStoredConversations";
/// The property of a widget that has no token yet: `true`, and the function that continues its start once it has come to
/// that step.
const AWAITS_TOKEN: &str = "awaitsToken";
/// In place of a token that is not there yet. With "" the widget would take its user for an anonymous visitor.
pub const TOKEN_PLACEHOLDER: &str = "on its way";

/// What the widget reads, writes and removes its data with, by the part that has the methods.
const STORAGE: [(&str, [&str; 3]); 2] =
    [("api", ["getCookie", "setCookie", "deleteCookie"]), ("storage", ["getItem", "setItem", "removeItem"])];

/// The calls of the widget's API that continue something. With a token in the cookie, the second one makes no request.
const API_CALLS: [&str; 2] = ["request", "getChatToken"];

/// Hooks a widget that was started for `identity`.
pub fn install(instance: &Instance, identity: &Identity, on_report: OnReport) -> Hooks {
    let mut hooks = Hooks(Vec::new());
    hooks.hold_until_token(instance);
    hooks.guard_storage(instance, identity);
    hooks.drop_late_answers(instance);
    hooks.report_events(instance, on_report.clone());
    hooks.report_received_messages(instance, on_report);
    hooks
}

impl Hooks {
    /// Holds a start that is faster than the token. Nothing is seen of the widget meanwhile: it could not do anything.
    fn hold_until_token(&mut self, instance: &Instance) {
        let Some(original) = function(instance, LIST_STEP) else { return };
        let widget = instance.clone();
        self.replace(instance, LIST_STEP, move |_, _, _| {
            if !awaits_token(&widget) {
                return load_list(&original, &widget);
            }
            if let Some(container) = container(&widget) {
                container.remove();
            }
            Promise::new(&mut |resolve, _| set(&widget, AWAITS_TOKEN, &resolve)).into()
        });
    }

    /// Lets the widget use its cookie and storage only while they belong to its user. Another tab may have changed the
    /// owner a moment ago: the widget would use that user's data, and leave its own behind. Under https the cookie has another
    /// name: the widget takes whatever token it finds in it, also one that another host of the domain has put there.
    fn guard_storage(&mut self, instance: &Instance, identity: &Identity) {
        let is_https = window().location().protocol().as_deref() == Ok("https:");
        for (name, methods) in STORAGE {
            let Some(part) = get(instance, name) else { continue };
            let has_prefix = is_https && name == "api";
            for method in methods {
                let Some(original) = function(&part, method) else { continue };
                let (this, identity) = (part.clone(), identity.clone());
                // `deleteCookie` leaves out `Secure`, without which browsers do not remove a `__Host-` cookie.
                let removes_cookie = has_prefix && method == "deleteCookie";
                self.replace(&part, method, move |mut first, mut second, third| {
                    if !is_owner(&identity) {
                        return JsValue::NULL;
                    }
                    if removes_cookie {
                        expire_chat_cookies();
                    }
                    if has_prefix {
                        first = SECURE_CHAT_COOKIE.into();
                        if let Some(value) = second.as_string() {
                            second = (value + ";Secure").into();
                        }
                    }
                    apply(&original, &this, &[first, second, third])
                });
            }
        }
    }

    /// Keeps answers from a widget that was stopped while they were under way. What it would do with them (put up
    /// a bubble, open a socket with the old user's token) cannot be undone.
    fn drop_late_answers(&mut self, instance: &Instance) {
        let Some(api) = get(instance, "api") else { return };
        for method in API_CALLS {
            let Some(original) = function(&api, method) else { continue };
            let (this, widget): (JsValue, JsValue) = (api.clone(), instance.into());
            self.replace(&api, method, move |first, second, third| {
                if awaits_token(&widget) {
                    // Code of the page asked for it.
                    return unsettled().into();
                }
                let answer = apply(&original, &this, &[first, second, third]);
                unless_stopped(&widget, answer.unchecked_ref())
            });
        }
    }

    /// The widget calls none of its documented callbacks, but tells `track()` what happens. As its window opens and closes, the
    /// focus and the Escape key are seen to.
    fn report_events(&mut self, instance: &Instance, on_report: OnReport) {
        let widget = instance.clone();
        let on_key: Hook = Closure::new(move |key, _, _| {
            let is_escape = text(&key, "key").as_deref() == Some("Escape") && !is_truthy(&key, "isComposing");
            if is_escape && widget.is_open() {
                let _gone = widget.close();
            }
            JsValue::UNDEFINED
        });
        let widget = instance.clone();
        let listener: JsValue = on_key.as_ref().clone();
        self.0.push(on_key);
        self.replace(instance, "track", move |name, data, _| {
            let event = name.as_string().and_then(|name| event(&name, &data));
            let _no_window = match event {
                Some(TicketpingEvent::Opened) => keyboard::opened(&widget, &listener),
                Some(TicketpingEvent::Closed) => keyboard::closed(&widget),
                _ => None,
            };
            on_report(state(&widget, event.as_ref()), event);
            JsValue::UNDEFINED
        });
    }

    /// It reports the messages it sends, but not those it receives.
    fn report_received_messages(&mut self, instance: &Instance, on_report: OnReport) {
        const METHOD: &str = "handleWebSocketMessage";
        let Some(original) = function(instance, METHOD) else { return };
        let widget = instance.clone();
        self.replace(instance, METHOD, move |message, _, _| {
            let answer = apply(&original, &widget, std::slice::from_ref(&message));
            // The visitor's own attachments come back this way too.
            if text(&message, "sender").as_deref() != Some("USER") {
                let event = TicketpingEvent::MessageReceived {
                    conversation: text(&message, "sessionId").unwrap_or_default(),
                    text: text(&message, "messageText").unwrap_or_default(),
                };
                on_report(state(&widget, None), Some(event));
            }
            answer
        });
    }

    fn replace(
        &mut self,
        target: &JsValue,
        method: &str,
        body: impl Fn(JsValue, JsValue, JsValue) -> JsValue + 'static,
    ) {
        let closure: Hook = Closure::new(body);
        set(target, method, closure.as_ref());
        self.0.push(closure);
    }
}

/// Where a chat is carried over, its list comes out of storage, which saves a round trip: the widget calls its API only if it
/// has a token when this starts.
fn load_list(original: &Function, widget: &Instance) -> JsValue {
    let config = widget.config();
    let jwt = get(&config, JWT).unwrap_or_default();
    if has_open_conversation() {
        set(&config, JWT, &"".into());
    }
    let list = apply(original, widget, &[]);
    set(&config, JWT, &jwt);
    list
}

/// Marks a widget that has no token yet: its start and all of its calls wait.
pub fn hold_start(instance: &Instance) {
    set(instance, AWAITS_TOKEN, &JsValue::TRUE);
}

fn awaits_token(instance: &JsValue) -> bool {
    is_truthy(instance, AWAITS_TOKEN)
}

/// The widget has its token.
pub fn continue_start(instance: &Instance) {
    let goes_on = function(instance, AWAITS_TOKEN);
    set(instance, AWAITS_TOKEN, &JsValue::UNDEFINED);
    let (Some(goes_on), Some(list)) = (goes_on, function(instance, LIST_STEP)) else { return };
    if let (Some(container), Some(body)) = (container(instance), document().body()) {
        let _is_in_it = body.append_child(&container);
    }
    apply(&goes_on, instance, &[apply(&list, instance, &[])]);
}

/// Silences a widget that is about to be destroyed, also in the middle of its start: its own `destroy()` stops
/// none of the calls that are under way.
pub fn silence(instance: &Instance) {
    let widget: &JsValue = instance.as_ref();
    let (noop, returns_unsettled) = (noop(), returns_unsettled());
    set(widget, STOPPED, &JsValue::TRUE);
    set(widget, "track", &noop);
    set(widget, "handleWebSocketMessage", &noop);
    for (part, methods) in STORAGE {
        let Some(part) = get(widget, part) else { continue };
        methods.iter().for_each(|method| set(&part, method, &noop));
    }
    if let Some(api) = get(widget, "api") {
        API_CALLS.iter().for_each(|method| set(&api, method, &returns_unsettled));
    }
    // The first call was made before the hooks were there, and its answer continues the start.
    set(widget, "createWidgetContainer", &noop);
    set(widget, LIST_STEP, &returns_unsettled);
    close_socket(widget);
}

/// Gives a destroyed widget a container that is not on the page, in case it is still building.
pub fn detach(instance: &Instance) {
    if let Ok(container) = document().create_element("div") {
        set(instance, "widgetContainer", &container);
    }
}

fn state(widget: &Instance, event: Option<&TicketpingEvent>) -> WidgetState {
    WidgetState {
        is_ready: widget.is_initialized(),
        is_open: widget.is_open(),
        unread: widget.unread_count() as u32,
        has_failed: matches!(event, Some(TicketpingEvent::Failed { .. })),
    }
}

/// The event for what `track()` is told; `None` for what a page has no use for.
fn event(name: &str, data: &JsValue) -> Option<TicketpingEvent> {
    let conversation = || text(data, "chatSessionId").unwrap_or_default();
    Some(match name {
        "widget_opened" => TicketpingEvent::Opened,
        "widget_closed" => TicketpingEvent::Closed,
        "message_sent" => TicketpingEvent::MessageSent { conversation: conversation() },
        "conversation_loaded" => TicketpingEvent::ConversationLoaded { conversation: conversation() },
        "unread_count_updated" => {
            let count = get(data, "count").and_then(|count| count.as_f64()).unwrap_or_default();
            TicketpingEvent::UnreadChanged { count: count as u32 }
        }
        "widget_init_error" => TicketpingEvent::Failed { reason: "it could not start" },
        _ => return None,
    })
}
