//! The open conversation and its draft, carried over to the next page of the same tab.

use js_sys::{JSON, Object, Promise, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlTextAreaElement;

use super::{
    super::machine::Identity,
    js::{noop, set, text},
    storage::session_storage,
    widget::Instance,
};

/// Where they wait. Per tab.
const RESUME_KEY: &str = "chat-resume";

/// Keeps the open conversation and the draft for the next page of this tab.
pub(super) fn save(instance: &Instance, identity: &Identity) {
    if !instance.is_open() {
        return forget_resume();
    }
    let resume = Object::new();
    set(&resume, "owner", &identity.to_marker().into());
    set(&resume, "session", &instance.current_chat_session().into());
    set(&resume, "draft", &draft_box().map(|input| input.value()).into());
    if let (Some(storage), Some(json)) = (session_storage(), JSON::stringify(&resume).ok()) {
        let _blocked = storage.set_item(RESUME_KEY, &String::from(json));
    }
}

/// Opens what was open on the page before, without taking the focus.
pub async fn resume((instance, identity): (Instance, Identity)) {
    let Some(resume) = take_resume(&identity) else { return };
    let _gone = instance.open();
    let Some(session) = text(&resume, "session") else { return };
    let input = draft_box();
    if let Some(input) = &input {
        let _frozen = Reflect::set(input, &"focus".into(), &noop());
        input.set_value(&text(&resume, "draft").unwrap_or_default());
        if let Ok(event) = web_sys::Event::new("input") {
            let _cancelled = input.dispatch_event(&event);
        }
    }
    if let Ok(loaded) = instance.load_conversation(&session) {
        let _failed = JsFuture::from(loaded).await;
    }
    // It takes the focus 50 ms after it has loaded.
    JsFuture::from(after(80)).await.ok();
    if let Some(input) = input {
        let _frozen = Reflect::delete_property(&input, &"focus".into());
    }
}

fn take_resume(identity: &Identity) -> Option<JsValue> {
    let json = session_storage()?.get_item(RESUME_KEY).ok()??;
    forget_resume();
    JSON::parse(&json).ok().filter(|resume| text(resume, "owner") == Some(identity.to_marker()))
}

/// Forgets what was open on the page before.
pub(super) fn forget_resume() {
    if let Some(storage) = session_storage() {
        let _blocked = storage.remove_item(RESUME_KEY);
    }
}

fn draft_box() -> Option<HtmlTextAreaElement> {
    document().query_selector(".ticketping-widget textarea").ok()??.dyn_into().ok()
}

/// A promise that is kept after so many milliseconds.
fn after(milliseconds: i32) -> Promise {
    Promise::new(&mut |resolve, _| {
        let _none = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    })
}
