//! What a link that does not work leads to, whatever is wrong with it.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::accounts::use_current_user;

/// One sentence, and the ways to a new link.
#[component]
pub fn LinkFailed() -> impl IntoView {
    view! {
        <Title text="This link does not work"/>
        <section class="form-card">
            <h1>"This link does not work"</h1>
            <p role="alert">
                "It was already used, is more than an hour old, or was replaced by a newer one."
            </p>
            <p class="button-row">
                {if use_current_user().is_some() {
                    view! { <a class="button primary" href="/account">"Your account"</a> }.into_any()
                } else {
                    view! {
                        <a class="button primary" href="/forgot">"Get a new link"</a>
                        <a class="button" href="/login">"Log in"</a>
                        <a class="button" href="/signup">"Sign up"</a>
                    }
                    .into_any()
                }}
            </p>
        </section>
    }
}
