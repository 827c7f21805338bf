//! Runs a driver for as long as the component is in the browser.

use std::{cell::OnceCell, rc::Rc};

use leptos::prelude::*;

use super::state::Driver;
use crate::{
    browser::{self, ConfigSource},
    machine::Identity,
};

/// Runs the chat from when the component is in the browser until it is gone.
pub fn mount<C: ConfigSource>(
    config: C,
    user: Signal<Option<String>>,
    on_page_outdated: Option<Callback<()>>,
    shows_placeholder: RwSignal<bool>,
) {
    // Not a stored value: the server may drop those on another thread, where an `Rc` must not go.
    let driver = Rc::new(OnceCell::new());
    // Nobody may ever look at a page that the browser makes ahead: its chat starts when the page is shown.
    let is_shown = RwSignal::new(false);
    // An effect of its own, which tracks nothing else and so starts one driver.
    Effect::new({
        let driver = Rc::clone(&driver);
        move || {
            if !is_shown.get() && browser::is_prerendering() {
                return browser::once_shown(move || is_shown.set(true));
            }
            let settings = config.load();
            if settings.is_none() {
                leptos::logging::debug_warn!(
                    "Ticketping chat is not available: the page has no <TicketpingPageData/>."
                );
            }
            let mounted = settings.and_then(|settings| Driver::new(settings, on_page_outdated, shows_placeholder));
            let _only_once = driver.set(mounted);
        }
    });
    Effect::new(move || {
        is_shown.track();
        let identity = Identity::from(user.get());
        if let Some(Some(driver)) = driver.get() {
            driver.user_changed(identity);
        }
    });
}
