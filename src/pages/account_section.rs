//! What the sections of `/account` are made of.

use leptos::prelude::*;

use super::fields::Summary;
use crate::{
    accounts::{Form, FormFeedback},
    request_context::AccountFactors,
};

/// A section with its heading and, once its form was sent, the result.
#[component]
pub fn Section(
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
            {was_done.then(|| view! { <p class="done" role="status" tabindex="-1" autofocus>{done}</p> })}
            {sent.filter(|_| !was_done).map(|feedback| view! { <Summary feedback/> })}
            {children()}
        </section>
    }
}

/// A form for something dangerous. A user with a second factor must show it first.
#[component]
pub fn Dangerous(children: Children) -> impl IntoView {
    if needs_confirmation() {
        view! {
            <p class="muted">"This needs your second factor first."</p>
            <p class="button-row">
                <a class="button" href="/second-factor?next=/account">"Confirm that it is you"</a>
            </p>
        }
        .into_any()
    } else {
        children().into_any()
    }
}

/// Whether the user has a second factor and has not shown it shortly before.
pub fn needs_confirmation() -> bool {
    use_context::<AccountFactors>().is_some_and(|factors| factors.needs_confirmation)
}
