//! `/signup`

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;

use super::fields::{Summary, TextField};
use crate::{
    accounts::{Field, Form, FormFeedback, server_functions::SignUp, use_current_user},
    request_context::Redirect,
};

/// The sign-up form. A user who is logged in is sent on to their account.
#[component]
pub fn SignUpPage() -> impl IntoView {
    if use_current_user().is_some() {
        Redirect::to("/account");
    }
    let feedback = FormFeedback::for_form(Form::SignUp).unwrap_or_default();
    view! {
        <Title text="Sign up"/>
        <section class="form-card">
            <h1>"Create an account"</h1>
            <Summary feedback=feedback.clone()/>
            <form method="post" action=SignUp::PATH novalidate>
                <TextField field=Field::Name label="Name" name="name" kind="text" autocomplete="name"
                    hint="Optional. What the support team calls you." optional=true
                    value=feedback.name.clone() feedback=feedback.clone()/>
                <TextField field=Field::Email label="Email" name="email" kind="email" autocomplete="email"
                    hint="We send you a link. You choose a password there."
                    value=feedback.email.clone() feedback/>
                <button type="submit" class="button primary">"Create account"</button>
            </form>
        </section>
    }
}
