//! `/sandbox/mail`

use leptos::prelude::*;
use leptos_meta::{Stylesheet, Title};

use crate::request_context::{MailboxContents, ReceivedMail, SiteInfo};

/// The mails that this server would have sent, the newest first and open.
#[component]
pub fn MailboxPage() -> impl IntoView {
    let MailboxContents(mails) = use_context().unwrap_or_default();
    let is_empty = mails.is_empty();
    let is_used = SiteInfo::from_request().has_mailbox;
    let mails = mails.into_iter().enumerate().map(|(n, mail)| view! { <Mail mail is_open={n == 0}/> });
    view! {
        <Title text="Mailbox"/>
        <Stylesheet href=SiteInfo::from_request().asset("mailbox.css")/>
        <h1>"Mailbox"</h1>
        <p class="muted">
            {if is_used {
                "The sandbox keeps all emails here, for every address, until the server stops."
            } else {
                "MAIL_URL is set: emails go there, and none comes here."
            }}
        </p>
        {if !is_used {
            ().into_any()
        } else if is_empty {
            view! { <p>"No mail yet. " <a href="/signup">"Sign up"</a> ", and reload this page."</p> }.into_any()
        } else {
            view! { <div class="mailbox">{mails.collect_view()}</div> }.into_any()
        }}
    }
}

#[component]
fn Mail(mail: ReceivedMail, is_open: bool) -> impl IntoView {
    let ReceivedMail { to, text, url } = mail;
    view! {
        <details class="card mail" open=is_open>
            <summary>
                <span class="mail-subject">{text.subject}</span>
                <span class="muted address">{to}</span>
            </summary>
            <p>{text.reason}</p>
            <p><a class="button primary" href=url.clone()>{text.button}</a></p>
            <p class="muted address">{url}</p>
            <p>{text.about_link}</p>
            <p class="muted">{text.otherwise}</p>
        </details>
    }
}
