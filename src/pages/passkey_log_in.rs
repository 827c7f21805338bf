//! `/login/passkey`

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{fields::Summary, passkey_button::PasskeyForm};
use crate::{
    accounts::{
        Form, FormFeedback,
        next_path::{local_path, with_next},
        use_current_user,
    },
    request_context::{PasskeyQuestion, Redirect},
};

/// Log-in without a password.
#[component]
pub fn PasskeyLogInPage() -> impl IntoView {
    let query = use_query_map().read_untracked().get("next").unwrap_or_default();
    let next = local_path(&query).map(str::to_owned);
    if use_current_user().is_some() {
        Redirect::to(next.as_deref().unwrap_or("/account"));
        return ().into_any();
    }
    let by_password = with_next("/login", next.as_deref().unwrap_or_default());
    let feedback = FormFeedback::for_form(Form::PasskeyLogIn).unwrap_or_default();
    let remember = feedback.remember;
    view! {
        <Title text="Log in with a passkey"/>
        <section class="form-card">
            <h1>"Log in with a passkey"</h1>
            <Summary feedback/>
            {match use_context::<PasskeyQuestion>() {
                Some(question) => view! {
                    <PasskeyForm question next>
                        <input type="hidden" name="log_in" value="true"/>
                        <label class="check">
                            <input type="checkbox" name="remember" value="true" checked=remember/>
                            "Remember me"
                        </label>
                    </PasskeyForm>
                }
                .into_any(),
                None => view! {
                    <p role="alert">"Passkeys do not work at an IP address. Open this site by its name, such as localhost."</p>
                }
                .into_any(),
            }}
            <p class="below-form"><a href=by_password>"Use your password"</a></p>
        </section>
    }
    .into_any()
}
