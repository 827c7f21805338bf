//! Executes what the page asks for, and what waited until the widget was ready.

use std::rc::Rc;

use leptos::prelude::Set;

use super::state::Driver;
use crate::{
    browser::LiveWidget,
    config::Loading,
    machine::Event,
    use_ticketping::{self, Action},
};

impl Driver {
    pub fn on_ready(self: &Rc<Self>) {
        self.shows_placeholder.set(false);
        self.failure.set(None);
        // A page that is left in the middle of a start ends it: what was kept is for the next page.
        let waiting = self.waiting.take();
        let is_replaced = matches!(waiting, Some(Action::StartConversation { .. }));
        if let Some(widget) = self.widget().filter(|_| !self.is_leaving.get() && !is_replaced) {
            widget.resume();
        }
        if let Some(action) = waiting {
            self.execute_action(action);
        }
    }

    /// What one user asked for is nothing to the next.
    pub fn forget_waiting(&self) {
        *self.waiting.borrow_mut() = None;
    }

    /// The live widget, without a borrow: what it is told may come back as an event, and that as another action.
    pub fn widget(&self) -> Option<Rc<LiveWidget>> {
        self.widget.borrow().clone()
    }

    pub fn execute_action(self: &Rc<Self>, action: Action) {
        let allows = match self.settings.loading {
            Loading::Idle => false,
            Loading::FirstClick => !matches!(action, Action::Close | Action::Consent),
            Loading::Consent => action == Action::Consent,
        };
        if allows {
            self.handle(Event::LoadingAllowed);
        }
        // A click is a reason to try again what has failed.
        if matches!(action, Action::Open | Action::StartConversation { .. }) {
            self.handle(Event::TryAgain);
        }
        match (self.widget().filter(|_| use_ticketping::state().is_ready), action) {
            (_, Action::Consent) => {}
            (Some(widget), Action::Open) => widget.open(),
            (Some(widget), Action::Close) => widget.close(),
            (Some(widget), Action::StartConversation { draft }) => widget.start_conversation(draft),
            (None, Action::Close) => self.forget_waiting(),
            (None, action) => {
                let mut waiting = self.waiting.borrow_mut();
                // To open the chat is a part of what waits already.
                if action != Action::Open || waiting.is_none() {
                    *waiting = Some(action);
                }
            }
        }
    }
}
