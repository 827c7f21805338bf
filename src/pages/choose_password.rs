//! `/choose-password`

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;

use super::{
    fields::{Summary, TextField},
    link_failed::LinkFailed,
};
use crate::{
    accounts::{Field, Form, FormFeedback, server_functions::ChoosePassword},
    request_context::{LinkAction, OpenedLink},
};

/// Where the link of a sign-up or of a forgotten password leads. The form uses it up, the page does not.
#[component]
pub fn ChoosePasswordPage() -> impl IntoView {
    let (token, title, email, name, undoes_factors) = match use_context::<OpenedLink>() {
        Some(OpenedLink { token, does: Some(LinkAction::CreateAccount { email, name }) }) => {
            (token, "Choose a password", email, Some(name), false)
        }
        Some(OpenedLink { token, does: Some(LinkAction::SetPassword { email, undoes_factors }) }) => {
            (token, "Choose a new password", email, None, undoes_factors)
        }
        _ => return view! { <LinkFailed/> }.into_any(),
    };
    let feedback = FormFeedback::for_form(Form::ChoosePassword);
    // As typed here or at sign-up. We do not know who typed it at sign-up.
    let name = name.map(|name| feedback.as_ref().map_or(name, |feedback| feedback.name.clone()));
    let feedback = feedback.unwrap_or_default();
    view! {
        <Title text=title/>
        <section class="form-card">
            <h1>{title}</h1>
            <p class="muted">"For " <strong class="address">{email.clone()}</strong></p>
            {undoes_factors.then(|| view! {
                <p>"This also removes the app, passkeys and recovery codes that were added in the last 24 hours."</p>
            })}
            <Summary feedback=feedback.clone()/>
            <form method="post" action=ChoosePassword::PATH novalidate>
                <input type="hidden" name="token" value=token/>
                // So that a password manager knows whose password it is.
                <input type="hidden" autocomplete="username" value=email/>
                {name.map(|name| view! {
                    <input type="hidden" name="with_name" value="true"/>
                    <TextField field=Field::Name label="Name" name="name" kind="text" autocomplete="name"
                        hint="Optional. What the support team calls you." optional=true value=name
                        feedback=feedback.clone()/>
                })}
                <TextField field=Field::Password label="New password" name="password" kind="password"
                    autocomplete="new-password" hint="At least 8 characters, and hard to guess: a few words are good." feedback/>
                <button type="submit" class="button primary">"Save password and log in"</button>
            </form>
        </section>
    }
    .into_any()
}
