//! `src/ticketping/`, the very same folder, in an app that is hydrated as a whole and routes in the
//! browser. The user changes here without any page load.

#[path = "../../../src/ticketping/mod.rs"]
pub mod ticketping;

#[cfg(feature = "ssr")]
#[path = "../../../src/sandbox/mod.rs"]
pub mod sandbox;

#[cfg(feature = "ssr")]
pub mod server;

use leptos::prelude::*;
use leptos_router::{
    components::{A, Route, Router, Routes},
    hooks::use_query_map,
    path,
};

use ticketping::{
    AppId, Chat, Identity, InitConfig, Loading, NoToken, Settings, TeamSlug, Theme, TicketpingChat, WidgetSettings,
};

/// The team of the stand-in.
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
    // Whose page it is comes with the page; from then on the browser says.
    let user = RwSignal::new(SharedValue::new(user_of_request).into_inner());
    let mounted = RwSignal::new(true);
    let switch = move |to: Option<&str>| {
        let value = to.unwrap_or_default();
        let _blocked = js_sys::Reflect::set(&document(), &"cookie".into(), &format!("user={value}; path=/").into());
        user.set(to.map(str::to_owned));
    };
    view! {
        <Router>
            <nav>
                <A href="/">"Home"</A>
                <A href="/other">"Other"</A>
                <button on:click=move |_| switch(Some("alice"))>"Be Alice"</button>
                <button on:click=move |_| switch(Some("bob"))>"Be Bob"</button>
                <button on:click=move |_| switch(None)>"Be nobody"</button>
                <button on:click=move |_| mounted.update(|mounted| *mounted = !*mounted)>"Mount or unmount"</button>
                <button on:click=move |_| Chat::open()>"Open"</button>
                <button on:click=move |_| Chat::close()>"Close"</button>
                <button on:click=move |_| Chat::start_conversation()>"Start a conversation"</button>
                <button on:click=move |_| Chat::consent()>"Agree"</button>
            </nav>
            <p id="user">{move || user.get().unwrap_or_else(|| "nobody".to_owned())}</p>
            <p id="chat">
                {move || Chat::is_ready().then_some("ready ")}
                {move || Chat::is_open().then_some("open ")}
                {move || Chat::has_failed().then_some("failed ")}
                {move || Chat::unread()}
            </p>
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
fn SupportChat(user: RwSignal<Option<String>>) -> impl IntoView {
    let loading = match use_query_map().read_untracked().get("loading").as_deref() {
        Some("click") => Loading::FirstClick,
        Some("consent") => Loading::Consent,
        _ => Loading::Idle,
    };
    let settings = move || Settings::of(&widget_settings(loading)?);
    let identity = Signal::derive(move || Identity::of(user.get()));
    let on_moved = move || {
        let _leaving = window().location().reload();
    };
    view! { <TicketpingChat settings identity on_moved/> }
}

fn widget_settings(loading: Loading) -> Option<WidgetSettings> {
    let origin = window().location().origin().ok()?;
    Some(WidgetSettings {
        init: InitConfig {
            app_id: AppId::parse("example").ok()?,
            team_slug: TeamSlug::parse(TEAM).ok()?,
            team_logo_icon: "/mark.svg".to_owned(),
            theme: THEME,
            ws_base: format!("{}/sandbox", origin.replacen("http", "ws", 1)),
            api_base: format!("{origin}/sandbox"),
            user_jwt: NoToken,
        },
        script: "/widget/1.12.0/widget.min.js".to_owned(),
        style: "/widget/1.12.0/widget.css".to_owned(),
        token: "/chat-jwt".to_owned(),
        loading,
    })
}

const THEME: Theme = Theme {
    primary_color: "#3457d5",
    primary_button_text: "#fff",
    primary_hover: "#2743ad",
    icon_color: "#fff",
    text_primary: "#16181d",
    text_secondary: "#5b616e",
    text_muted: "#5b616e",
    background: "#fff",
    background_secondary: "#f0f1f5",
    background_tertiary: "#e4e5e9",
    border: "#e4e5e9",
    border_light: "#e4e5e9",
    notification_bg: "#b3261e",
    success_color: "#1a7f4b",
    offline_color: "#5b616e",
    error_bg: "#fff",
    error_text: "#b3261e",
    error_border: "#b3261e",
    shadow_light: "#0001",
    shadow_medium: "#0001",
    shadow_dark: "#0001",
};

/// On the server: who is logged in, as the cookie says. A real app has a session for that.
fn user_of_request() -> Option<String> {
    use_context::<RequestUser>().and_then(|user| user.0)
}

/// The user of the request that is being rendered.
#[derive(Clone)]
pub struct RequestUser(pub Option<String>);
