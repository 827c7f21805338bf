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
            {if step.has_app || step.passkey.is_none() {
                view! {
                    <CodeForm has_app=step.has_app next=next.clone() feedback/>
                    {step.passkey.map(|question| view! { <PasskeyForm question next is_second=true/> })}
                }
                .into_any()
            } else {
                view! {
                    {step.passkey.map(|question| view! { <PasskeyForm question next=next.clone()/> })}
                    <CodeForm has_app=false is_second=true next feedback/>
                }
                .into_any()
            }}
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
                        <button type="submit" class="button">"Start the three-day wait"</button>
                    </form>
                </details>
            })}
        </section>
    }
    .into_any()
}

/// The form for a code: of the app, or a recovery code.
#[component]
fn CodeForm(
    /// Whether the user has an app.
    has_app: bool,
    /// Where to go then.
    next: Option<String>,
    /// Whether a passkey comes first.
    #[prop(optional)]
    is_second: bool,
    feedback: FormFeedback,
) -> impl IntoView {
    let (label, autocomplete) = if has_app { ("Code", "one-time-code") } else { ("Recovery code", "off") };
    view! {
        <form method="post" action=EnterCode::PATH novalidate>
            {next.map(|next| view! { <input type="hidden" name="next" value=next/> })}
            <TextField field=Field::Code label name="code" kind="text" autocomplete
                hint=if has_app { "The six digits from your app, or a recovery code." } else { "One of those that you printed or wrote down." }
                feedback/>
            <button type="submit" class=if is_second { "button" } else { "button primary" }>"Continue"</button>
        </form>
    }
}
