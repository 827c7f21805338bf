//! The live widget: started with hooks, and taken down so that nothing is left.

use js_sys::Object;
use wasm_bindgen::JsValue;

use super::{
    bindings::{Instance, JWT, Namespace, OPEN, namespace, socket_state},
    hooks::{self, Hooks, OnReport, TOKEN_PLACEHOLDER},
    js::{call, call_part, set},
    page::root_style,
    resume,
};
use crate::machine::Identity;

/// The live widget.
pub struct LiveWidget {
    // The one that started it: by the end, the page may have another.
    namespace: Namespace,
    instance: Instance,
    identity: Identity,
    _hooks: Hooks,
}

impl LiveWidget {
    /// Starts the widget and hooks it before its first answer can arrive. Without a token it waits for the first one.
    pub fn start(init: &Object, identity: &Identity, jwt: Option<&str>, on_report: OnReport) -> Option<Self> {
        let config = Object::assign(&Object::new(), init);
        // "" is the anonymous embed. Null would be refused: no widget, and no word about it.
        set(&config, JWT, &jwt.unwrap_or(TOKEN_PLACEHOLDER).into());
        let namespace = namespace()?;
        let instance = namespace.init(&config).ok()?;
        if jwt.is_none() {
            hooks::hold_start(&instance);
        }
        let hooks = hooks::install(&instance, identity, on_report);
        Some(Self { namespace, instance, identity: identity.clone(), _hooks: hooks })
    }

    /// Gives it its token, or a fresh one. Its calls read this very object, so that nothing restarts or reloads.
    pub fn renew(&self, jwt: &str) {
        set(&self.instance.config(), JWT, &jwt.into());
        hooks::continue_start(&self.instance);
    }

    /// Opens the sockets again that were cut: that of the open conversation, which the widget gives up after half a minute
    /// and closes with its window, and that for notifications, which it never opens again after the network was away or the
    /// page was kept. The API may refuse the latter to anonymous visitors: they are not asked for again each time that the page
    /// is seen.
    pub fn reconnect(&self, came_back_from_history: bool) {
        if !self.instance.is_initialized() {
            return;
        }
        let is_closed = |socket| socket_state(&self.instance, socket) > OPEN;
        if (came_back_from_history || self.identity != Identity::Anonymous) && is_closed("notifiWs") {
            let _none = call(&self.instance, "initNotificationWebSocket", &JsValue::UNDEFINED);
        }
        let session = self.instance.current_chat_session().filter(|_| self.instance.is_open() && is_closed("ws"));
        if let Some(session) = session {
            wasm_bindgen_futures::spawn_local(resume::reopen_socket(self.instance.clone(), session));
        }
    }

    /// Closes the sockets: Chromium keeps no page for its history that has one. `reconnect` opens them again.
    pub fn disconnect(&self) {
        for socket in ["ws", "notifiWs"] {
            let _none = call_part(&self.instance, socket, "disconnect", &JsValue::UNDEFINED);
        }
    }

    pub fn open(&self) {
        let _gone = self.instance.open();
    }

    pub fn close(&self) {
        let _gone = self.instance.close();
    }

    /// Opens a new conversation, with a draft in its box if there is one.
    pub fn start_conversation(&self, draft: Option<String>) {
        wasm_bindgen_futures::spawn_local(resume::start_conversation(self.instance.clone(), draft));
    }

    /// Keeps the open conversation and the draft for the next page of this tab.
    pub fn save(&self) {
        resume::save(&self.instance, &self.identity);
    }

    /// Opens what was open on the page before.
    pub fn resume(&self) {
        wasm_bindgen_futures::spawn_local(resume::resume(self.instance.clone()));
    }

    /// Takes the widget down and leaves nothing running.
    pub fn stop(&self) {
        hooks::silence(&self.instance);
        // Through the global: the instance's own destroy() leaves it registered.
        let _gone = self.namespace.destroy();
        hooks::detach(&self.instance);
        remove_theme();
    }
}

/// Its `destroy()` leaves the colours on `<html>`.
fn remove_theme() {
    let Some(style) = root_style() else { return };
    for index in (0..style.length()).rev() {
        let name = style.item(index);
        if name.starts_with("--tp-") {
            let _frozen = style.remove_property(&name);
        }
    }
}
