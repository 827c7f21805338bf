//! `/login`

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::fields::{Summary, TextField};
use crate::{
    accounts::{
        Field, Form, FormFeedback,
        next_path::{local_path, with_next},
        server_functions::LogIn,
        use_current_user,
    },
    request_context::{Redirect, SiteInfo},
};

/// The log-in form. A user who is logged in is sent on to where they were going.
#[component]
pub fn LogInPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let next = query.get("next").and_then(|next| local_path(&next).map(str::to_owned));
    let refuses_cookies = query.get("cookies").is_some_and(|cookies| cookies == "refused");
    if use_current_user().is_some() {
        Redirect::to(next.as_deref().unwrap_or("/account"));
        // Nothing of the address may stand beside the user's data: compressed together, their size would tell what that is.
        return ().into_any();
    }
    let passkeys = SiteInfo::from_request().passkeys;
    let passkey_path = passkeys.then(|| with_next("/login/passkey", next.as_deref().unwrap_or_default()));
    let feedback = FormFeedback::for_form(Form::LogIn).unwrap_or_default();
    view! {
        <Title text="Log in"/>
        <section class="form-card">
            <h1>"Log in"</h1>
            <Summary feedback=feedback.clone()/>
            {refuses_cookies.then(|| view! {
                <p class="form-summary" role="alert" tabindex="-1" autofocus>
                    "Your browser did not send our cookie back, so you cannot stay logged in. Allow cookies for this site and log in again."
                </p>
            })}
            <form method="post" action=LogIn::PATH novalidate>
                {next.map(|next| view! { <input type="hidden" name="next" value=next/> })}
                <TextField field=Field::Email label="Email" name="email" kind="email" autocomplete="username"
                    value=feedback.email.clone() feedback=feedback.clone()/>
                <TextField field=Field::Password label="Password" name="password" kind="password"
                    autocomplete="current-password" feedback=feedback.clone()/>
                <label class="check">
                    <input type="checkbox" name="remember" value="true" checked=feedback.remember/>
                    "Remember me"
                </label>
                <button type="submit" class="button primary">"Log in"</button>
            </form>
            {passkey_path.map(|path| view! { <p class="below-form"><a href=path>"Log in with a passkey"</a></p> })}
            <p class="below-form"><a href="/forgot">"Forgot your password?"</a></p>
        </section>
    }
    .into_any()
}
