//! What the driver listens to.

use std::rc::Rc;

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{MessageEvent, VisibilityState};

use super::state::{Driver, IS_MOUNTED};
use crate::{browser, machine::Event, use_ticketping};

impl Driver {
    /// Listens to every reason to look again, and stops with the component.
    pub fn listen(self: &Rc<Self>) {
        let send = |event: Event| {
            let driver = Rc::clone(self);
            move || driver.handle(event.clone())
        };
        let driver = Rc::clone(self);
        let on_visibility = window_event_listener(ev::visibilitychange, move |_| driver.resumed());
        let driver = Rc::clone(self);
        let on_online = window_event_listener(ev::online, move |_| driver.resumed());
        let driver = Rc::clone(self);
        let on_show = window_event_listener(ev::pageshow, move |page| {
            driver.is_leaving.set(false);
            if page.persisted() {
                driver.handle(Event::Restored);
            }
        });
        let owner_changed = send(Event::OwnerChanged);
        let on_storage = window_event_listener(ev::storage, move |change| {
            if browser::is_owner_key(change.key()) {
                owner_changed();
            }
        });
        let driver = Rc::clone(self);
        let on_hide = window_event_listener(ev::pagehide, move |_| {
            driver.is_leaving.set(true);
            driver.failure.set(None);
            if let Some(widget) = driver.widget() {
                widget.save();
            }
        });
        let owner_changed = send(Event::OwnerChanged);
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
            browser::adopt_note(message.data().as_string());
            owner_changed();
        });
        if let Some(channel) = &self.channel {
            channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        }
        let driver = Rc::clone(self);
        let clean_up = send_wrapper::SendWrapper::new(move || {
            driver.handle(Event::Wanted(None));
            driver.failure.set(None);
            use_ticketping::connect(None);
            for listener in [on_visibility, on_online, on_show, on_storage, on_hide] {
                listener.remove();
            }
            if let Some(timer) = driver.timer.take() {
                timer.clear();
            }
            if let Some(channel) = &driver.channel {
                channel.close();
            }
            drop(on_message);
            IS_MOUNTED.set(false);
        });
        on_cleanup(move || (clean_up.take())());
    }

    fn resumed(self: &Rc<Self>) {
        self.handle(Event::Resumed);
        // A page that comes back from history waits until the server has said whose it is.
        let is_seen = document().visibility_state() == VisibilityState::Visible && !self.is_leaving.get();
        if let Some(widget) = self.widget().filter(|_| is_seen) {
            widget.reconnect(false);
        }
    }
}
