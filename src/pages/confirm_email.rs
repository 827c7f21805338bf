//! `/confirm-email`

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;

use super::link_failed::LinkFailed;
use crate::{
    accounts::{server_functions::ConfirmEmail, use_current_user},
    request_context::{LinkAction, OpenedLink},
};

/// Where the link to a new address leads. The form uses it up, the page does not.
#[component]
pub fn ConfirmEmailPage() -> impl IntoView {
    let (token, email) = match use_context() {
        Some(OpenedLink { token, does: Some(LinkAction::ChangeEmail { email }) }) => (token, email),
        Some(OpenedLink { does: Some(LinkAction::LogInFirst), .. }) => return view! { <LogInFirst/> }.into_any(),
        _ => return view! { <LinkFailed/> }.into_any(),
    };
    view! {
        <Title text="Confirm your address"/>
        <section class="form-card">
            <h1>"Confirm your address"</h1>
            <p>"Press the button to make " <strong class="address">{email}</strong> " the address of your account."</p>
            <form method="post" action=ConfirmEmail::PATH>
                <input type="hidden" name="token" value=token/>
                <button type="submit" class="button primary">"Confirm"</button>
            </form>
        </section>
    }
    .into_any()
}

/// The link belongs to an account that is not logged in here.
#[component]
fn LogInFirst() -> impl IntoView {
    view! {
        <Title text="Log in first"/>
        <section class="form-card">
            <h1>"Log in first"</h1>
            {match use_current_user() {
                Some(user) => view! {
                    <p role="alert">
                        "You are logged in as " <strong class="address">{user.email}</strong> ", and another account asked for "
                        "this address. Log out, log in to that account, then open the link in the mail once more."
                    </p>
                }
                .into_any(),
                None => view! {
                    <p role="alert">
                        "Log in to the account that asked for this address, then open the link in the mail once more. "
                        "If you have no account here, you can close this page; nothing will change."
                    </p>
                    <p class="button-row"><a class="button primary" href="/login">"Log in"</a></p>
                }
                .into_any(),
            }}
        </section>
    }
}
