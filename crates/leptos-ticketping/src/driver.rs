//! Feeds the machine with what happens in the browser, and executes its commands.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
    time::Duration,
};

use leptos::{ev, leptos_dom::helpers::TimeoutHandle, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

use crate::{
    browser::{self, Clock, ConfigSource, LiveWidget, Settings},
    config::{Loading, Visitors},
    events::TicketpingEvent,
    machine::{Command, Event, Identity, Machine, Snapshot, TokenAnswer},
    state::{TokenLife, WidgetState},
    use_ticketping::{self, Action},
};

/// The channel on which tabs tell each other who the owner is.
const CHANNEL: &str = env!("CARGO_PKG_NAME");

thread_local! {
    static IS_MOUNTED: Cell<bool> = const { Cell::new(false) };
}

/// Runs the chat from when the component is in the browser until it is gone.
pub fn mount<C: ConfigSource>(
    config: C,
    user: Signal<Option<String>>,
    on_page_outdated: Option<Callback<()>>,
    shows_placeholder: RwSignal<bool>,
) {
    // Not a stored value: the server may drop those on another thread, where an `Rc` must not go.
    let driver = Rc::new(OnceCell::new());
    // An effect of its own, which tracks nothing and so runs once.
    Effect::new({
        let driver = Rc::clone(&driver);
        move || {
            let mounted = config.load().and_then(|settings| Driver::new(settings, on_page_outdated, shows_placeholder));
            let _only_once = driver.set(mounted);
        }
    });
    Effect::new(move || {
        let identity = Identity::from(user.get());
        if let Some(Some(driver)) = driver.get() {
            driver.user_changed(identity);
        }
    });
}

/// Everything that lives as long as the component.
struct Driver {
    settings: Settings,
    on_page_outdated: Option<Callback<()>>,
    shows_placeholder: RwSignal<bool>,
    machine: RefCell<Machine>,
    clock: RefCell<Clock>,
    widget: RefCell<Option<LiveWidget>>,
    // When the page learned who its user is.
    user_known_since: Cell<Option<f64>>,
    // What was asked for before the widget was ready.
    waiting: RefCell<Option<Action>>,
    timer: RefCell<Option<TimeoutHandle>>,
    channel: Option<BroadcastChannel>,
    load_attempts: Cell<u32>,
    has_warned: Cell<bool>,
    is_leaving: Cell<bool>,
}

impl Driver {
    fn new(
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
        });
        driver.listen();
        if loading == Loading::Idle {
            let driver = Rc::clone(&driver);
            browser::when_idle(move || driver.handle(Event::LoadingAllowed));
        }
        let dispatch = Rc::clone(&driver);
        use_ticketping::connect(Some(Rc::new(move |action| dispatch.execute_action(action))));
        Some(driver)
    }

    /// Listens to every reason to look again, and stops with the component.
    fn listen(self: &Rc<Self>) {
        let send = |event: Event| {
            let driver = Rc::clone(self);
            move || driver.handle(event.clone())
        };
        let resumed = send(Event::Resumed);
        let on_visibility = window_event_listener(ev::visibilitychange, move |_| resumed());
        let resumed = send(Event::Resumed);
        let on_online = window_event_listener(ev::online, move |_| resumed());
        let driver = Rc::clone(self);
        let on_show = window_event_listener(ev::pageshow, move |page| {
            driver.is_leaving.set(false);
            if page.persisted() {
                driver.handle(Event::Resumed);
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
            if let Some(widget) = driver.widget.borrow().as_ref() {
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

    fn user_changed(self: &Rc<Self>, identity: Identity) {
        // The first user came with the page, which may be old; one that comes later is known from now on.
        let since = match self.user_known_since.get() {
            None => browser::requested_at(),
            Some(_) => js_sys::Date::now(),
        };
        self.user_known_since.set(Some(since));
        let gets_a_chat = self.settings.visitors == Visitors::Everyone || identity != Identity::Anonymous;
        let is_waiting = self.load_attempts.get() == 0 && self.settings.loading == Loading::FirstClick;
        self.shows_placeholder.set(gets_a_chat && is_waiting);
        self.handle(Event::Wanted(Some(identity)));
    }

    fn handle(self: &Rc<Self>, event: Event) {
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

    fn execute(self: &Rc<Self>, command: Command) {
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
            Command::Start { identity, jwt } => self.start(&identity, &jwt),
            Command::Renew { jwt } => {
                if let Some(widget) = self.widget.borrow().as_ref() {
                    widget.renew(&jwt);
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
            Command::ReloadPage => match self.on_page_outdated {
                Some(callback) => callback.run(()),
                None => browser::reload_hidden(),
            },
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
                }
                TokenAnswer::SignedOut => use_ticketping::set_token_life(None),
                TokenAnswer::Failed => driver.fail("the token endpoint failed; it is asked again later"),
            }
            driver.handle(Event::TokenAnswered { request, answer });
        });
    }

    fn start(self: &Rc<Self>, identity: &Identity, jwt: &str) {
        if browser::has_instance() {
            return self.fail("another script has started a widget on this page");
        }
        let driver = Rc::downgrade(self);
        let on_report = move |state: WidgetState, event: Option<TicketpingEvent>| {
            let Some(driver) = driver.upgrade() else { return };
            let is_first = state.is_ready && !use_ticketping::state().is_ready;
            use_ticketping::set_state(state);
            match event {
                Some(TicketpingEvent::Failed { reason }) => driver.fail(reason),
                Some(event) => use_ticketping::emit(&event),
                None => {}
            }
            if is_first {
                driver.on_ready();
            }
        };
        let widget = LiveWidget::start(&self.settings.init, identity, jwt, Rc::new(on_report));
        if widget.is_none() {
            self.fail("it could not start");
        }
        *self.widget.borrow_mut() = widget;
    }

    fn on_ready(self: &Rc<Self>) {
        self.shows_placeholder.set(false);
        if let Some(widget) = self.widget.borrow().as_ref() {
            widget.resume();
        }
        if let Some(action) = self.waiting.take() {
            self.execute_action(action);
        }
    }

    fn execute_action(self: &Rc<Self>, action: Action) {
        let loads = self.settings.loading == Loading::FirstClick && action != Action::Close;
        if action == Action::Consent || loads {
            self.handle(Event::LoadingAllowed);
        }
        // A click is a reason to try again what has failed.
        if matches!(action, Action::Open | Action::StartConversation { .. }) {
            self.handle(Event::Resumed);
        }
        let widget = self.widget.borrow();
        match (widget.as_ref().filter(|_| use_ticketping::state().is_ready), action) {
            (_, Action::Consent) => {}
            (Some(widget), Action::Open) => widget.open(),
            (Some(widget), Action::Close) => widget.close(),
            (Some(widget), Action::StartConversation { draft }) => widget.start_conversation(draft),
            (None, Action::Close) => *self.waiting.borrow_mut() = None,
            (None, action) => *self.waiting.borrow_mut() = Some(action),
        }
    }

    fn set_timer(self: &Rc<Self>, milliseconds: f64) {
        let driver = Rc::clone(self);
        let delay = Duration::from_millis(milliseconds as u64);
        let timer = set_timeout_with_handle(move || driver.handle(Event::TimerFired), delay).ok();
        if let Some(earlier) = self.timer.replace(timer) {
            earlier.clear();
        }
    }

    /// Tells the page, and the console in one line for each page, however often it fails.
    fn fail(&self, reason: &'static str) {
        // Requests that the browser drops when the visitor leaves the page are no failures.
        if self.is_leaving.get() {
            return;
        }
        if !self.has_warned.replace(true) {
            leptos::logging::warn!("Ticketping chat is not available: {reason}.");
        }
        if self.widget.borrow().is_none() {
            use_ticketping::set_state(WidgetState { has_failed: true, ..WidgetState::default() });
        }
        use_ticketping::emit(&TicketpingEvent::Failed { reason });
    }
}
