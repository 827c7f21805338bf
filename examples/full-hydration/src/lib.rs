//! The chat in an app that is hydrated as a whole and routes in the browser. The user changes here without any page load.

#[cfg(feature = "ssr")]
pub mod server;

use leptos::prelude::*;
use leptos_router::{
    components::{A, Route, Router, Routes},
    hooks::use_query_map,
    path,
};
use leptos_ticketping::{
    ConfigError, Loading, Theme, TicketpingChat, TicketpingConfig, TicketpingEvent, Visitors, use_ticketping,
};

/// The team of the stand-in for Ticketping's API.
pub const TEAM: &str = "sandbox";

/// Wakes the whole page.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_body(App);
}

/// The app: a user who can be switched, two routes, and the chat beside them.
#[component]
pub fn App() -> impl IntoView {
    // The page comes with its user; from then on the browser decides.
    let user = RwSignal::new(SharedValue::new(user_of_request).into_inner());
    let mounted = RwSignal::new(true);
    view! {
        <Router>
            <nav>
                <A href="/">"Home"</A>
                <A href="/other">"Other"</A>
                <button on:click=move |_| mounted.update(|mounted| *mounted = !*mounted)>"Mount or unmount"</button>
            </nav>
            <UserSwitch user/>
            <ChatControls/>
            <main>
                <Routes fallback=|| "Not found">
                    <Route path=path!("/") view=|| view! { <h1>"Home"</h1> }/>
                    <Route path=path!("/other") view=|| view! { <h1>"Other"</h1> }/>
                </Routes>
            </main>
            <Show when=move || mounted.get()>
                <SupportChat user/>
            </Show>
        </Router>
    }
}

#[component]
fn UserSwitch(user: RwSignal<Option<String>>) -> impl IntoView {
    let switch_to = move |to: Option<&str>| {
        let value = to.unwrap_or_default();
        let _blocked = js_sys::Reflect::set(&document(), &"cookie".into(), &format!("user={value}; path=/").into());
        user.set(to.map(str::to_owned));
    };
    view! {
        <nav>
            <button on:click=move |_| switch_to(Some("alice"))>"Be Alice"</button>
            <button on:click=move |_| switch_to(Some("bob"))>"Be Bob"</button>
            <button on:click=move |_| switch_to(None)>"Be nobody"</button>
        </nav>
        <p id="user">{move || user.get().unwrap_or_else(|| "nobody".to_owned())}</p>
    }
}

/// Everything a page can do with the chat and see of it.
#[component]
fn ChatControls() -> impl IntoView {
    let chat = use_ticketping();
    let events = RwSignal::new(Vec::new());
    // For the test of a page that answers an event at once.
    let closes = use_query_map().read_untracked().get("closes").is_some();
    chat.on_event(move |event| {
        if closes && *event == TicketpingEvent::Opened {
            chat.close();
        }
        events.update(|events| events.push(name_of(event)));
    });
    view! {
        <nav>
            <button on:click=move |_| chat.open()>"Open"</button>
            <button on:click=move |_| chat.close()>"Close"</button>
            <button on:click=move |_| chat.start_conversation()>"Start a conversation"</button>
            <button on:click=move |_| chat.start_conversation_with("What about my invoice?")>"Ask about an invoice"</button>
            <button on:click=move |_| chat.consent()>"Agree"</button>
        </nav>
        <p id="chat">
            {move || chat.is_ready.get().then_some("ready ")}
            {move || chat.is_open.get().then_some("open ")}
            {move || chat.has_failed.get().then_some("failed ")}
            {move || chat.unread.get()}
        </p>
        <p id="events">{move || events.get().join(", ")}</p>
    }
}

fn name_of(event: &TicketpingEvent) -> String {
    match event {
        TicketpingEvent::Opened => "opened".to_owned(),
        TicketpingEvent::Closed => "closed".to_owned(),
        TicketpingEvent::MessageSent { .. } => "sent".to_owned(),
        TicketpingEvent::MessageReceived { text, .. } => format!("received “{text}”"),
        TicketpingEvent::ConversationLoaded { .. } => "loaded".to_owned(),
        TicketpingEvent::UnreadChanged { count } => format!("unread {count}"),
        TicketpingEvent::Failed { .. } => "failed".to_owned(),
        _ => "unknown".to_owned(),
    }
}

#[component]
fn SupportChat(user: RwSignal<Option<String>>) -> impl IntoView {
    let query = use_query_map().read_untracked();
    let loading = match query.get("loading").as_deref() {
        Some("click") => Loading::FirstClick,
        Some("consent") => Loading::Consent,
        _ => Loading::Idle,
    };
    let visitors = if query.get("visitors").is_some() { Visitors::SignedIn } else { Visitors::Everyone };
    // For the test that mounts the chat twice.
    let twice = query.get("twice").is_some();
    config().map(|config| {
        let config = config.loading(loading).visitors(visitors);
        let second = twice.then(|| view! { <TicketpingChat config=config.clone() user/> });
        view! { <TicketpingChat config user/> {second} }
    })
}

fn config() -> Result<TicketpingConfig, ConfigError> {
    let theme = Theme::new().primary_color("#3457d5").primary_hover("#2743ad").notification_bg("#b3261e");
    // Here the page's own server stands in for Ticketping. With an account, leave the two bases out.
    TicketpingConfig::parse("example", TEAM)?
        .team_logo_icon("/mark.svg")?
        .theme(theme)
        .api_base(&format!("http://{}/sandbox", host()))?
        .ws_base(&format!("ws://{}/sandbox", host()))
}

/// The host of this page; on the server, which talks to no API, any.
fn host() -> String {
    if cfg!(feature = "ssr") { "localhost".to_owned() } else { window().location().host().unwrap_or_default() }
}

/// On the server: who is logged in, by a cookie. A real app has a session for that.
fn user_of_request() -> Option<String> {
    use_context::<RequestUser>().and_then(|user| user.0)
}

/// The user of the request that is being rendered.
#[derive(Clone)]
pub struct RequestUser(pub Option<String>);
