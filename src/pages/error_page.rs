//! What the visitor sees when something failed.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{error::AppError, request_context::RequestId};

/// The sentence of `error`, and the ways on from here.
#[component]
pub fn ErrorPage(error: AppError) -> impl IntoView {
    let title = match error {
        AppError::NotFound => "Page not found",
        AppError::NotSignedIn => "Log in first",
        AppError::Internal => "Something went wrong",
        AppError::TooManyRequests { .. } => "Too many attempts",
        AppError::Busy => "Busy right now",
        AppError::Unavailable => "Not available right now",
        _ => "That did not work",
    };
    view! {
        <Title text=title/>
        <section class="form-card">
            <h1>{title}</h1>
            <p role="alert">{error.to_string()}</p>
            {use_context::<RequestId>().filter(|_| error != AppError::NotSignedIn).map(|RequestId(id)| view! {
                <p class="muted reference">"If you ask for help, include this request ID: "<code class="request-id">{id}</code></p>
            })}
            <p class="button-row">
                {match error {
                    AppError::NotSignedIn => view! { <a class="button primary" href="/login?next=/account">"Log in"</a> }.into_any(),
                    AppError::ConfirmFirst => view! {
                        <a class="button primary" href="/second-factor?next=/account">"Confirm that it is you"</a>
                    }
                    .into_any(),
                    _ => view! { <a class="button primary" href="/">"Go to the home page"</a> }.into_any(),
                }}
            </p>
        </section>
    }
}
