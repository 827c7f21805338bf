//! The fields of forms: label above, error below, tied together for screen readers.

use leptos::prelude::*;

use crate::accounts::{Field, FormFeedback};

/// What is above a form that failed. It gets the focus when there is no field to correct.
#[component]
pub fn Summary(feedback: FormFeedback) -> impl IntoView {
    let whole: Vec<_> = feedback.errors.iter().filter(|error| error.field().is_none()).collect();
    let focus = !whole.is_empty();
    (!feedback.errors.is_empty()).then(|| {
        let text = match whole.first() {
            Some(error) => error.message(),
            None => "Correct the marked fields and send the form again.".into(),
        };
        view! { <p class="form-summary" role="alert" tabindex="-1" autofocus=focus>{text}</p> }
    })
}

/// A labelled input with its error.
#[component]
pub fn TextField(
    /// Which one it is, for its error.
    field: Field,
    /// The word above it.
    label: &'static str,
    /// The name it is posted under, which is its id too unless there is another.
    name: &'static str,
    /// Where a page has several fields of one name.
    #[prop(optional)]
    id: Option<&'static str>,
    /// `text`, `email` or `password`.
    kind: &'static str,
    /// What browsers may fill in.
    autocomplete: &'static str,
    /// What was typed before. Never for a password.
    #[prop(optional)]
    value: String,
    /// A line of help under the label.
    #[prop(optional)]
    hint: Option<&'static str>,
    /// Whether the form can do without it.
    #[prop(optional)]
    optional: bool,
    /// What the form has to say.
    feedback: FormFeedback,
) -> impl IntoView {
    let error = feedback.error_for(field);
    let first = feedback.errors.first().is_some_and(|error| error.field() == Some(field));
    // A text that is to be sent as it was typed.
    let exact = kind != "text" || field == Field::Code;
    let id = id.unwrap_or(name);
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described_by: Vec<String> =
        [hint.map(|_| hint_id.clone()), error.as_ref().map(|_| error_id.clone())].into_iter().flatten().collect();
    let described_by = (!described_by.is_empty()).then(|| described_by.join(" "));
    let input = view! {
        <input
            id=id
            name=name
            type=kind
            value=(kind != "password").then_some(value)
            autocomplete=autocomplete
            autocapitalize=exact.then_some("none")
            spellcheck=exact.then_some("false")
            required=!optional
            autofocus=first
            aria-invalid=error.as_ref().map(|_| "true")
            aria-describedby=described_by
        />
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {hint.map(|hint| view! { <p class="field-hint" id=hint_id>{hint}</p> })}
            {if kind == "password" {
                view! { <div class="password-row">{input}<ShowPassword/></div> }.into_any()
            } else {
                input.into_any()
            }}
            {error.map(|error| view! { <p class="field-error" id=error_id>{error}</p> })}
        </div>
    }
}

/// Shows and hides what is typed into the password field before it.
#[island]
pub fn ShowPassword() -> impl IntoView {
    let toggle = |click: leptos::ev::MouseEvent| {
        let row = event_target::<web_sys::Element>(&click).closest(".password-row").ok().flatten();
        let Some(input) = row.and_then(|row| row.query_selector("input").ok().flatten()) else { return };
        let shown = input.get_attribute("type").as_deref() == Some("text");
        let _kept = input.set_attribute("type", if shown { "password" } else { "text" });
    };
    view! {
        // The style sheet picks the word, by the type of the input.
        <button type="button" class="show-password needs-script" on:click=toggle>
            <span class="while-hidden">"Show"</span>
            <span class="while-shown">"Hide"</span>
            <span class="sr-only">" password"</span>
        </button>
    }
}
