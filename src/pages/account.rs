//! `/account`

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;

use super::{
    fields::{Summary, TextField},
    passkey_button::PasskeyFields,
};
use crate::{
    accounts::{
        Field, Form, FormFeedback, SessionInfo,
        server_functions::{
            AddPasskey, ChangeEmail, ChangeName, ChangePassword, EndSessions, ExportAccount, KeepFactors,
            RemoveAccount, RemoveFactor, StartApp, StartRecoveryCodes, list_sessions,
        },
        use_current_user,
    },
    request_context::{AccountFactors, PasskeyQuestion, Redirect},
};

/// The user's own page; needs a session.
#[component]
pub fn AccountPage() -> impl IntoView {
    let Some(user) = use_current_user() else {
        Redirect::to("/login?next=/account");
        return ().into_any();
    };
    view! {
        <Title text="Account"/>
        <h1>"Account"</h1>
        <p class="muted">
            "Signed in as " <strong class="address">{user.email.clone()}</strong>
            ". The support team sees name and email when you open the chat."
        </p>
        <Profile name=user.name.unwrap_or_default()/>
        <Email/>
        <Password email=user.email.clone()/>
        <SecondFactor email=user.email/>
        <Sessions/>
        <Export/>
        <Remove/>
    }
    .into_any()
}

/// A section with its heading and, once its form was sent, the result.
#[component]
fn Section(
    id: &'static str,
    title: &'static str,
    form: Form,
    done: &'static str,
    #[prop(optional)] class: &'static str,
    children: Children,
) -> impl IntoView {
    let sent = FormFeedback::for_form(form);
    let was_done = sent.as_ref().is_some_and(|feedback| feedback.errors.is_empty());
    view! {
        <section class=format!("card {class}") aria-labelledby=id>
            <h2 id=id>{title}</h2>
            {was_done.then(|| view! { <p class="done" role="status">{done}</p> })}
            {sent.filter(|_| !was_done).map(|feedback| view! { <Summary feedback/> })}
            {children()}
        </section>
    }
}

#[component]
fn Profile(name: String) -> impl IntoView {
    let failed = FormFeedback::for_form(Form::Profile).filter(|feedback| !feedback.errors.is_empty());
    let name = failed.as_ref().map_or(name, |feedback| feedback.name.clone());
    let feedback = failed.unwrap_or_default();
    view! {
        <Section id="profile" title="Profile" form=Form::Profile done="Saved.">
            <form method="post" action=ChangeName::PATH novalidate>
                <TextField field=Field::Name label="Name" name="name" kind="text" autocomplete="name" optional=true
                    hint="Optional. What the support team calls you." value=name feedback/>
                <button type="submit" class="button">"Save"</button>
            </form>
        </Section>
    }
}

#[component]
fn Email() -> impl IntoView {
    let feedback = FormFeedback::for_form(Form::Email).unwrap_or_default();
    view! {
        <Section id="email-section" title="Email" form=Form::Email done="Changed. Your conversations stay.">
            <p class="muted">"We send a link to the new address. Until you open it, your address stays as it is."</p>
            <Dangerous>
                <form method="post" action=ChangeEmail::PATH novalidate>
                    <TextField field=Field::Email label="New email" name="email" kind="email" autocomplete="email"
                        value=feedback.email.clone() feedback=feedback.clone()/>
                    <TextField field=Field::CurrentPassword label="Current password" name="current" id="email-current"
                        kind="password" autocomplete="current-password" feedback/>
                    <button type="submit" class="button">"Change email"</button>
                </form>
            </Dangerous>
        </Section>
    }
}

#[component]
fn Password(email: String) -> impl IntoView {
    let feedback = FormFeedback::for_form(Form::Password).unwrap_or_default();
    view! {
        <Section id="password-section" title="Password" form=Form::Password
            done="Changed. Every other device was signed out.">
            <Dangerous>
                <form method="post" action=ChangePassword::PATH novalidate>
                    // So that a password manager knows whose password it is.
                    <input type="hidden" autocomplete="username" value=email/>
                    <TextField field=Field::CurrentPassword label="Current password" name="current" kind="password"
                        autocomplete="current-password" feedback=feedback.clone()/>
                    <TextField field=Field::Password label="New password" name="password" kind="password"
                        autocomplete="new-password" hint="At least 8 characters, and hard to guess: a few words are good." feedback/>
                    <button type="submit" class="button">"Change password"</button>
                </form>
            </Dangerous>
        </Section>
    }
}

fn needs_confirmation() -> bool {
    use_context::<AccountFactors>().is_some_and(|factors| factors.needs_confirmation)
}

/// A form for something dangerous. Who has a second factor shows it first.
#[component]
fn Dangerous(children: Children) -> impl IntoView {
    if needs_confirmation() {
        view! {
            <p class="button-row">
                <a class="button" href="/second-factor?next=/account">"Confirm that it is you"</a>
            </p>
        }
        .into_any()
    } else {
        children().into_any()
    }
}

#[component]
fn SecondFactor(email: String) -> impl IntoView {
    let AccountFactors { listed, recovery_codes, new_passkey, ends, stopped, .. } = use_context()?;
    let feedback = FormFeedback::for_form(Form::Factors).unwrap_or_default();
    let is_on = !listed.is_empty();
    let question = new_passkey.unwrap_or(PasskeyQuestion { options: String::new(), state: String::new() });
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
                        "Somebody who knows your password said that all of this is lost. From " {ends}
                        " on, the password alone opens your account."
                    </p>
                    <button type="submit" class="button">"Nothing is lost"</button>
                </form>
            })}
            {stopped.map(|said| view! {
                <form method="post" action=KeepFactors::PATH>
                    <p role="alert">
                        "On " {said} ", somebody who knew your password said that all of this is lost. That was stopped. If it was "
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
                        <p class="muted">"For passkeys, open this site by a name such as localhost, and set PUBLIC_URL to it."</p>
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

#[component]
fn Sessions() -> impl IntoView {
    view! {
        <Section id="devices" title="Devices" form=Form::Sessions done="Signed out.">
            <Suspense>
                {Suspend::new(async { list_sessions().await.map(|sessions| view! { <SessionList sessions/> }) })}
            </Suspense>
        </Section>
    }
}

#[component]
fn SessionList(sessions: Vec<SessionInfo>) -> impl IntoView {
    let has_others = sessions.len() > 1;
    let may_end = !needs_confirmation();
    let items = sessions.into_iter().map(|session| {
        let times = format!("Signed in {}, last used {}", session.created, session.last_seen);
        view! {
            <li>
                <div>
                    <p>{session.browser.clone()}</p>
                    <p class="muted">{times}</p>
                </div>
                {session.is_current.then(|| view! { <p class="this-one">"This device"</p> })}
                {(!session.is_current && may_end).then(|| view! {
                    <form method="post" action=EndSessions::PATH>
                        <input type="hidden" name="session" value=session.id/>
                        <button type="submit" class="button" aria-label=format!("Sign out {}", session.browser)>
                            "Sign out"
                        </button>
                    </form>
                })}
            </li>
        }
    });
    view! {
        <ul class="devices">{items.collect_view()}</ul>
        {has_others.then(|| view! {
            <Dangerous>
                <form method="post" action=EndSessions::PATH>
                    <button type="submit" class="button">"Sign out all other devices"</button>
                </form>
            </Dangerous>
        })}
    }
}

#[component]
fn Export() -> impl IntoView {
    view! {
        <section class="card" aria-labelledby="export">
            <h2 id="export">"Your data"</h2>
            <p class="muted">"Everything that this site keeps about you, as a JSON file."</p>
            <Dangerous>
                <p><a class="button" href=ExportAccount::PATH>"Download"</a></p>
            </Dangerous>
        </section>
    }
}

#[component]
fn Remove() -> impl IntoView {
    let feedback = FormFeedback::for_form(Form::Remove).unwrap_or_default();
    view! {
        <Section id="remove" title="Remove account" form=Form::Remove done="" class="danger">
            <p class="muted">
                "Your account, your sessions and everything this site keeps about you are deleted at once. This cannot be undone. "
                "One last mail tells you whom to write to about your conversations with the support team."
            </p>
            <Dangerous>
                <form method="post" action=RemoveAccount::PATH novalidate>
                    <TextField field=Field::CurrentPassword label="Your password" name="current" id="remove-current"
                        kind="password" autocomplete="current-password" feedback/>
                    <button type="submit" class="button danger">"Remove account"</button>
                </form>
            </Dangerous>
        </Section>
    }
}
