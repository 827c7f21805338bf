//! `/signup`

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;

use super::fields::{Summary, TextField};
use crate::auth::{Feedback, Field, api, use_current_user};

/// The sign-up form. Whoever is logged in already is sent on.
#[component]
pub fn SignUp() -> impl IntoView {
    if use_current_user().is_some() {
        super::account::go_to("/account");
    }
    let feedback = Feedback::of_this_view();
    view! {
        <Title text="Sign up"/>
        <section class="form-card">
            <h1>"Create an account"</h1>
            <Summary feedback=feedback.clone()/>
            <form method="post" action=api::SignUp::PATH novalidate>
                <TextField field=Field::Name label="Name" name="name" kind="text" autocomplete="name"
                    hint="Optional. What the support team calls you." optional=true
                    value=feedback.name.clone() feedback=feedback.clone()/>
                <TextField field=Field::Email label="Email" name="email" kind="email" autocomplete="username"
                    value=feedback.email.clone() feedback=feedback.clone()/>
                <TextField field=Field::Password label="Password" name="password" kind="password"
                    autocomplete="new-password" hint="At least 8 characters." feedback=feedback.clone()/>
                <button type="submit" class="button primary">"Create account"</button>
            </form>
        </section>
    }
}
