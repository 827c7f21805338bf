//! Executes the machine's commands.

use std::{rc::Rc, time::Duration};

use leptos::prelude::*;

use super::state::Driver;
use crate::{
    browser::{self, LiveWidget},
    config::Visitors,
    events::TicketpingEvent,
    machine::{Command, Event, Identity, TokenAnswer},
    use_ticketping,
    widget_state::{TokenLife, WidgetState},
};

const TOKEN_FAILED: &str = "the token endpoint failed; it is asked again later";
const FAILURE_DELAY: Duration = Duration::from_secs(1);
/// In milliseconds. After a sleep a timer goes on where it stood.
const LONGEST_TIMER: f64 = 30_000.0;

impl Driver {
    pub fn execute(self: &Rc<Self>, command: Command) {
        match command {
            Command::LoadScript => self.load(),
            Command::FetchToken { request } => self.fetch_token(request),
            Command::Purge => browser::purge(),
            Command::SetOwner(identity) => {
                let note = browser::set_owner(&identity);
                if let Some(channel) = &self.channel {
                    let _closed = channel.post_message(&note.into());
                }
            }
            Command::Start { identity, jwt } => self.start(&identity, jwt.as_deref()),
            Command::Renew { jwt } => {
                if let Some(widget) = self.widget() {
                    widget.renew(&jwt);
                    // The API may have been away for longer than the widget tries.
                    widget.reconnect(false);
                }
            }
            Command::Stop => {
                if let Some(widget) = self.widget.take() {
                    widget.stop();
                }
                use_ticketping::set_state(WidgetState::default());
                use_ticketping::set_token_life(None);
            }
            Command::SetTimer(milliseconds) => self.set_timer(milliseconds),
            Command::HidePage => browser::hide_page(true),
            Command::ShowPage => {
                browser::hide_page(false);
                if let Some(widget) = self.widget() {
                    widget.reconnect(true);
                }
            }
            Command::ReloadPage => {
                self.forget_waiting();
                use_ticketping::set_token_life(None);
                match self.on_page_outdated {
                    Some(callback) => {
                        callback.run(());
                        browser::hide_page(false);
                    }
                    None if browser::reload_hidden() => {}
                    None => {
                        self.fail("the page is made for another user than the token: their ids have to be the same")
                    }
                }
            }
        }
    }

    fn load(self: &Rc<Self>) {
        let driver = Rc::clone(self);
        let attempt = self.load_attempts.replace(self.load_attempts.get() + 1);
        wasm_bindgen_futures::spawn_local(async move {
            let loaded = browser::load(&driver.settings, attempt).await;
            if let Err(reason) = loaded {
                driver.fail(reason);
            }
            driver.handle(Event::ScriptSettled { loaded: loaded.is_ok() });
        });
    }

    fn fetch_token(self: &Rc<Self>, request: u32) {
        let driver = Rc::clone(self);
        wasm_bindgen_futures::spawn_local(async move {
            let answer = browser::fetch_token(&driver.settings.token_url).await;
            // The user may have changed in the meantime.
            if !driver.machine.borrow().awaits(request) {
                return;
            }
            match &answer {
                TokenAnswer::Token { life, .. } => {
                    let received_at = browser::since_page_start();
                    use_ticketping::set_token_life(Some(TokenLife { received_at, valid_for: *life }));
                    if driver.failure.get() == Some(TOKEN_FAILED) {
                        driver.failure.set(None);
                    }
                }
                TokenAnswer::SignedOut => {
                    driver.forget_waiting();
                    driver.shows_placeholder.update(|shows| *shows &= driver.settings.visitors == Visitors::Everyone);
                    use_ticketping::set_token_life(None);
                }
                TokenAnswer::Failed => driver.fail(TOKEN_FAILED),
            }
            driver.handle(Event::TokenAnswered { request, answer });
        });
    }

    fn start(self: &Rc<Self>, identity: &Identity, jwt: Option<&str>) {
        if browser::has_instance() {
            return self.start_failed("another script has started a widget on this page");
        }
        let driver = Rc::downgrade(self);
        let on_report = move |state: WidgetState, event: Option<TicketpingEvent>| {
            let Some(driver) = driver.upgrade() else { return };
            let is_first = state.is_ready && !use_ticketping::state().is_ready;
            use_ticketping::set_state(state);
            match event {
                Some(TicketpingEvent::Failed { reason }) if !state.is_ready => {
                    // Not now: this is the widget's own call, in the middle of its start.
                    wasm_bindgen_futures::spawn_local(async move { driver.start_failed(reason) });
                    return;
                }
                Some(TicketpingEvent::Failed { reason }) => driver.fail(reason),
                Some(event) => {
                    if event == TicketpingEvent::Opened
                        && let Some(widget) = driver.widget()
                    {
                        widget.reconnect(false);
                    }
                    use_ticketping::emit(&event);
                }
                None => {}
            }
            if is_first {
                driver.on_ready();
            }
        };
        match LiveWidget::start(&self.settings.init, identity, jwt, Rc::new(on_report)) {
            Some(widget) => *self.widget.borrow_mut() = Some(Rc::new(widget)),
            None => self.start_failed("it could not start"),
        }
    }

    /// Takes down what there is of it. The next reason to try again starts it anew.
    fn start_failed(self: &Rc<Self>, reason: &'static str) {
        // A user who came in the meantime has a widget of their own.
        if use_ticketping::state().is_ready {
            return;
        }
        if let Some(widget) = self.widget.take() {
            widget.stop();
        }
        self.fail(reason);
        self.handle(Event::StartFailed);
    }

    fn set_timer(self: &Rc<Self>, milliseconds: f64) {
        let driver = Rc::clone(self);
        // One that fires early does no harm.
        let delay = Duration::from_millis(milliseconds.min(LONGEST_TIMER) as u64);
        let timer = set_timeout_with_handle(move || driver.handle(Event::TimerFired), delay).ok();
        if let Some(earlier) = self.timer.replace(timer) {
            earlier.clear();
        }
    }

    /// Tells the page, and the console in one line for each page, however often it fails. Requests that the browser drops
    /// when the visitor leaves the page are no failures; Firefox drops them before the page hears that it is left. Nor is
    /// what was made good within the second.
    pub fn fail(self: &Rc<Self>, reason: &'static str) {
        if self.is_leaving.get() || self.failure.replace(Some(reason)).is_some() {
            return;
        }
        let driver = Rc::clone(self);
        set_timeout(move || driver.tell_of_failure(), FAILURE_DELAY);
    }

    fn tell_of_failure(&self) {
        let Some(reason) = self.failure.take() else { return };
        if !self.has_warned.replace(true) {
            leptos::logging::warn!("Ticketping chat is not available: {reason}.");
        }
        if self.widget.borrow().is_none() {
            use_ticketping::set_state(WidgetState { has_failed: true, ..WidgetState::default() });
        }
        use_ticketping::emit(&TicketpingEvent::Failed { reason });
    }
}
