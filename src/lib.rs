//! Ticketping's support chat, tied to the users who are logged in.
//!
//! Where things are: `pages` are the views, `support_chat` is the one place that knows both users
//! and chat, `auth` says who is calling, `ticketping` is the part to lift into another app. Only
//! `server` and `sandbox` (and the folders named `server`) are left out of the browser's build.
//! A request's way through all of it is drawn in the README.

pub mod app;
pub mod auth;
pub mod error;
mod layout;
pub mod pages;
pub mod support_chat;
pub mod theme;
pub mod ticketping;

#[cfg(feature = "ssr")]
pub mod sandbox;
#[cfg(feature = "ssr")]
pub mod server;

/// Wakes the islands of a server-rendered page. The page's own script calls it.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
    // Buttons that could do nothing until now show themselves.
    if let Some(root) = leptos::prelude::document().document_element() {
        let _kept = root.set_attribute("data-hydrated", "");
    }
}
