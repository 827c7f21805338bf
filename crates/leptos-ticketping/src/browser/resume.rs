//! The open conversation with its messages and its draft, carried over to the next page of the same tab.

use js_sys::{JSON, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlTextAreaElement;

use super::{
    bindings::{Instance, OPEN, close_socket, container, part, socket_state},
    js::{after, apply, call, call_part, function, get, is_truthy, noop, set, text},
    keyboard::OPENS_ITSELF,
    owner::{RESUME_KEY, is_owner, owner_note, session_storage},
    page::since_page_start,
};
use crate::machine::Identity;

/// Keeps the open conversation and the draft for the next page of this tab. Its messages go where the widget keeps those of
/// all, so that they end with them.
pub fn save(instance: &Instance, identity: &Identity) {
    // A widget that has not started says that it is closed: what was kept stays for the next page.
    let Some(storage) = session_storage().filter(|_| instance.is_initialized()) else { return };
    // Another tab may have taken over a moment ago.
    let note = owner_note().filter(|_| is_owner(identity));
    let (true, Some(note)) = (instance.is_open(), note) else { return forget_open_conversation() };
    let session = instance.current_chat_session();
    let _none = session.as_deref().and_then(|session| save_messages(instance, session));
    let resume = Object::new();
    set(&resume, "owner", &note.into());
    set(&resume, "session", &session.into());
    set(&resume, "draft", &draft_box(instance).map(|input| input.value()).into());
    if let Ok(json) = JSON::stringify(&resume) {
        let _blocked = storage.set_item(RESUME_KEY, &String::from(json));
    }
}

/// Opens what was open on the page before, without taking the focus.
pub async fn resume(instance: Instance) {
    let Some(resume) = take() else { return };
    set(&instance, OPENS_ITSELF, &JsValue::TRUE);
    let _gone = instance.open();
    set(&instance, OPENS_ITSELF, &JsValue::FALSE);
    // The list came out of storage.
    let _none = call(&instance, "refreshConversations", &JsValue::UNDEFINED);
    let Some(session) = text(&resume, "session") else { return };
    let _none = hold_still(&instance);
    let input = draft_box(&instance);
    if let Some(input) = &input {
        keep_from_focus(input);
        input.set_value(&text(&resume, "draft").unwrap_or_default());
    }
    // The widget notes it when its socket is open: who leaves the page before that would find the list of conversations.
    set(&instance, "currentChatSession", &session.as_str().into());
    let loaded = instance.load_conversation(&session);
    let _none = show_messages(&instance, &session);
    show_box(&instance, false);
    until_open(loaded.ok()).await;
    settle(instance, session, input).await;
}

/// Shows the box once the conversation has its socket, for which the widget gives up waiting after five seconds and at an error;
/// or once it is not shown any more. Then all is as the widget has it.
async fn settle(instance: Instance, session: String, input: Option<HtmlTextAreaElement>) {
    loop {
        after(80).await;
        let is_shown = instance.is_open() && instance.current_chat_session().as_ref() == Some(&session);
        if !is_shown || socket_state(&instance, "ws") == OPEN {
            break;
        }
    }
    show_box(&instance, true);
    let Some(input) = input else { return };
    // Now that it is laid out: the widget makes it as tall as its text.
    tell_of_input(&input);
    let _none = scroll_to_end(&instance);
    after(2_000).await;
    let _none = move_again(&instance);
    let _frozen = Reflect::delete_property(&input, &"focus".into());
}

/// Opens a new socket for the open conversation, without taking the focus. There is no box to write in meanwhile.
pub async fn reopen_socket(instance: Instance, session: String) {
    // While a conversation is being opened, the socket is that of the one before.
    if !begin_opening(&instance) {
        return;
    }
    show_box(&instance, false);
    let input = draft_box(&instance);
    input.iter().for_each(keep_from_focus);
    // Not the widget's own reconnect(): what the old socket says late would open a third one.
    close_socket(&instance);
    let opening = call(&instance, "initWsConversation", &session.as_str().into());
    until_open(opening.map(|opening| opening.unchecked_into())).await;
    end_opening(&instance);
    settle(instance, session, input).await;
}

/// Waits until a conversation is open, or could not be opened.
async fn until_open(opening: Option<Promise>) {
    if let Some(opening) = opening {
        let _failed = JsFuture::from(opening).await;
    }
}

/// The widget takes the focus 50 ms after the state of the conversation has come, which takes as long as it takes.
fn keep_from_focus(input: &HtmlTextAreaElement) {
    let _frozen = Reflect::set(input, &"focus".into(), &noop());
}

/// Notes that a conversation is being opened; `false` where one is already.
fn begin_opening(instance: &Instance) -> bool {
    let now = since_page_start();
    let is_free = get(instance, OPENING_SINCE).and_then(|at| at.as_f64()).is_none_or(|at| now - at > LONGEST_OPENING);
    if is_free {
        set(instance, OPENING_SINCE, &now.into());
    }
    is_free
}

fn end_opening(instance: &Instance) {
    set(instance, OPENING_SINCE, &JsValue::UNDEFINED);
}

/// Opens a new conversation, with a text in its box that is not sent yet.
pub async fn start_conversation(instance: Instance, draft: Option<String>) {
    // Of two at once each would open a socket, and the widget would know one of them.
    if !begin_opening(&instance) {
        return;
    }
    let _gone = instance.open();
    // The widget leaves the socket of the conversation that is open as it is.
    close_socket(&instance);
    // The messages of that conversation would be kept for the new one.
    let _none = call_part(&instance, WINDOW, "clearMessages", &JsValue::UNDEFINED);
    // Not the widget's own startConversation(): that one opens a socket and shows nothing.
    until_open(instance.load_conversation("new").ok()).await;
    end_opening(&instance);
    // There is one box for all conversations: what the visitor is writing stays.
    if let (Some(draft), Some(input)) = (draft, draft_box(&instance).filter(|input| input.value().is_empty())) {
        set_draft(&input, &draft);
    }
}

/// Whether the page before has left something that is this owner's.
pub fn has_open_conversation() -> bool {
    kept().is_some_and(|resume| is_of_owner(&resume))
}

/// Puts the messages that are shown into the widget's own storage.
fn save_messages(instance: &Instance, session: &str) -> Option<()> {
    let shown = get(&get(instance, WINDOW)?, "currentMessages").filter(has_any)?;
    let conversation = Object::assign(&Object::new(), conversation(instance, session)?.unchecked_ref());
    set(&conversation, "messages", &shown);
    call_part(instance, "storage", "saveConversation", &conversation).map(|_| ())
}

/// Shows those that were kept in place of the widget's "Loading": it waits for its socket, which takes several round trips.
fn show_messages(instance: &Instance, session: &str) -> Option<()> {
    let messages = get(&conversation(instance, session)?, "messages").filter(has_any)?;
    call_part(instance, WINDOW, "hideLoadingState", &JsValue::UNDEFINED)?;
    call_part(instance, WINDOW, "setMessages", &messages).map(|_| ())
}

/// What is written while there is no socket would be lost. The widget itself changes its `display`.
fn show_box(instance: &Instance, shown: bool) {
    if let Some(style) = part(instance, ".ticketping-message-input-container").and_then(|part| get(&part, "style")) {
        set(&style, "visibility", &(if shown { "" } else { "hidden" }).into());
    }
}

/// What is carried over is to look as if it had never been away: its messages neither fade in nor scroll to the last of
/// them, now or when their history comes.
fn hold_still(instance: &Instance) -> Option<()> {
    let list = part(instance, "#messagesList")?;
    let options = Object::new();
    set(&options, "top", &1e9.into());
    set(&options, "behavior", &"instant".into());
    let scroll = function(&list, "scrollTo")?;
    let scroll_at_once = function(&scroll, "bind")?.call2(&scroll, &list, &options).ok()?;
    set(&get(instance, WINDOW)?, SCROLL, &scroll_at_once);
    container(instance)?.style().set_property(FADING, "0s").ok()
}

fn scroll_to_end(instance: &Instance) -> Option<JsValue> {
    let window = get(instance, WINDOW)?;
    Some(apply(&function(&window, SCROLL)?, &window, &[]))
}

fn move_again(instance: &Instance) -> Option<()> {
    let window = get(instance, WINDOW)?;
    let _own_again = Reflect::delete_property::<Object>(window.unchecked_ref(), &SCROLL.into());
    container(instance)?.style().set_property(FADING, "").ok()
}

/// The property of a widget that says since when a conversation is being opened, in milliseconds.
const OPENING_SINCE: &str = "openingSince";
/// How long that counts. If nothing answers, the widget waits without end, and later questions are to be put all the same.
const LONGEST_OPENING: f64 = 15_000.0;
/// The part of a widget that shows its window.
const WINDOW: &str = "chatWindow";
/// The method by which the widget scrolls to the last message, after a while and smoothly.
const SCROLL: &str = "scrollToBottom";
/// How long its messages take to fade in.
const FADING: &str = "--tp-animation-speed";

fn conversation(instance: &Instance, session: &str) -> Option<JsValue> {
    call_part(instance, "conversations", "get", &session.into()).filter(JsValue::is_object)
}

fn has_any(messages: &JsValue) -> bool {
    is_truthy(messages, "length")
}

/// Removes what another owner left in this tab: the purge of another tab does not reach it.
pub fn forget_foreign() {
    if kept().is_some_and(|resume| !is_of_owner(&resume)) {
        forget_open_conversation();
    }
}

fn take() -> Option<JsValue> {
    let resume = kept().filter(is_of_owner);
    forget_open_conversation();
    resume
}

fn kept() -> Option<JsValue> {
    JSON::parse(&session_storage()?.get_item(RESUME_KEY).ok()??).ok()
}

/// Removes what was kept.
pub fn forget_open_conversation() {
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
