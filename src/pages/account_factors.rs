//! The section of `/account` about the second factor.

use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    account_section::{Dangerous, Section},
    fields::TextField,
    passkey_button::PasskeyFields,
};
use crate::{
    accounts::{
        Field, Form, FormFeedback,
        server_functions::{AddPasskey, KeepFactors, RemoveFactor, StartApp, StartRecoveryCodes},
    },
    request_context::AccountFactors,
};

/// The user's app and passkeys, and the forms to add and to remove them.
#[component]
pub fn SecondFactor(email: String) -> impl IntoView {
    let AccountFactors { listed, recovery_codes, new_passkey, needs_confirmation, .. } = use_context()?;
    let feedback = FormFeedback::for_form(Form::Factors).unwrap_or_default();
    let is_on = !listed.is_empty();
    let question = new_passkey.unwrap_or_default();
    let has_passkeys = !question.options.is_empty();
    let list = listed.into_iter().map(|factor| {
        let remove = format!("Remove {}, added {}", factor.label, factor.added);
        view! {
            <li>
                <div>
                    <p>{factor.label}</p>
                    <p class="muted">{format!("Added {}", factor.added)}</p>
                </div>
                {(!needs_confirmation).then(|| view! {
                    <button type="submit" class="button" formaction=RemoveFactor::PATH name="factor" value=factor.value
                        aria-label=remove>
                        "Remove"
                    </button>
                })}
            </li>
        }
    });
    let list = is_on.then(|| view! { <ul class="devices">{list.collect_view()}</ul> });
    // Where nothing can be removed it stands above what is to be done first.
    let (list, list_above) = if needs_confirmation { (None, list) } else { (list, None) };
    Some(view! {
        <Section id="second-factor" title="Second factor" form=Form::Factors done="Done. This is what you have now.">
            <p class="muted">
                {if is_on {
                    "To log in you need your password and one of these. A passkey also logs in without the password."
                } else {
                    "Off. With an authenticator app or a passkey, your password alone no longer opens your account."
                }}
            </p>
            {list_above}
            <Dangerous>
                <form method="post" action=StartApp::PATH class="wide" novalidate>
                    <input type="hidden" autocomplete="username" value=email/>
                    <PasskeyFields state=question.state/>
                    <TextField field=Field::CurrentPassword label="Current password" name="current" id="factor-current"
                        kind="password" autocomplete="current-password" feedback/>
                    <div class="buttons">
                        <button type="submit" class="button">"Add an authenticator app"</button>
                        {has_passkeys.then(|| view! {
                            <button type="submit" class="button needs-script" formaction=AddPasskey::PATH
                                data-passkey="create" data-options=question.options>
                                "Add a passkey"
                            </button>
                        })}
                        {is_on.then(|| view! {
                            <button type="submit" class="button" formaction=StartRecoveryCodes::PATH>
                                "Make new recovery codes"
                            </button>
                        })}
                    </div>
                    {(!has_passkeys).then(|| view! {
                        <p class="muted">"Passkeys need a host name: open this site as localhost, for example, and set PUBLIC_URL to that address."</p>
                    })}
                    {is_on.then(|| view! {
                        <p>{match recovery_codes {
                            0 => "You have no recovery codes: make some.".to_owned(),
                            1 => "You have one recovery code left.".to_owned(),
                            n => format!("You have {n} recovery codes left."),
                        }}</p>
                    })}
                    {list}
                </form>
            </Dangerous>
        </Section>
    })
}

/// That somebody has reported the second factor as lost. Above everything else: it is the first that its owner is to read.
#[component]
pub fn LostFactors() -> impl IntoView {
    let AccountFactors { ends, stopped, needs_confirmation, .. } = use_context()?;
    let (text, button) = match (ends, stopped) {
        (Some(ends), _) => (
            format!(
                "Someone who knows your password reported your second factor as lost. From {ends} on, your password alone will \
                 open your account."
            ),
            Some("I still have it: stop this"),
        ),
        (None, Some(said)) => (
            format!(
                "On {said}, someone who knew your password reported your second factor as lost. The report was stopped. If it \
                 was not you, and you have not changed your password since, change it now."
            ),
            (!needs_confirmation).then_some("I have read this"),
        ),
        (None, None) => return None,
    };
    Some(view! {
        <form method="post" action=KeepFactors::PATH class="lost-factors">
            <p class="form-summary" role="alert">{text}</p>
            {button.map(|button| view! { <button type="submit" class="button">{button}</button> })}
        </form>
    })
}
