//! What every page has: header, main part, the note about the sandbox, and the chat.

use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    app::SiteInfo,
    auth::{api, use_current_user},
    support_chat::ChatOnPage,
    theme::ThemeSwitch,
};

/// A page around `children`.
#[component]
pub fn Layout(children: Children) -> impl IntoView {
    let site = SiteInfo::of_this_request();
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
                <p>"Sandbox is on: this server answers for Ticketping, and a scripted agent replies."</p>
            })}
            <ChatOnPage/>
        </footer>
    }
}

fn account_nav() -> AnyView {
    match use_current_user() {
        Some(user) => view! {
            <a class="user-name" href="/account">{user.shown_name().to_owned()}</a>
            <form method="post" action=api::LogOut::PATH>
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
