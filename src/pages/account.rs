//! `/account`

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;

use super::{
    account_factors::{LostFactors, SecondFactor},
    account_section::{Dangerous, Section, needs_confirmation},
    fields::TextField,
};
use crate::{
    accounts::{
        EXPORT_PATH, Field, Form, FormFeedback, SessionInfo,
        server_functions::{ChangeEmail, ChangeName, ChangePassword, EndSessions, RemoveAccount, list_sessions},
        use_current_user,
    },
    request_context::Redirect,
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
            "Logged in as " <strong class="address">{user.email.clone()}</strong>
            ". While you are logged in, our support chat is told your name and email."
        </p>
        <LostFactors/>
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
            done="Changed. Every other device was logged out.">
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
            <p class="below-form"><a href="/forgot">"Forgot your password?"</a></p>
        </Section>
    }
}

#[component]
fn Sessions() -> impl IntoView {
    view! {
        <Section id="devices" title="Devices" form=Form::Sessions done="Ended.">
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
        let times = format!("Logged in {}, last used {}", session.created, session.last_seen);
        let end = format!("End the session of {}, logged in {}", session.browser, session.created);
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
                        <button type="submit" class="button" aria-label=end>
                            "End session"
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
                    <button type="submit" class="button">"End all other sessions"</button>
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
                <p><a class="button" href=EXPORT_PATH>"Download"</a></p>
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
                "One last email tells you whom to write to about your conversations with the support team."
            </p>
            <Dangerous>
                <form method="post" action=RemoveAccount::PATH novalidate>
                    <TextField field=Field::CurrentPassword label="Current password" name="current" id="remove-current"
                        kind="password" autocomplete="current-password" feedback/>
                    <button type="submit" class="button danger">"Remove account"</button>
                </form>
            </Dangerous>
        </Section>
    }
}
