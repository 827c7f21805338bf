//! `<TicketpingChat/>`, and the data it finds on a server-rendered page.

use std::sync::Arc;

use leptos::prelude::*;

use crate::{
    browser::{self, ConfigSource},
    config::TicketpingConfig,
    driver,
    use_ticketping::{Action, dispatch},
};

/// Ticketping's chat on this page. Mount it once, where it stays mounted while the visitor moves through the app.
/// It renders nothing but, for [`Loading::FirstClick`](crate::Loading), the placeholder of the widget's bubble.
///
/// A change of `user` takes the old user's chat down, with its cookie and everything it stored, before the new
/// user's chat starts; it may come at any time, also while the widget is still starting.
#[component]
pub fn TicketpingChat<C: ConfigSource>(
    /// What the widget is told: a [`TicketpingConfig`], or [`PageData`](crate::PageData) in an island.
    config: C,
    /// The id of the user who is logged in, as your server signs it into the token; `None` for nobody. A page that learns
    /// later who its user is, from a request of its own, mounts the chat then: after `None` it belongs to nobody.
    #[prop(into)]
    user: Signal<Option<String>>,
    /// Called when the page was made for another user than the session's, or came from history and the server does not say
    /// whose session it is. The page is shown again as soon as this returns: load it anew, or clear it, in there. Without it
    /// the page is hidden and loaded again, at most five times in half a minute. A session that has ended is no other user: the chat becomes
    /// anonymous, and the page stays as it is. Only a page that history or a cache brings back, or that the browser
    /// made ahead, is outdated if the session has ended; the first, and the second if it is older than ten seconds, is hidden
    /// until the token endpoint has answered.
    #[prop(optional, into)]
    on_page_outdated: Option<Callback<()>>,
) -> impl IntoView {
    let shows_placeholder = RwSignal::new(false);
    driver::mount(config, user, on_page_outdated, shows_placeholder);
    view! {
        <button
            type="button"
            class="ticketping-placeholder"
            aria-label="Open chat"
            hidden=move || !shows_placeholder.get()
            on:click=|_| dispatch(Action::Open)
        >
            <svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true">
                <path d="M5 5h14v11h-7l-4 4v-4H5z" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round"/>
            </svg>
        </button>
    }
}

/// Puts the configuration and the page's user into a server-rendered page, for an island that mounts
/// `<TicketpingChat config=PageData user=PageData::user()/>`. It never holds a token.
#[component]
pub fn TicketpingPageData(
    /// What the widget is told, in an `Arc` or not.
    #[prop(into)]
    config: Arc<TicketpingConfig>,
    /// The id of the user this page is made for; `None` for nobody.
    user: Option<String>,
) -> impl IntoView {
    let json = config.to_page_json(user.as_deref());
    view! { <script type="application/json" id=browser::PAGE_DATA_ID inner_html=json></script> }
}
