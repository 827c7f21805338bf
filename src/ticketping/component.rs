//! Feeds the machine with what happens in the browser and carries its commands out.

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
    time::Duration,
};

use leptos::{ev, leptos_dom::helpers::TimeoutHandle, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

use super::{
    browser::{self, Clock, Live, Settings},
    chat::{Chat, TokenLife, Wish},
    machine::{Answer, Command, Event, Facts, Identity, Machine},
    settings::{Loading, WidgetSettings},
};

/// Puts the settings, and whose page it is, into a server-rendered page, for [`TicketpingChat`] in
/// an island to read. Never a token.
#[component]
pub fn ChatSettings(
    /// What the widget is told.
    settings: WidgetSettings,
    /// The id of the page's user; none when nobody is logged in.
    external_id: Option<String>,
) -> impl IntoView {
    let json = settings.on_page(external_id.as_deref());
    view! { <script type="application/json" id=browser::SETTINGS_ID inner_html=json></script> }
}

/// Ticketping's chat on this page. Mount it once; it shows nothing but, where loading waits for
/// a click, the stand-in for the widget's bubble.
#[component]
pub fn TicketpingChat<S>(
    /// What the widget is told: [`Settings::of_page`] in an island, [`Settings::of`] elsewhere.
    settings: S,
    /// Whose chat the page wants, such as [`page_identity`](super::page_identity). A change of it
    /// is a switch of user.
    #[prop(into)]
    identity: Signal<Identity>,
    /// Called when this page was made for somebody else than the session's user.
    #[prop(into)]
    on_moved: Callback<()>,
) -> impl IntoView
where
    S: Fn() -> Option<Settings> + 'static,
{
    let stands_in = RwSignal::new(false);
    // Not a stored value: the server may drop those on another thread, and an `Rc` cannot follow.
    let driver = Rc::new(OnceCell::new());
    // An effect of its own, which tracks nothing: what it sets up is taken down when it runs again.
    Effect::new({
        let driver = Rc::clone(&driver);
        move || {
            let mounted = untrack(&settings).map(|settings| Driver::mount(settings, on_moved, stands_in));
            let _only_once = driver.set(mounted);
        }
    });
    Effect::new(move || {
        let wanted = Event::Wanted(Some(identity.get()));
        if let Some(Some(driver)) = driver.get() {
            driver.handle(wanted);
        }
    });
    view! {
        <button
            type="button"
            class="chat-stand-in"
            aria-label="Open chat"
            hidden=move || !stands_in.get()
            on:click=|_| Chat::open()
        >
            <svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true">
                <path d="M5 5h14v11h-7l-4 4v-4H5z" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round"/>
            </svg>
        </button>
    }
}

/// Everything that lives as long as the component.
struct Driver {
    settings: Settings,
    on_moved: Callback<()>,
    stands_in: RwSignal<bool>,
    machine: RefCell<Machine>,
    clock: RefCell<Clock>,
    live: RefCell<Option<Live>>,
    // A wish that came before the widget was up.
    wish: RefCell<Option<Wish>>,
    timer: RefCell<Option<TimeoutHandle>>,
    channel: Option<BroadcastChannel>,
    loads: RefCell<u32>,
    complained: RefCell<bool>,
}

impl Driver {
    fn mount(settings: Settings, on_moved: Callback<()>, stands_in: RwSignal<bool>) -> Rc<Self> {
        let loading = settings.loading;
        let driver = Rc::new(Self {
            settings,
            on_moved,
            stands_in,
            machine: RefCell::default(),
            clock: RefCell::default(),
            live: RefCell::default(),
            wish: RefCell::default(),
            timer: RefCell::default(),
            channel: BroadcastChannel::new("ticketping-chat").ok(),
            loads: RefCell::default(),
            complained: RefCell::default(),
        });
        driver.listen();
        match loading {
            Loading::Idle => {
                let driver = Rc::clone(&driver);
                browser::when_idle(move || driver.handle(Event::Permitted));
            }
            Loading::FirstClick => stands_in.set(true),
            Loading::Consent => {}
        }
        driver
    }

    /// Wires up every reason to look again, and takes it all down with the component.
    fn listen(self: &Rc<Self>) {
        let send = |event: Event| {
            let driver = Rc::clone(self);
            move || driver.handle(event.clone())
        };
        let woke = send(Event::Woke);
        let seen = window_event_listener(ev::visibilitychange, move |_| woke());
        let woke = send(Event::Woke);
        let online = window_event_listener(ev::online, move |_| woke());
        let woke = send(Event::Woke);
        let shown = window_event_listener(ev::pageshow, move |page| {
            if page.persisted() {
                woke();
            }
        });
        let moved = send(Event::OwnerChanged);
        let stored = window_event_listener(ev::storage, move |change| {
            if browser::is_owner_key(change.key()) {
                moved();
            }
        });
        let driver = Rc::clone(self);
        let leaving = window_event_listener(ev::pagehide, move |_| {
            if let Some(live) = driver.live.borrow().as_ref() {
                live.save();
            }
        });
        let driver = Rc::clone(self);
        Chat::connect(Some(Rc::new(move |wish| driver.carry_out(wish))));

        let moved = send(Event::OwnerChanged);
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
            browser::hear(message.data().as_string());
            moved();
        });
        if let Some(channel) = &self.channel {
            channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        }
        let driver = Rc::clone(self);
        let clean_up = send_wrapper::SendWrapper::new(move || {
            driver.handle(Event::Wanted(None));
            Chat::connect(None);
            for listener in [seen, online, shown, stored, leaving] {
                listener.remove();
            }
            if let Some(timer) = driver.timer.take() {
                timer.clear();
            }
            if let Some(channel) = &driver.channel {
                channel.close();
            }
            drop(on_message);
        });
        on_cleanup(move || (clean_up.take())());
    }

    fn handle(self: &Rc<Self>, event: Event) {
        let facts = Facts {
            now: self.clock.borrow_mut().now(),
            stored: browser::stored_identity(),
            visible: document().visibility_state() == web_sys::VisibilityState::Visible,
            jitter: js_sys::Math::random(),
        };
        let commands = self.machine.borrow_mut().handle(event, &facts);
        for command in commands {
            self.obey(command);
        }
    }

    fn obey(self: &Rc<Self>, command: Command) {
        match command {
            Command::LoadScript => self.load(),
            Command::FetchToken { request } => self.fetch_token(request),
            Command::Purge => browser::purge(),
            Command::Claim(identity) => {
                browser::claim(&identity);
                if let Some(channel) = &self.channel {
                    let _closed = channel.post_message(&browser::mark().into());
                }
            }
            Command::Start { identity, jwt } => self.start(&identity, &jwt),
            Command::Renew { jwt } => {
                if let Some(live) = self.live.borrow().as_ref() {
                    live.renew(&jwt);
                }
            }
            Command::Stop => {
                if let Some(live) = self.live.take() {
                    live.stop();
                }
                Chat::show(browser::Seen::default());
                Chat::show_token(None);
            }
            Command::WakeAfter(milliseconds) => self.wake_after(milliseconds),
            Command::Moved => self.on_moved.run(()),
        }
    }

    fn load(self: &Rc<Self>) {
        let driver = Rc::clone(self);
        let attempt = self.loads.replace_with(|loads| *loads + 1);
        wasm_bindgen_futures::spawn_local(async move {
            let loaded = browser::load(&driver.settings, attempt).await;
            if let Err(reason) = loaded {
                driver.complain(reason);
            }
            driver.handle(Event::Script { loaded: loaded.is_ok() });
        });
    }

    fn fetch_token(self: &Rc<Self>, request: u32) {
        let driver = Rc::clone(self);
        wasm_bindgen_futures::spawn_local(async move {
            let answer = browser::fetch_token(&driver.settings.token).await;
            match &answer {
                Answer::Token { life, .. } => {
                    let since = window().performance().map_or(0.0, |performance| performance.now());
                    Chat::show_token(Some(TokenLife { since, life: *life }));
                }
                Answer::SignedOut => Chat::show_token(None),
                Answer::Failed => driver.complain("the server gave no token for it; it is tried again later"),
            }
            driver.handle(Event::Answered { request, answer });
        });
    }

    fn start(self: &Rc<Self>, identity: &Identity, jwt: &str) {
        if browser::is_taken() {
            return self.complain("another TicketpingChat is already running on this page");
        }
        let driver = Rc::downgrade(self);
        let live = browser::start(&self.settings, identity, jwt, move |seen| {
            let Some(driver) = driver.upgrade() else { return };
            let first = seen.ready && !Chat::was_ready();
            Chat::show(seen);
            if seen.failed {
                driver.complain("it could not start");
            } else if first {
                driver.on_ready();
            }
        });
        if live.is_none() {
            self.complain("it could not start");
        }
        *self.live.borrow_mut() = live;
    }

    fn on_ready(self: &Rc<Self>) {
        self.stands_in.set(false);
        let target = self.live.borrow().as_ref().map(Live::resume_target);
        if let Some(target) = target {
            wasm_bindgen_futures::spawn_local(browser::resume(target));
        }
        if let Some(wish) = self.wish.take() {
            self.carry_out(wish);
        }
    }

    fn carry_out(self: &Rc<Self>, wish: Wish) {
        if wish == Wish::Consent || (wish != Wish::Close && self.settings.loading == Loading::FirstClick) {
            self.handle(Event::Permitted);
        }
        // A click is a reason to try again what has failed.
        if matches!(wish, Wish::Open | Wish::StartConversation) {
            self.handle(Event::Woke);
        }
        let live = self.live.borrow();
        match (live.as_ref().filter(|_| Chat::was_ready()), wish) {
            (Some(live), Wish::Open) => live.open(),
            (Some(live), Wish::Close) => live.close(),
            (Some(live), Wish::StartConversation) => live.start_conversation(),
            (None, Wish::Open | Wish::StartConversation) => *self.wish.borrow_mut() = Some(wish),
            (None, Wish::Close) => *self.wish.borrow_mut() = None,
            (_, Wish::Consent) => {}
        }
    }

    fn wake_after(self: &Rc<Self>, milliseconds: f64) {
        let driver = Rc::clone(self);
        let delay = Duration::from_millis(milliseconds as u64);
        let timer = set_timeout_with_handle(move || driver.handle(Event::Tick), delay).ok();
        if let Some(earlier) = self.timer.replace(timer) {
            earlier.clear();
        }
    }

    /// One line in the console for a page, however often it fails.
    fn complain(&self, reason: &str) {
        if !self.complained.replace(true) {
            leptos::logging::warn!("Ticketping chat is not available: {reason}.");
        }
        if self.live.borrow().is_none() {
            Chat::show(browser::Seen { failed: true, ..browser::Seen::default() });
        }
    }
}
