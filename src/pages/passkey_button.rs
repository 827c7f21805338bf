//! What a form needs that sends a passkey.

use leptos::{nonce::use_nonce, prelude::*, server_fn::ServerFn};

use crate::{
    accounts::server_functions::UsePasskey,
    request_context::{PasskeyQuestion, SiteInfo},
};

/// The hidden fields and the message of a form with a button that has `data-passkey`, and the script that fills them.
#[component]
pub fn PasskeyFields(state: String) -> impl IntoView {
    let script = SiteInfo::from_request().asset("passkey.js");
    view! {
        <input type="hidden" name="state" value=state/>
        <input type="hidden" name="credential" value=""/>
        <p class="field-error" data-passkey-message="" hidden></p>
        <script type="module" nonce=use_nonce() src=script></script>
    }
}

/// A form that asks for a passkey: to log in, or as the second factor.
#[component]
pub fn PasskeyForm(
    question: PasskeyQuestion,
    /// Where to go then.
    next: Option<String>,
    /// Whether there is another way on the page, which comes first.
    #[prop(optional)]
    is_second: bool,
    /// Above the button.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <form method="post" action=UsePasskey::PATH>
            {next.map(|next| view! { <input type="hidden" name="next" value=next/> })}
            <PasskeyFields state=question.state/>
            {children.map(|children| children())}
            <button type="submit" class=if is_second { "button" } else { "button primary" } data-passkey="get" data-options=question.options>
                "Use a passkey"
            </button>
            <noscript><p class="muted">"Passkeys need JavaScript."</p></noscript>
        </form>
    }
}
