//! What the driver listens to.

use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{EventTarget, MessageEvent, PageTransitionEvent, StorageEvent, VisibilityState};

use super::state::{Driver, IS_MOUNTED};
use crate::{browser, machine::Event, use_ticketping, widget_state::WidgetState};

/// Events of the window.
const OF_WINDOW: [&str; 6] = ["visibilitychange", "online", "pageshow", "pagehide", "blur", "storage"];

impl Driver {
    /// Listens to every reason to look again, and stops with the component.
    pub fn listen(self: &Rc<Self>) {
        let driver = Rc::clone(self);
        let listener = Closure::<dyn Fn(web_sys::Event)>::new(move |event| driver.hear(&event));
        let mut heard: Vec<(EventTarget, &str)> = OF_WINDOW.map(|name| (window().into(), name)).into();
        heard.extend(browser::navigation().map(|navigation| (navigation, "navigate")));
        heard.extend(self.channel.clone().map(|channel| (channel.into(), "message")));
        for (target, name) in &heard {
            let _added = target.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
        }
        let driver = Rc::clone(self);
        let clean_up = send_wrapper::SendWrapper::new(move || {
            driver.handle(Event::Wanted(None));
            // Errors from now on are expected, and not reported.
            driver.is_leaving.set(true);
            driver.failure.set(None);
            browser::forget_open_conversation();
            use_ticketping::connect(None);
            use_ticketping::set_state(WidgetState::default());
            for (target, name) in &heard {
                let _removed = target.remove_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
            }
            if let Some(timer) = driver.timer.take() {
                timer.clear();
            }
            if let Some(channel) = &driver.channel {
                channel.close();
            }
            IS_MOUNTED.set(false);
        });
        on_cleanup(move || (clean_up.take())());
    }

    fn hear(self: &Rc<Self>, event: &web_sys::Event) {
        match event.type_().as_str() {
            "visibilitychange" | "online" => self.look_again(Event::TryAgain),
            "pageshow" => {
                self.is_leaving.set(false);
                if event.unchecked_ref::<PageTransitionEvent>().persisted() {
                    self.handle(Event::Restored);
                }
            }
            "pagehide" => {
                self.is_leaving.set(true);
                self.failure.set(None);
                self.save();
                if let Some(widget) = self.widget() {
                    widget.disconnect();
                }
            }
            // The next page may be shown before `pagehide`: at a click, and when an address is typed.
            "navigate" | "blur" => self.save(),
            "storage" if browser::is_owner_key(event.unchecked_ref::<StorageEvent>().key()) => {
                self.handle(Event::OwnerChanged);
            }
            "message" => {
                browser::adopt_note(event.unchecked_ref::<MessageEvent>().data().as_string());
                self.handle(Event::OwnerChanged);
            }
            _ => {}
        }
    }

    /// Keeps what is open for the next page.
    fn save(&self) {
        if let Some(widget) = self.widget() {
            widget.save();
        }
    }

    /// Tells the machine, and looks whether the widget has lost its sockets.
    pub fn look_again(self: &Rc<Self>, event: Event) {
        self.handle(event);
        // A page that comes back from history is seen before `pageshow`, and waits until the server has said whose it is.
        let is_seen = document().visibility_state() == VisibilityState::Visible && !self.is_leaving.get();
        if is_seen && let Some(widget) = self.widget() {
            widget.reconnect(false);
        }
    }
}
