//! `/account`

use leptos::prelude::*;
use leptos_meta::Title;

use crate::auth::use_current_user;

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
        <section class="card" aria-labelledby="profile">
            <h2 id="profile">"Profile"</h2>
            <dl class="facts">
                <dt>"Name"</dt>
                <dd>{user.name.clone().unwrap_or_else(|| "Not given".to_owned())}</dd>
                <dt>"E-mail"</dt>
                <dd>{user.email.clone()}</dd>
                <dt>"Id"</dt>
                <dd><code>{user.id}</code></dd>
            </dl>
            <p class="muted">"The support team sees these when you open the chat. The id never changes, so your conversations stay yours."</p>
        </section>
    }
    .into_any()
}

/// Sends the browser elsewhere instead of showing this page.
pub(super) fn go_to(path: &str) {
    if let Some(redirect) = use_context::<crate::app::Redirect>() {
        redirect.to(path);
    }
}
