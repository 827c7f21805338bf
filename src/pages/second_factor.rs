//! `/second-factor`

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;

use super::{
    fields::{Summary, TextField},
    passkey_button::PasskeyForm,
};
use crate::{
    accounts::{
        Field, Form, FormFeedback,
        server_functions::{EnterCode, LoseFactors},
    },
    request_context::SecondStep,
};

/// The second step of a log-in, and the same once more before something dangerous.
#[component]
pub fn SecondFactorPage() -> impl IntoView {
    let Some(step) = use_context::<SecondStep>() else { return ().into_any() };
    let feedback = FormFeedback::for_form(Form::SecondFactor).unwrap_or_default();
    let next = step.next.clone();
    view! {
        <Title text="Confirm that it is you"/>
        <section class="form-card">
            <h1>"Confirm that it is you"</h1>
            <p class="muted">"For " <strong class="address">{step.email}</strong></p>
            <Summary feedback=feedback.clone()/>
            {step.ends.clone().map(|ends| view! {
                <p role="status">
                    "From " {ends} " on, the password alone will open this account, because the second factor was reported lost. "
                    "A code or a passkey stops that."
                </p>
            })}
            <form method="post" action=EnterCode::PATH novalidate>
                {next.clone().map(|next| view! { <input type="hidden" name="next" value=next/> })}
                <TextField field=Field::Code label="Code" name="code" kind="text" autocomplete="one-time-code"
                    hint=if step.has_app { "The six digits from your app, or a recovery code." } else { "A recovery code." }
                    feedback/>
                <button type="submit" class="button primary">"Continue"</button>
            </form>
            {step.passkey.map(|question| view! { <PasskeyForm question next is_second=true/> })}
            {(!step.is_log_in).then(|| view! {
                <p class="below-form muted">"Lost your app, passkeys and recovery codes? Log out, log in with your password, and choose “I have lost my app, passkeys and recovery codes”."</p>
            })}
            {(step.is_log_in && step.ends.is_none()).then(|| view! {
                <details class="below-form">
                    <summary>"I have lost my app, passkeys and recovery codes"</summary>
                    <p class="muted">
                        "After three days, your password alone will open the account. We send you an email at once, and anyone with "
                        "a code or a passkey can stop it."
                    </p>
                    <form method="post" action=LoseFactors::PATH>
                        <button type="submit" class="button">"Start the three days"</button>
                    </form>
                </details>
            })}
        </section>
    }
    .into_any()
}
