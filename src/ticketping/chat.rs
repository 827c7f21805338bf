//! What the page may ask of the chat and see of it. Islands share no context, so there is one
//! chat for the page and no handle to pass around.

use std::{cell::RefCell, rc::Rc};

use leptos::prelude::*;

use super::browser::Seen;

/// What the component carries out for the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Open,
    Close,
    StartConversation,
    Consent,
}

pub(super) type CarryOut = Rc<dyn Fn(Wish)>;

/// The token under the open chat: when it was had and for how long, in milliseconds of
/// `performance.now()`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenLife {
    /// When it was had.
    pub since: f64,
    /// How long it is good for.
    pub life: f64,
}

/// The chat of this page. On the server these are there and never do anything.
pub struct Chat;

struct Page {
    seen: ArcRwSignal<Seen>,
    token: ArcRwSignal<Option<TokenLife>>,
    carry_out: RefCell<Option<CarryOut>>,
}

thread_local! {
    static PAGE: Page = Page {
        seen: ArcRwSignal::new(Seen::default()),
        token: ArcRwSignal::new(None),
        carry_out: RefCell::new(None),
    };
}

impl Chat {
    /// Opens the chat, as soon as it is there. Loads it first where it waits for a click.
    pub fn open() {
        wish(Wish::Open);
    }

    /// Closes the chat.
    pub fn close() {
        wish(Wish::Close);
    }

    /// Opens the chat on a new conversation.
    pub fn start_conversation() {
        wish(Wish::StartConversation);
    }

    /// The visitor agrees to the chat being loaded. Only `Loading::Consent` waits for it.
    pub fn consent() {
        wish(Wish::Consent);
    }

    /// Whether the widget is up. Tracks.
    pub fn is_ready() -> bool {
        seen().get().ready
    }

    /// Whether the chat window is open. Tracks.
    pub fn is_open() -> bool {
        seen().get().open
    }

    /// Messages that came while it was closed. Tracks.
    pub fn unread() -> u32 {
        seen().get().unread
    }

    /// Whether the widget could not be loaded or started. Tracks.
    pub fn has_failed() -> bool {
        seen().get().failed
    }

    /// The same without tracking, for an event handler.
    pub fn has_failed_untracked() -> bool {
        seen().get_untracked().failed
    }

    /// The life of the token under the chat; `None` while it is anonymous. Tracks.
    pub fn token_life() -> Option<TokenLife> {
        PAGE.with(|page| page.token.clone()).get()
    }

    pub(super) fn was_ready() -> bool {
        seen().get_untracked().ready
    }

    pub(super) fn show(now: Seen) {
        if seen().get_untracked() != now {
            seen().set(now);
        }
    }

    pub(super) fn show_token(life: Option<TokenLife>) {
        PAGE.with(|page| page.token.clone()).set(life);
    }

    pub(super) fn connect(carry_out: Option<CarryOut>) {
        PAGE.with(|page| *page.carry_out.borrow_mut() = carry_out);
    }
}

fn seen() -> ArcRwSignal<Seen> {
    PAGE.with(|page| page.seen.clone())
}

fn wish(wish: Wish) {
    let carry_out = PAGE.with(|page| page.carry_out.borrow().clone());
    if let Some(carry_out) = carry_out {
        carry_out(wish);
    }
}
