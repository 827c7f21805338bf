//! The section of `/account` about the second factor.

use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    account_section::{Dangerous, Section, needs_confirmation},
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
    let AccountFactors { listed, recovery_codes, new_passkey, ends, stopped, .. } = use_context()?;
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
                <button type="submit" class="button" formaction=RemoveFactor::PATH name="factor" value=factor.value
                    aria-label=remove>
                    "Remove"
                </button>
            </li>
        }
    });
    let list = list.collect_view();
    Some(view! {
        <Section id="second-factor" title="Second factor" form=Form::Factors done="Done.">
            <p class="muted">
                {if is_on {
                    "After your password, log-in asks for one of these. A passkey also logs in without the password."
                } else {
                    "Off. With an authenticator app or a passkey, your password alone no longer opens your account."
                }}
            </p>
            {ends.map(|ends| view! {
                <form method="post" action=KeepFactors::PATH>
                    <p role="alert">
                        "Someone who knows your password reported all of these as lost. From " {ends}
                        " on, your password alone will open your account."
                    </p>
                    <button type="submit" class="button">"Nothing is lost"</button>
                </form>
            })}
            {stopped.map(|said| view! {
                <form method="post" action=KeepFactors::PATH>
                    <p role="alert">
                        "On " {said} ", someone who knew your password reported all of these as lost. The report was stopped. If it was "
                        "not you, and you have not changed your password since, change it now."
                    </p>
                    {(!needs_confirmation()).then(|| view! { <button type="submit" class="button">"I have read this"</button> })}
                </form>
            })}
            <Dangerous>
                <form method="post" action=StartApp::PATH class="wide" novalidate>
                    <input type="hidden" autocomplete="username" value=email/>
                    <PasskeyFields state=question.state/>
                    <TextField field=Field::CurrentPassword label="Current password" name="current" id="factor-current"
                        kind="password" autocomplete="current-password" feedback/>
                    <div class="buttons">
                        <button type="submit" class="button">"Set up an app"</button>
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
                        <ul class="devices">{list}</ul>
                    })}
                </form>
            </Dangerous>
        </Section>
    })
}
