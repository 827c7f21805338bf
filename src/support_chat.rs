//! The seam between users and chat: a logged-in user becomes a visitor, the token is signed, and the chat and its buttons are
//! put on pages.

use std::{cell::Cell, sync::Arc, time::Duration};

use leptos::{prelude::*, server_fn::codec::GetUrl};
use leptos_ticketping::{
    PageData, Theme, TicketpingChat, TicketpingConfig, TicketpingPageData, Visitor, use_ticketping,
};
use serde::{Deserialize, Serialize};

use crate::{
    accounts::{CurrentUser, use_current_user},
    error::AppError,
    site::SUPPORT_ADDRESS,
};

/// The widget in the page's own colours. They are custom properties, so that it follows the page's theme.
pub fn widget_theme() -> Theme {
    Theme::new()
        .primary_color("var(--accent)")
        .primary_button_text("var(--on-accent)")
        .primary_hover("var(--accent-strong)")
        .icon_color("var(--on-accent)")
        .text_primary("var(--text)")
        .text_secondary("var(--muted)")
        .text_muted("var(--muted)")
        .background("var(--surface)")
        .background_secondary("var(--raised)")
        .background_tertiary("var(--line)")
        .border("var(--line)")
        .border_light("var(--line)")
        .notification_bg("var(--danger)")
        .success_color("var(--good)")
        .offline_color("var(--muted)")
        .error_bg("var(--ground)")
        .error_text("var(--danger)")
        .error_border("var(--danger)")
        .shadow_light("var(--shadow)")
        .shadow_medium("var(--shadow)")
        .shadow_dark("var(--shadow)")
}

impl From<CurrentUser> for Visitor {
    fn from(user: CurrentUser) -> Self {
        Self::new(user.id, user.email).with_name(user.name)
    }
}

/// What the token endpoint answers. The vendor's samples expect this format.
#[derive(Clone, Serialize, Deserialize)]
pub struct SignedToken {
    /// A token for Ticketping, valid for a few minutes.
    pub jwt: String,
}

/// A chat token for the user of this session. Not by `Signer::respond`, as this app has rate limits, metrics and error texts
/// of its own.
#[server(prefix = "/api/ticketping", endpoint = "chat-jwt", input = GetUrl)]
pub async fn chat_jwt() -> Result<SignedToken, AppError> {
    use crate::server::rate_limits::RateLimits;
    use leptos_ticketping::Signer;

    let user = use_current_user().ok_or(AppError::NotSignedIn)?;
    use_context::<Arc<RateLimits>>().ok_or(AppError::Internal)?.token(&user.id)?;
    let signer: Signer = use_context().ok_or(AppError::Internal)?;
    let jwt = signer.sign(&user.into()).map_err(|error| {
        tracing::error!(%error, "no chat token");
        AppError::Internal
    })?;
    metrics::counter!("chat_tokens_total").increment(1);
    Ok(SignedToken { jwt })
}

/// The chat of a page that is rendered for this user, or for nobody. The page holds the user's public id, never a
/// token.
#[component]
pub fn ChatOnPage() -> impl IntoView {
    let config = use_context::<Arc<TicketpingConfig>>();
    let user = use_current_user().map(|user| user.id);
    config.map(|config| {
        view! {
            // The widget starts at the fourth level of headings. These two keep the order.
            <h2 class="sr-only needs-script">"Support"</h2>
            <h3 class="sr-only needs-script">"Chat"</h3>
            <TicketpingPageData config user/>
            <SupportChat/>
        }
    })
}

#[island]
fn SupportChat() -> impl IntoView {
    view! { <TicketpingChat config=PageData user=PageData::user()/> }
}

/// The number of unread messages, beside the user's name.
#[island]
pub fn UnreadCount() -> impl IntoView {
    let unread = use_ticketping().unread;
    view! {
        <span class="unread-count" role="status" hidden=move || unread.get() == 0>
            {move || unread.get()}
            <span class="sr-only">" unread"</span>
        </span>
    }
}

/// A question to begin with.
const QUESTION: &str = "How do I add this chat to my own app?";

/// Opens the chat on a new conversation with the question in its box. Where there is no chat it is a link to the
/// support address.
// It takes no property: an island that does brings a JSON reader into the WASM, 40 kB of it.
#[island]
pub fn AskQuestion() -> impl IntoView {
    let chat = use_ticketping();
    let ask = move |click: leptos::ev::MouseEvent| {
        if !chat.has_failed.get_untracked() {
            click.prevent_default();
            chat.start_conversation_with(QUESTION);
        }
    };
    view! { <a class="ask" href=format!("mailto:{SUPPORT_ADDRESS}") on:click=ask>{QUESTION}</a> }
}

/// Opens the chat. Where there is no chat it is a link to the support address.
#[island]
pub fn ChatWithUs() -> impl IntoView {
    let chat = use_ticketping();
    let open = move |click: leptos::ev::MouseEvent| {
        if !chat.has_failed.get_untracked() {
            click.prevent_default();
            chat.open();
        }
    };
    view! { <a class="button" href=format!("mailto:{SUPPORT_ADDRESS}") on:click=open>"Chat with us"</a> }
}

/// How long the token under the chat is still valid. Empty until there is one.
#[island]
pub fn TokenLifeBar() -> impl IntoView {
    let token_life = use_ticketping().token_life;
    let now = RwSignal::new(0.0);
    Effect::new(move |_| {
        BARS.set(BARS.get() + 1);
        tick(now, BARS.get());
    });
    let left = move || {
        let token = token_life.get()?;
        let age = (now.get() - token.received_at).max(0.0);
        Some(((token.valid_for - age).max(0.0), token.valid_for))
    };
    let seconds = move || left().map_or_else(|| "–".to_owned(), |(left, _)| format!("{} s", (left / 1_000.0) as u32));
    let share = move || left().map_or(0.0, |(left, life)| left / life * 100.0);
    view! {
        <span class="token-life">
            <span class="token-life-seconds">{seconds}</span>
            <progress max="100" prop:value=share aria-label="Time until the token expires"></progress>
        </span>
    }
}

thread_local! {
    /// How many bars there have been. An island is never disposed of, so only the newest bar goes on ticking.
    static BARS: Cell<u32> = const { Cell::new(0) };
}

/// Sets `now` every second, until a newer bar has taken over.
fn tick(now: RwSignal<f64>, bar: u32) {
    if BARS.get() == bar {
        now.set(window().performance().map_or(0.0, |performance| performance.now()));
        set_timeout(move || tick(now, bar), Duration::from_secs(1));
    }
}
