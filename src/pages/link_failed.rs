//! What a link that does not work leads to, whatever is wrong with it.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::accounts::use_current_user;

/// One sentence, and the ways to a new link.
#[component]
pub fn LinkFailed() -> impl IntoView {
    let ways = if use_current_user().is_some() {
        view! { <p class="button-row"><a class="button primary" href="/account">"Your account"</a></p> }.into_any()
    } else {
        view! {
            <p>"If you were signing up, do it again. If you forgot your password, ask for another link."</p>
            <p class="button-row">
                <a class="button" href="/signup">"Sign up again"</a>
                <a class="button" href="/forgot">"New password"</a>
                <a class="button" href="/login">"Log in"</a>
            </p>
        }
        .into_any()
    };
    view! {
        <Title text="This link does not work"/>
        <section class="form-card">
            <h1>"This link does not work"</h1>
            <p role="alert">
                "It was already used, is more than an hour old, or was replaced by a newer one."
            </p>
            {ways}
        </section>
    }
}
