//! What every page has: header, main part, the note about the sandbox; and the chat, but for pages that show a secret.

use leptos::{nonce::use_nonce, prelude::*, server_fn::ServerFn};

use crate::{
    accounts::{server_functions::LogOut, use_current_user},
    request_context::{SecondStep, ShowsSecret, SiteInfo, UnknownVisitor},
    support_chat::{ChatOnPage, UnreadCount},
    theme::ThemeSwitch,
};

/// For a page that is not to be shown as it was made: WebKit's history keeps `no-store` pages over plain http, and Chromium makes
/// pages ahead as an address is typed. Where the user's chat is on the page, that sees to it.
const MADE_AGAIN: &str = "(()=>{const again=()=>{document.documentElement.style.cssText='visibility:hidden;opacity:0';location.reload()};\
addEventListener('pageshow',e=>e.persisted&&again());\
document.addEventListener('prerenderingchange',again)})()";

/// A page around `children`.
#[component]
pub fn Layout(children: Children) -> impl IntoView {
    let site = SiteInfo::from_request();
    let shows_secret = use_context::<ShowsSecret>().is_some();
    let has_chat = !shows_secret && use_context::<UnknownVisitor>().is_none();
    let is_made_again = shows_secret || use_context::<SecondStep>().is_some();
    view! {
        {is_made_again.then(|| view! { <script nonce=use_nonce()>{MADE_AGAIN}</script> })}
        <a class="skip-link" href="#main">"Skip to content"</a>
        <header class="site-header">
            <div class="site-header-inner">
                <a class="brand" href="/">
                    <img src=site.asset("mark.svg") alt="" width="28" height="28"/>
                    <span class="brand-name">"Ticketping "<span class="brand-for">"for Leptos"</span></span>
                </a>
                <nav class="site-nav" aria-label="Account">
                    {account_nav()}
                    <ThemeSwitch/>
                </nav>
            </div>
        </header>
        <main id="main" tabindex="-1">{children()}</main>
        <footer class="site-footer">
            {site.sandbox.then(|| view! {
                <p>
                    "Sandbox: this server stands in for Ticketping, and a scripted agent replies."
                    {site.has_mailbox.then(|| view! { " Emails go to " <a href="/sandbox/mail">"the mailbox"</a>"." })}
                </p>
            })}
            {has_chat.then(|| view! { <ChatOnPage/> })}
        </footer>
    }
}

fn account_nav() -> AnyView {
    match use_current_user() {
        Some(user) => view! {
            <span class="user">
                <a class="user-name" href="/account">{user.label().to_owned()}</a>
                <UnreadCount/>
            </span>
            <form method="post" action=LogOut::PATH>
                <button type="submit" class="quiet">"Log out"</button>
            </form>
        }
        .into_any(),
        None => view! {
            <a href="/login">"Log in"</a>
            <a href="/signup">"Sign up"</a>
        }
        .into_any(),
    }
}
