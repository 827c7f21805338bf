//! Ticketping's support chat, tied to the users who are logged in.
//!
//! `pages` are the views, `support_chat` is the one place that knows both users and chat, `accounts` says who is
//! calling, and `server` puts everything together. A folder named `server` is in the server's binary only. The chat
//! itself is the crate `leptos-ticketping`. The README draws a request's way through all of it.

pub mod accounts;
pub mod app;
pub mod error;
mod hydration;
mod layout;
pub mod pages;
pub mod request_context;
pub mod site;
pub mod support_chat;
pub mod theme;

#[cfg(feature = "ssr")]
pub mod server;

/// Prepares Leptos for the islands of a page. `hydration.js` calls it, and then wakes each of them.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
    // Buttons that do nothing without script are shown from now on.
    if let Some(root) = leptos::prelude::document().document_element() {
        let _kept = root.set_attribute("data-hydrated", "");
    }
}
