//! `/account/app` and `/account/recovery-codes`

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::{Stylesheet, Title};

use super::fields::{Summary, TextField};
use crate::{
    accounts::{
        Field, Form, FormFeedback,
        server_functions::{ConfirmApp, ConfirmRecoveryCodes},
    },
    request_context::{NewApp, NewRecoveryCodes, SiteInfo},
};

/// An authenticator app, until it has shown its first code.
#[component]
pub fn NewAppPage() -> impl IntoView {
    let Some(NewApp { secret, qr_code }) = use_context() else { return ().into_any() };
    let feedback = FormFeedback::for_form(Form::NewApp).unwrap_or_default();
    view! {
        <Title text="Set up an authenticator app"/>
        <Style/>
        <section class="form-card">
            <h1>"Set up an authenticator app"</h1>
            <Summary feedback=feedback.clone()/>
            <p>"Scan this with an app such as Aegis, 2FAS or your password manager."</p>
            <div class="qr-code" role="img" aria-label="The secret below as a QR code" inner_html=qr_code></div>
            <p class="muted">"Or type this secret into the app: " <code class="secret">{secret}</code></p>
            <form method="post" action=ConfirmApp::PATH novalidate>
                <TextField field=Field::Code label="Code" name="code" kind="text" autocomplete="one-time-code"
                    hint="The six digits that the app shows now." feedback/>
                <button type="submit" class="button primary">"Turn on"</button>
            </form>
            <p class="below-form"><a href="/account">"Not now"</a></p>
        </section>
    }
    .into_any()
}

#[component]
fn Style() -> impl IntoView {
    view! { <Stylesheet href=SiteInfo::from_request().asset("new-factor.css")/> }
}

/// Recovery codes, until their user has them.
#[component]
pub fn NewRecoveryCodesPage() -> impl IntoView {
    let Some(NewRecoveryCodes(codes)) = use_context() else { return ().into_any() };
    view! {
        <Title text="Recovery codes"/>
        <Style/>
        <section class="form-card">
            <h1>"Recovery codes"</h1>
            <p>"Your second factor is on. Print these codes, or write them down: each opens your account once if you lose your app and your passkeys."</p>
            <ul class="codes">{codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view()}</ul>
            <form method="post" action=ConfirmRecoveryCodes::PATH>
                <button type="submit" class="button primary">"I have saved them"</button>
            </form>
            <p class="muted">"They start to work when you press the button, and are not shown again. Older codes then stop working."</p>
        </section>
    }
    .into_any()
}
