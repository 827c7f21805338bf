//! `/forgot`

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;

use super::fields::{Summary, TextField};
use crate::accounts::{Field, Form, FormFeedback, server_functions::ForgotPassword, use_current_user};

/// The form for a person who forgot their password. Its answer is the same for every address.
#[component]
pub fn ForgotPage() -> impl IntoView {
    let user = use_current_user();
    let is_stranger = user.is_none();
    let feedback = FormFeedback::for_form(Form::Forgot);
    let email =
        feedback.as_ref().map(|feedback| feedback.email.clone()).or(user.map(|user| user.email)).unwrap_or_default();
    let feedback = feedback.unwrap_or_default();
    view! {
        <Title text="Forgot your password?"/>
        <section class="form-card">
            <h1>"Forgot your password?"</h1>
            <p class="muted">
                "We will send you a link to choose a new one."
                {is_stranger.then(|| view! { " If you have no account, " <a href="/signup">"sign up"</a> " instead." })}
            </p>
            <Summary feedback=feedback.clone()/>
            <form method="post" action=ForgotPassword::PATH novalidate>
                <TextField field=Field::Email label="Email" name="email" kind="email" autocomplete="email"
                    value=email feedback/>
                <button type="submit" class="button primary">"Send link"</button>
            </form>
        </section>
    }
}
