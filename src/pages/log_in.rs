//! `/login`

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::fields::{Summary, TextField};
use crate::auth::{Feedback, Field, api, next::local_path, use_current_user};

/// The log-in form. Whoever is logged in already is sent on.
#[component]
pub fn LogIn() -> impl IntoView {
    let query = use_query_map().read_untracked().get("next").unwrap_or_default();
    let next = local_path(&query).map(str::to_owned);
    if use_current_user().is_some() {
        super::account::go_to(next.as_deref().unwrap_or("/account"));
    }
    let feedback = Feedback::of_this_view();
    view! {
        <Title text="Log in"/>
        <section class="form-card">
            <h1>"Log in"</h1>
            <Summary feedback=feedback.clone()/>
            <form method="post" action=api::LogIn::PATH novalidate>
                {next.map(|next| view! { <input type="hidden" name="next" value=next/> })}
                <TextField field=Field::Email label="Email" name="email" kind="email" autocomplete="username"
                    value=feedback.email.clone() feedback=feedback.clone()/>
                <TextField field=Field::Password label="Password" name="password" kind="password"
                    autocomplete="current-password" feedback=feedback.clone()/>
                <label class="check">
                    <input type="checkbox" name="remember" value="true" checked=feedback.remember/>
                    "Remember me"
                </label>
                <button type="submit" class="button primary">"Log in"</button>
            </form>
        </section>
    }
}
