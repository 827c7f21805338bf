//! `/account`

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;

use super::fields::{Summary, TextField};
use crate::auth::{CurrentUser, Feedback, Field, Form, SignedInDevice, api, use_current_user};

/// The user's own page; needs a session.
#[component]
pub fn Account() -> impl IntoView {
    let Some(user) = use_current_user() else {
        go_to("/login?next=/account");
        return ().into_any();
    };
    view! {
        <Title text="Account"/>
        <h1>"Account"</h1>
        <Profile user/>
        <Password/>
        <Devices/>
        <Remove/>
    }
    .into_any()
}

/// A section with its heading and, after its form was sent, what became of it.
#[component]
fn Section(
    id: &'static str,
    title: &'static str,
    form: Form,
    done: &'static str,
    #[prop(optional)] class: &'static str,
    children: Children,
) -> impl IntoView {
    let sent = Feedback::on_form(form);
    let was_done = sent.as_ref().is_some_and(|feedback| feedback.problems.is_empty());
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
fn Profile(user: CurrentUser) -> impl IntoView {
    let failed = Feedback::on_form(Form::Profile).filter(|feedback| !feedback.problems.is_empty());
    let typed = failed.clone().map(|feedback| (feedback.name, feedback.email));
    let (name, email) = typed.unwrap_or((user.name.unwrap_or_default(), user.email.clone()));
    let feedback = failed.unwrap_or_default();
    view! {
        <Section id="profile" title="Profile" form=Form::Profile done="Saved.">
            <p class="muted">
                "Signed in as " <strong>{user.email}</strong>
                ". The support team sees name and e-mail when you open the chat. Your conversations stay yours when they change."
            </p>
            <form method="post" action=api::ChangeProfile::PATH novalidate>
                <TextField field=Field::Name label="Name" name="name" kind="text" autocomplete="name" optional=true
                    value=name feedback=feedback.clone()/>
                <TextField field=Field::Email label="Email" name="email" kind="email" autocomplete="email"
                    value=email feedback/>
                <button type="submit" class="button">"Save"</button>
            </form>
        </Section>
    }
}

#[component]
fn Password() -> impl IntoView {
    let feedback = Feedback::on_form(Form::Password).unwrap_or_default();
    view! {
        <Section id="password-section" title="Password" form=Form::Password
            done="Changed. Every other device was signed out.">
            <form method="post" action=api::ChangePassword::PATH novalidate>
                <TextField field=Field::CurrentPassword label="Current password" name="current" kind="password"
                    autocomplete="current-password" feedback=feedback.clone()/>
                <TextField field=Field::Password label="New password" name="password" kind="password"
                    autocomplete="new-password" hint="At least 8 characters." feedback/>
                <button type="submit" class="button">"Change password"</button>
            </form>
        </Section>
    }
}

#[component]
fn Devices() -> impl IntoView {
    view! {
        <Section id="devices" title="Devices" form=Form::Devices done="Signed out there.">
            <Suspense>
                {Suspend::new(async { api::devices().await.map(|devices| view! { <DeviceList devices/> }) })}
            </Suspense>
        </Section>
    }
}

#[component]
fn DeviceList(devices: Vec<SignedInDevice>) -> impl IntoView {
    let several = devices.len() > 1;
    let items = devices.into_iter().map(|device| {
        let since = format!("Signed in {}", device.since);
        view! {
            <li>
                <div>
                    <p>{device.browser.clone()}</p>
                    <p class="muted">{since}</p>
                </div>
                {if device.this_one {
                    view! { <p class="this-one">"This device"</p> }.into_any()
                } else {
                    view! {
                        <form method="post" action=api::EndSessions::PATH>
                            <input type="hidden" name="device" value=device.id/>
                            <button type="submit" class="button" aria-label=format!("Sign out {}", device.browser)>
                                "Sign out"
                            </button>
                        </form>
                    }
                    .into_any()
                }}
            </li>
        }
    });
    view! {
        <ul class="devices">{items.collect_view()}</ul>
        {several.then(|| view! {
            <form method="post" action=api::EndSessions::PATH>
                <button type="submit" class="button">"Sign out all other devices"</button>
            </form>
        })}
    }
}

#[component]
fn Remove() -> impl IntoView {
    let feedback = Feedback::on_form(Form::Remove).unwrap_or_default();
    view! {
        <Section id="remove" title="Remove account" form=Form::Remove done="" class="danger">
            <p class="muted">"Your account, your sessions and everything kept about you on this site go at once. This cannot be undone."</p>
            <form method="post" action=api::RemoveAccount::PATH novalidate>
                <TextField field=Field::CurrentPassword label="Your password" name="current" id="remove-current"
                    kind="password" autocomplete="current-password" feedback/>
                <button type="submit" class="button danger">"Remove account"</button>
            </form>
        </Section>
    }
}

/// Sends the browser elsewhere instead of showing this page.
pub(super) fn go_to(path: &str) {
    if let Some(redirect) = use_context::<crate::app::Redirect>() {
        redirect.to(path);
    }
}
