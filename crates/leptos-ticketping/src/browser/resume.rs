//! The open conversation with its messages and its draft, carried over to the next page of the same tab.

use js_sys::{Array, JSON, Object, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlElement, HtmlTextAreaElement};

use super::{
    bindings::Instance,
    js::{function, get, noop, set, text},
    owner::{RESUME_KEY, is_owner, owner_note, session_storage},
};
use crate::machine::Identity;

/// Keeps the open conversation and the draft for the next page of this tab.
pub fn save(instance: &Instance, identity: &Identity) {
    let Some(storage) = session_storage() else { return };
    // Another tab may have taken over a moment ago.
    let note = owner_note().filter(|_| is_owner(identity));
    let (true, Some(note)) = (instance.is_open(), note) else {
        let _blocked = storage.remove_item(RESUME_KEY);
        return;
    };
    let resume = Object::new();
    set(&resume, "owner", &note.into());
    set(&resume, "session", &instance.current_chat_session().into());
    set(&resume, "draft", &draft_box(instance).map(|input| input.value()).into());
    if let Some(messages) = messages(instance) {
        set(&resume, "messages", &messages.into());
    }
    if let Ok(json) = JSON::stringify(&resume) {
        let _blocked = storage.set_item(RESUME_KEY, &String::from(json));
    }
}

/// Opens what was open on the page before, without taking the focus.
pub async fn resume(instance: Instance) {
    let Some(resume) = take() else { return };
    let _gone = instance.open();
    let Some(session) = text(&resume, "session") else { return };
    let input = draft_box(&instance);
    if let Some(input) = &input {
        let _frozen = Reflect::set(input, &"focus".into(), &noop());
        input.set_value(&text(&resume, "draft").unwrap_or_default());
    }
    // The widget notes it when its socket is open: who leaves before that would find another page open.
    set(&instance, "currentChatSession", &session.as_str().into());
    let loaded = instance.load_conversation(&session);
    let _none = show_kept_messages(&instance, &resume);
    // The list came out of storage.
    let _none = call(&instance, "refreshConversations", &JsValue::UNDEFINED);
    if let Ok(loaded) = loaded {
        let _failed = JsFuture::from(loaded).await;
    }
    if let Some(writing) = part(&instance, WRITING) {
        let _frozen = style(&writing).and_then(|style| style.remove_property("visibility").ok());
    }
    // The widget takes the focus 50 ms after it has loaded.
    JsFuture::from(after(80)).await.ok();
    if let Some(input) = input {
        let _frozen = Reflect::delete_property(&input, &"focus".into());
        // Now that it is laid out: the widget makes it as tall as its text.
        tell_of_input(&input);
    }
}

/// Opens a new conversation, with a text in its box that is not sent yet.
pub async fn start_conversation(instance: Instance, draft: Option<String>) {
    let _gone = instance.open();
    // Not the widget's own startConversation(): that one opens a socket and shows nothing.
    let Ok(loaded) = instance.load_conversation("new") else { return };
    let _failed = JsFuture::from(loaded).await;
    if let (Some(draft), Some(input)) = (draft, draft_box(&instance)) {
        set_draft(&input, &draft);
    }
}

/// Whether the page before has left something that is this owner's.
pub fn is_kept() -> bool {
    kept().is_some_and(|resume| is_of_owner(&resume))
}

/// What the box and its button are in.
const WRITING: &str = ".ticketping-message-input-container";
/// How many messages are carried over: more than are seen without scrolling.
const MAX_MESSAGES: u32 = 50;

/// The messages of the open conversation.
fn messages(instance: &Instance) -> Option<Array> {
    let conversations = get(instance, "conversations")?;
    let conversation = call(&conversations, "get", &instance.current_chat_session()?.into())?;
    let messages: Array = get(&conversation, "messages")?.dyn_into().ok()?;
    Some(messages.slice(messages.length().saturating_sub(MAX_MESSAGES), messages.length()))
}

/// Shows them in place of the widget's "Loading": it waits for its socket, which takes several round trips. Nothing can be
/// written yet, as the widget would lose it.
fn show_kept_messages(instance: &Instance, resume: &JsValue) -> Option<()> {
    let messages: Array = get(resume, "messages")?.dyn_into().ok()?;
    for (selector, property, value) in [
        ("#loadingState", "display", "none"),
        ("#messagesList", "display", "block"),
        (WRITING, "display", "block"),
        (WRITING, "visibility", "hidden"),
    ] {
        style(&part(instance, selector)?)?.set_property(property, value).ok()?;
    }
    call(&get(instance, "chatWindow")?, "setMessages", &messages).map(|_| ())
}

fn call(target: &JsValue, method: &str, argument: &JsValue) -> Option<JsValue> {
    function(target, method)?.call1(target, argument).ok()
}

fn style(element: &Element) -> Option<web_sys::CssStyleDeclaration> {
    element.dyn_ref::<HtmlElement>().map(HtmlElement::style)
}

/// Removes what another owner left in this tab: the purge of another tab does not reach it.
pub fn forget_foreign() {
    if kept().is_some_and(|resume| !is_of_owner(&resume)) {
        forget();
    }
}

fn take() -> Option<JsValue> {
    let resume = kept().filter(is_of_owner);
    forget();
    resume
}

fn kept() -> Option<JsValue> {
    JSON::parse(&session_storage()?.get_item(RESUME_KEY).ok()??).ok()
}

fn forget() {
    if let Some(storage) = session_storage() {
        let _blocked = storage.remove_item(RESUME_KEY);
    }
}

/// By the whole note: between two anonymous visitors there may have been a user.
fn is_of_owner(resume: &JsValue) -> bool {
    let note = text(resume, "owner");
    note.is_some() && note == owner_note()
}

/// The box of this widget, and never that of one that took its place.
fn draft_box(instance: &Instance) -> Option<HtmlTextAreaElement> {
    part(instance, "textarea")?.dyn_into().ok()
}

fn part(instance: &Instance, selector: &str) -> Option<Element> {
    let container: Element = get(instance, "widgetContainer")?.dyn_into().ok()?;
    container.query_selector(selector).ok()?
}

fn set_draft(input: &HtmlTextAreaElement, text: &str) {
    input.set_value(text);
    tell_of_input(input);
}

/// The widget enables its button on this event, and makes the box as tall as its text.
fn tell_of_input(input: &HtmlTextAreaElement) {
    if let Ok(event) = web_sys::Event::new("input") {
        let _cancelled = input.dispatch_event(&event);
    }
}

/// A promise that is fulfilled after so many milliseconds.
fn after(milliseconds: i32) -> Promise {
    Promise::new(&mut |resolve, _| {
        let _none = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    })
}
