//! `/`

use leptos::prelude::*;
use leptos_meta::Title;

use leptos_ticketping::Visitor;

use crate::{
    accounts::{Form, FormFeedback, use_current_user},
    support_chat::{AskQuestion, ChatWithUs, TokenLifeBar},
};

/// What this is, and how the support team sees the visitor.
#[component]
pub fn HomePage() -> impl IntoView {
    let visitor = use_current_user().map(Visitor::from);
    let signed_in = visitor.is_some();
    view! {
        <Title text="Support chat that knows who is asking"/>
        {FormFeedback::for_form(Form::Removed).map(|_| view! {
            <p class="done" role="status" tabindex="-1" autofocus>"Your account was removed."</p>
        })}
        <div class="hero">
            <section class="hero-text">
                <h1>"Support chat that knows who is asking"</h1>
                <p class="lead">
                    "Your server vouches for each logged-in user with a token that lives a few minutes. "
                    "On a shared browser, nobody sees the previous user's chat."
                </p>
                <p class="button-row">
                    {(!signed_in).then(|| view! { <a class="button primary" href="/signup">"Sign up"</a> })}
                    {signed_in.then(|| view! { <a class="button primary" href="/account">"Your account"</a> })}
                    <ChatWithUs/>
                </p>
                <p class="ask-row">"Or ask: "<AskQuestion/></p>
            </section>
            <IdentityCard visitor/>
        </div>
        <TokenSteps/>
    }
}

/// How an agent sees this visitor.
#[component]
fn IdentityCard(visitor: Option<Visitor>) -> impl IntoView {
    match visitor {
        None => view! {
            <section class="identity-card" aria-label="How the support team sees you">
                <p class="identity-title">"How the support team sees you"</p>
                <div class="identity-who">
                    <span class="avatar" aria-hidden="true">"?"</span>
                    <div>
                        <p class="identity-name">"Anonymous visitor"</p>
                        <p class="muted">"Log in, and the support team knows who you are."</p>
                    </div>
                </div>
            </section>
        }
        .into_any(),
        Some(visitor) => {
            let (id, email) = (visitor.external_id().to_owned(), visitor.email().to_owned());
            let name = visitor.display_name().to_owned();
            let initial: String = name.chars().take(1).flat_map(char::to_uppercase).collect();
            view! {
                <section class="identity-card" aria-label="How the support team sees you">
                    <p class="identity-title">"How the support team sees you"</p>
                    <div class="identity-who">
                        <span class="avatar" aria-hidden="true">{initial}</span>
                        <div>
                            <p class="identity-name">{name.clone()}</p>
                            <p class="muted">{email.clone()}</p>
                        </div>
                    </div>
                    <p class="verified">
                        <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
                            <path d="M4 10.5l4 4 8-9" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round"/>
                        </svg>
                        "verified by your server"
                    </p>
                    <dl class="claims">
                        <dt>"external_id"</dt><dd>{id}</dd>
                        <dt>"email"</dt><dd>{email}</dd>
                        <dt>"display_name"</dt><dd>{name}</dd>
                        <dt>"exp"</dt><dd><TokenLifeBar/></dd>
                    </dl>
                </section>
            }
            .into_any()
        }
    }
}

const STEPS: [(&str, &str, &str); 4] = [
    ("The browser asks", "An island asks for a token, once the page is idle.", "leptos-ticketping: driver/"),
    ("A server function signs", "HS256, four claims, a short life. The secret stays here.", "support_chat.rs"),
    (
        "The widget presents it",
        "It is swapped for a chat token, kept for this user only.",
        "leptos-ticketping: browser/hooks.rs",
    ),
    ("Ticketping verifies", "The agent sees which account is asking.", "ticketping.com"),
];

/// The way of a token in four steps.
#[component]
fn TokenSteps() -> impl IntoView {
    view! {
        <section class="way" aria-labelledby="way">
            <h2 id="way">"How a token is used"</h2>
            <ol class="way-steps">
                {STEPS
                    .iter()
                    .zip(PICTURES)
                    .map(|((title, text, file), picture)| view! {
                        <li>
                            <svg class="way-picture" viewBox="0 0 48 48" width="48" height="48" aria-hidden="true">
                                <path d=picture fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>
                            </svg>
                            <svg class="way-arrow" viewBox="0 0 200 12" aria-hidden="true" preserveAspectRatio="xMaxYMid slice">
                                <path d="M0 6h198m-6-5l6 5-6 5" fill="none" stroke="currentColor" stroke-width="1.5"/>
                            </svg>
                            <h3>{*title}</h3>
                            <p>{*text}</p>
                            <code>{*file}</code>
                        </li>
                    })
                    .collect_view()}
            </ol>
        </section>
    }
}

/// A browser window, a key, a speech bubble, a check mark.
const PICTURES: [&str; 4] = [
    "M8 12h32v24H8zM8 18h32M12 15h.01M16 15h.01",
    "M18 24a6 6 0 1 0-12 0 6 6 0 0 0 12 0zm0 0h22v6m-7-6v5",
    "M8 10h32v22H24l-8 7v-7H8zM15 18h18M15 24h12",
    "M24 6l16 6v12c0 9-7 15-16 18C15 39 8 33 8 24V12zM17 24l5 5 9-10",
];
