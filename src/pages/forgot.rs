//! `/forgot`

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;

use super::fields::{Summary, TextField};
use crate::accounts::{Field, Form, FormFeedback, server_functions::ForgotPassword};

/// The form for a person who forgot their password. Its answer is the same for every address.
#[component]
pub fn ForgotPage() -> impl IntoView {
    let feedback = FormFeedback::for_form(Form::Forgot).unwrap_or_default();
    view! {
        <Title text="Forgot your password?"/>
        <section class="form-card">
            <h1>"Forgot your password?"</h1>
            <p class="muted">"We will send you a link to choose a new one. If you have no account, " <a href="/signup">"sign up"</a> " instead."</p>
            <Summary feedback=feedback.clone()/>
            <form method="post" action=ForgotPassword::PATH novalidate>
                <TextField field=Field::Email label="Email" name="email" kind="email" autocomplete="username"
                    value=feedback.email.clone() feedback/>
                <button type="submit" class="button primary">"Send link"</button>
            </form>
        </section>
    }
}
