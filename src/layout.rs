//! What every page has: header, main part, the note about the sandbox, and the chat.

use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    accounts::{server_functions::LogOut, use_current_user},
    request_context::{SiteInfo, WithoutChat},
    support_chat::{ChatOnPage, UnreadCount},
    theme::ThemeSwitch,
};

/// A page around `children`.
#[component]
pub fn Layout(children: Children) -> impl IntoView {
    let site = SiteInfo::from_request();
    view! {
        <a class="skip-link" href="#main">"Skip to the content"</a>
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
                    "Sandbox is on: this server stands in for Ticketping, and a scripted agent replies. Mails go to "
                    <a href="/sandbox/mail">"the mailbox"</a>"."
                </p>
            })}
            {use_context::<WithoutChat>().is_none().then(|| view! { <ChatOnPage/> })}
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
