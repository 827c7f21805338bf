//! The seam: the one place that knows both users and chat. Delete this file, `ticketping/`,
//! `sandbox/` and a line in `layout.rs`, and the app has no chat.

use std::sync::Arc;

use leptos::{prelude::*, server_fn::codec::GetUrl};
use serde::{Deserialize, Serialize};

use crate::{
    auth::use_current_user,
    error::AppError,
    ticketping::{Chat, ChatSettings, Settings, Theme, TicketpingChat, WidgetSettings, page_identity},
};

/// Where people reach support when there is no chat.
pub const SUPPORT_ADDRESS: &str = "mailto:support@example.com";

/// The widget in the page's own colours. They are custom properties, so it follows the theme.
pub const THEME: Theme = Theme {
    primary_color: "var(--accent)",
    primary_button_text: "var(--on-accent)",
    primary_hover: "var(--accent-strong)",
    icon_color: "var(--on-accent)",
    text_primary: "var(--text)",
    text_secondary: "var(--muted)",
    text_muted: "var(--muted)",
    background: "var(--surface)",
    background_secondary: "var(--raised)",
    background_tertiary: "var(--line)",
    border: "var(--line)",
    border_light: "var(--line)",
    notification_bg: "var(--danger)",
    success_color: "var(--good)",
    offline_color: "var(--muted)",
    error_bg: "var(--ground)",
    error_text: "var(--danger)",
    error_border: "var(--danger)",
    shadow_light: "var(--shadow)",
    shadow_medium: "var(--shadow)",
    shadow_dark: "var(--shadow)",
};

/// What the token endpoint answers; the vendor's own samples read the same.
#[derive(Clone, Serialize, Deserialize)]
pub struct SignedToken {
    /// A token for Ticketping, good for a few minutes.
    pub jwt: String,
}

/// A chat token for the user of this session, and for nobody else.
#[server(prefix = "/api/ticketping", endpoint = "chat-jwt", input = GetUrl)]
pub async fn chat_jwt() -> Result<SignedToken, AppError> {
    use crate::{
        auth::server::Limits,
        ticketping::{Signer, Visitor},
    };

    let user = use_current_user().ok_or(AppError::NotSignedIn)?;
    use_context::<Arc<Limits>>().ok_or(AppError::Internal)?.token(&user.id)?;
    let signer: Arc<Signer> = use_context().ok_or(AppError::ChatNotConfigured)?;
    let visitor = Visitor { external_id: user.id, email: user.email, display_name: user.name };
    let signed = signer.sign(&visitor, std::time::SystemTime::now());
    if signed.is_ok() {
        metrics::counter!("chat_tokens_total").increment(1);
    }
    signed.map(|jwt| SignedToken { jwt }).map_err(|error| {
        tracing::error!(%error, "no chat token");
        AppError::Internal
    })
}

/// The chat of a page that was rendered for this user, or for nobody. The page holds the user's
/// public id, never a token.
#[component]
pub fn ChatOnPage() -> impl IntoView {
    let settings = use_context::<Arc<WidgetSettings>>();
    let external_id = use_current_user().map(|user| user.id);
    settings.map(|settings| {
        view! {
            // The widget's headings are of the fourth level. These two lead there.
            <h2 class="for-readers needs-script">"Support"</h2>
            <h3 class="for-readers needs-script">"Chat"</h3>
            <ChatSettings settings=(*settings).clone() external_id/>
            <SupportChat/>
        }
    })
}

#[island]
fn SupportChat() -> impl IntoView {
    let on_moved = move || {
        // The server knows who is logged in now; this page does not.
        let _leaving = window().location().reload();
    };
    view! { <TicketpingChat settings=Settings::of_page identity=Signal::derive(page_identity) on_moved/> }
}

/// Opens the chat; a plain link to the support address until it can.
#[island]
pub fn ChatWithUs() -> impl IntoView {
    let open = move |click: leptos::ev::MouseEvent| {
        if !Chat::has_failed_untracked() {
            click.prevent_default();
            Chat::open();
        }
    };
    view! { <a class="button" href=SUPPORT_ADDRESS on:click=open>"Chat with us"</a> }
}

/// How long the token under the chat is still good for. Empty until there is one.
#[island]
pub fn TokenLifeBar() -> impl IntoView {
    let now = RwSignal::new(0.0);
    let tick = move || now.set(window().performance().map_or(0.0, |performance| performance.now()));
    Effect::new(move |_| {
        tick();
        let timer = set_interval_with_handle(tick, std::time::Duration::from_secs(1));
        if let Ok(timer) = timer {
            on_cleanup(move || timer.clear());
        }
    });
    let left = move || {
        let token = Chat::token_life()?;
        let age = (now.get() - token.since).max(0.0);
        Some(((token.life - age).max(0.0), token.life))
    };
    let seconds = move || left().map_or_else(|| "–".to_owned(), |(left, _)| format!("{} s", (left / 1_000.0) as u32));
    let share = move || left().map_or(0.0, |(left, life)| left / life * 100.0);
    view! {
        <span class="token-life">
            <span class="token-life-seconds">{seconds}</span>
            <progress max="100" prop:value=share aria-label="Life of the token"></progress>
        </span>
    }
}
