//! `/check-mail`

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    accounts::{Form, FormFeedback},
    request_context::SiteInfo,
};

/// Where a mail went, the same for every address, and what to do if none comes.
#[component]
pub fn CheckMailPage() -> impl IntoView {
    let email = FormFeedback::for_form(Form::CheckMail).map(|feedback| feedback.email);
    let is_shown = email.is_some();
    let has_mailbox = SiteInfo::from_request().has_mailbox;
    view! {
        <Title text="Check your mail"/>
        <section class="form-card">
            <h1>"Check your mail"</h1>
            <p role="status">
                "We are sending an email to "
                {match email {
                    Some(email) => view! { <strong class="address">{email}</strong> }.into_any(),
                    None => "your address".into_any(),
                }}
                ". Open its link within an hour."
            </p>
            {has_mailbox.then(|| view! {
                <p><a class="button primary" href="/sandbox/mail">"Open the mailbox"</a></p>
            })}
            <h2>"If nothing comes"</h2>
            <ul class="advice">
                <li>"Wait a few minutes, and look in your spam folder."</li>
                {is_shown.then(|| view! { <li>"Check the address above. If it is wrong, go back and enter the right one."</li> })}
                <li>"Only the link in the newest email works."</li>
            </ul>
        </section>
    }
}
