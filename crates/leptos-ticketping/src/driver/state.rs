//! What lives as long as the component, and the way of an event: snapshot, machine, commands.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
use web_sys::BroadcastChannel;

use crate::{
    browser::{self, Clock, LiveWidget, Settings},
    config::{Loading, Visitors},
    machine::{Event, Identity, Machine, Snapshot},
    use_ticketping::{self, Action},
};

/// The channel on which tabs tell each other who the owner is.
const CHANNEL: &str = env!("CARGO_PKG_NAME");

/// In milliseconds. A page that was made longer ago than this before it is shown is treated like one from history.
const LONGEST_AHEAD: f64 = 10_000.0;

thread_local! {
    pub static IS_MOUNTED: Cell<bool> = const { Cell::new(false) };
}

/// Everything that lives as long as the component.
pub struct Driver {
    pub settings: Settings,
    pub on_page_outdated: Option<Callback<()>>,
    pub shows_placeholder: RwSignal<bool>,
    pub machine: RefCell<Machine>,
    pub clock: RefCell<Clock>,
    pub widget: RefCell<Option<Rc<LiveWidget>>>,
    // When the page learned who its user is.
    pub user_known_since: Cell<Option<f64>>,
    // What was asked for before the widget was ready.
    pub waiting: RefCell<Option<Action>>,
    pub timer: RefCell<Option<TimeoutHandle>>,
    pub channel: Option<BroadcastChannel>,
    pub load_attempts: Cell<u32>,
    pub has_warned: Cell<bool>,
    pub is_leaving: Cell<bool>,
    // What has failed and is to be told, unless it is made good before.
    pub failure: Cell<Option<&'static str>>,
    // What happened while a command was being executed.
    events: RefCell<VecDeque<Event>>,
    is_handling: Cell<bool>,
    user: RefCell<Option<Identity>>,
}

impl Driver {
    pub fn new(
        settings: Settings,
        on_page_outdated: Option<Callback<()>>,
        shows_placeholder: RwSignal<bool>,
    ) -> Option<Rc<Self>> {
        if IS_MOUNTED.replace(true) {
            leptos::logging::warn!("There are two <TicketpingChat/> on this page: the second one does nothing.");
            return None;
        }
        let (loading, visitors) = (settings.loading, settings.visitors);
        let driver = Rc::new(Self {
            settings,
            on_page_outdated,
            shows_placeholder,
            machine: RefCell::new(Machine::new(visitors)),
            clock: RefCell::default(),
            widget: RefCell::default(),
            user_known_since: Cell::default(),
            waiting: RefCell::default(),
            timer: RefCell::default(),
            channel: BroadcastChannel::new(CHANNEL).ok(),
            load_attempts: Cell::default(),
            has_warned: Cell::default(),
            is_leaving: Cell::default(),
            failure: Cell::default(),
            events: RefCell::default(),
            is_handling: Cell::default(),
            user: RefCell::default(),
        });
        browser::forget_foreign();
        driver.listen();
        if loading == Loading::Idle && browser::has_open_conversation() {
            // The visitor is in the middle of a conversation.
            driver.handle(Event::LoadingAllowed);
        } else if loading == Loading::Idle {
            let driver = Rc::clone(&driver);
            browser::when_idle(move || driver.handle(Event::LoadingAllowed));
        }
        let dispatch = Rc::clone(&driver);
        use_ticketping::connect(Some(Rc::new(move |action| dispatch.execute_action(action))));
        Some(driver)
    }

    pub fn user_changed(self: &Rc<Self>, identity: Identity) {
        let is_same = self.user.replace(Some(identity.clone())).as_ref() == Some(&identity);
        if is_same && self.machine.borrow().wants(&identity) {
            return;
        }
        // The first user came with the page, which may be old; one that comes later is known from now on. One who is named
        // once more, after their session ended, may have logged in again: the server is asked.
        let known_before = self.user_known_since.get();
        let since = match known_before {
            None => browser::requested_at(),
            Some(since) if is_same => since,
            Some(_) => {
                self.forget_waiting();
                use_ticketping::set_token_life(None);
                js_sys::Date::now()
            }
        };
        self.user_known_since.set(Some(since));
        let gets_a_chat = self.settings.visitors == Visitors::Everyone || identity != Identity::Anonymous;
        // Until the widget has a bubble of its own.
        self.shows_placeholder.set(gets_a_chat && self.settings.loading == Loading::FirstClick);
        self.handle(Event::Wanted(Some(identity)));
        match browser::made_ahead_by() {
            Some(ahead) if ahead > LONGEST_AHEAD => self.handle(Event::Restored),
            Some(_) => self.handle(Event::MadeAhead),
            None => {}
        }
    }

    /// All commands of an event are executed before the next event: what the page or the widget does meanwhile waits.
    pub fn handle(self: &Rc<Self>, event: Event) {
        self.events.borrow_mut().push_back(event);
        if self.is_handling.replace(true) {
            return;
        }
        loop {
            let next = self.events.borrow_mut().pop_front();
            let Some(event) = next else { break };
            self.step(event);
        }
        self.is_handling.set(false);
    }

    fn step(self: &Rc<Self>, event: Event) {
        let snapshot = Snapshot {
            now: self.clock.borrow_mut().now(),
            owner: browser::owner(),
            user_known_since: self.user_known_since.get().unwrap_or_default(),
            visible: document().visibility_state() == web_sys::VisibilityState::Visible,
            jitter: js_sys::Math::random(),
        };
        let commands = self.machine.borrow_mut().handle(event, &snapshot);
        for command in commands {
            self.execute(command);
        }
    }
}
