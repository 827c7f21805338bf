//! Every text that we send by mail. No text holds what a stranger typed: a mail can be asked for with any address.

use lettre::{
    Address, Message,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};

use crate::{accounts::server::EmailAddress, site::APP_NAME};

/// What is wrong with a mail of ours.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    #[error("the address of a mail: {0}")]
    Address(#[from] lettre::address::AddressError),
    #[error("a mail of ours cannot be written: {0}")]
    Build(#[from] lettre::error::Error),
}

/// A mail as it is sent.
pub struct Written {
    /// Its Message-ID, another for each try.
    pub id: String,
    /// Where it goes.
    pub to: EmailAddress,
    /// What it says.
    pub text: Text,
    /// Where its link leads.
    pub url: String,
}

/// A text, with one link.
pub struct Text {
    /// Its subject.
    pub subject: String,
    /// Why it comes, in a sentence.
    pub reason: String,
    /// What the link does, on its button.
    pub button: &'static str,
    /// What else there is to know about the link.
    pub about_link: &'static str,
    /// For those who did not ask for it.
    pub otherwise: String,
}

const ONCE: &str = "The link works once, for one hour.";

/// To an address without an account.
pub fn sign_up() -> Text {
    Text {
        subject: format!("Your account at {APP_NAME}"),
        reason: format!("Somebody asked for an account at {APP_NAME} with this address."),
        button: "Choose a password",
        about_link: ONCE,
        otherwise: "If it was not you, ignore this mail: there is no account until somebody uses the link.".to_owned(),
    }
}

/// To an address that has an account.
pub fn known_address() -> Text {
    Text {
        subject: format!("You have an account at {APP_NAME} already"),
        reason: format!(
            "Somebody wanted to use this address at {APP_NAME}. You have an account with it already: log in with your \
             password, or choose a new one."
        ),
        button: "Choose a new password",
        about_link: ONCE,
        otherwise: "If it was not you, ignore this mail: nothing was changed.".to_owned(),
    }
}

/// To a person who forgot their password.
pub fn reset() -> Text {
    Text {
        subject: format!("A new password for {APP_NAME}"),
        reason: format!("Somebody asked for a new password for your account at {APP_NAME}."),
        button: "Choose a new password",
        about_link: "The link works once, for one hour. Your other devices are signed out when you use it.",
        otherwise: "If it was not you, ignore this mail: your password stays as it is.".to_owned(),
    }
}

/// To the new address of an account.
pub fn change_email() -> Text {
    Text {
        subject: format!("Confirm your address for {APP_NAME}"),
        reason: format!("The owner of an account at {APP_NAME} wants to use this address for it."),
        button: "Confirm the address",
        about_link: ONCE,
        otherwise: "If it was not you, ignore this mail: the account keeps its old address.".to_owned(),
    }
}

/// To the old address of an account.
pub fn change_email_notice(support: &str) -> Text {
    Text {
        subject: format!("Another address for your account at {APP_NAME}"),
        reason: format!(
            "Somebody who is logged in to your account at {APP_NAME} asked to use another address for it. \
             If it was you, follow the link in the mail that went there."
        ),
        button: "It was not me",
        about_link: "If it was not you, choose a new password with the link, within the hour: it signs out everybody \
                     else and stops the change.",
        otherwise: format!("If the link no longer works, write to {support}."),
    }
}

/// To the owner of an account whose password somebody guesses.
pub fn guesses_notice() -> Text {
    Text {
        subject: format!("Someone is trying passwords on your account at {APP_NAME}"),
        reason: format!(
            "Someone tried several wrong passwords on your account at {APP_NAME}, and has to wait now before they can \
             try more. You can still log in with browsers that you have used before."
        ),
        button: "Choose a new password",
        about_link: "If you forgot your password, choose a new one with the link. It works once, for one hour.",
        otherwise: "If your password is used for this account only, there is nothing else to do.".to_owned(),
    }
}

/// To the owner of an account whose password was changed.
pub fn password_changed(support: &str) -> Text {
    Text {
        subject: format!("Your password for {APP_NAME} was changed"),
        reason: format!("The password of your account at {APP_NAME} was changed, and every other device signed out."),
        button: "It was not me",
        about_link: "If it was you, there is nothing to do. If it was not you, choose a new password with the link, \
                     within the hour.",
        otherwise: format!("If the link no longer works, write to {support}."),
    }
}

/// To the owner of an account whose second factor was changed.
pub fn factors_changed(support: &str) -> Text {
    Text {
        subject: format!("The second factor of your account at {APP_NAME} was changed"),
        reason: format!(
            "The second factor of your account at {APP_NAME} is not as it was: an app, a passkey or recovery codes were \
             added or removed, or a recovery code was used."
        ),
        button: "It was not me",
        about_link: "If it was you, there is nothing to do. If it was not you, choose a new password with the link, \
                     within the hour.",
        otherwise: format!("If the link no longer works, or if you cannot log in, write to {support}."),
    }
}

/// To the owner of an account whose second factor is said to be lost.
pub fn factors_lost(support: &str) -> Text {
    Text {
        subject: format!("Your second factor at {APP_NAME} is said to be lost"),
        reason: format!(
            "Somebody who knows your password for {APP_NAME} said that your app, your passkeys and your recovery codes \
             are lost. In three days the password alone opens your account. Log in with your second factor to stop that."
        ),
        button: "It was not me",
        about_link: "If it was not you, choose a new password with the link, within the hour: that stops it too.",
        otherwise: format!("If the link no longer works, write to {support}."),
    }
}

/// To the owner of an account for whose second factor somebody tries codes.
pub fn codes_notice() -> Text {
    Text {
        subject: format!("Somebody has your password for {APP_NAME}"),
        reason: format!(
            "Somebody logged in to your account at {APP_NAME} with the right password and then entered several wrong \
             codes. They did not get in. If it was not you, someone knows your password."
        ),
        button: "Choose a new password",
        about_link: ONCE,
        otherwise: "If it was you, wait a few minutes and enter the newest code of your app.".to_owned(),
    }
}

/// To the owner of an account that was removed.
pub fn account_removed(support: &str, external_id: &str) -> Text {
    Text {
        subject: format!("Your account at {APP_NAME} was removed"),
        reason: format!("Your account at {APP_NAME} was removed, and everything that this site kept about you."),
        button: "Open a new account",
        about_link: "The link is there in case you want to come back. It works once, for one hour.",
        otherwise: format!(
            "Ticketping keeps your conversations with the support team. To have them deleted, or if it was not you, \
             write to {support} and name this id: {external_id}"
        ),
    }
}

impl Written {
    /// As plain text and as HTML.
    pub fn message(&self, from: &Mailbox) -> Result<Message, MessageError> {
        let Self { id, to, text, url } = self;
        let host = from.email.domain();
        let parts = MultiPart::alternative()
            .singlepart(part(ContentType::TEXT_PLAIN, plain(text, url)))
            .singlepart(part(ContentType::TEXT_HTML, html(text, url)));
        let to: Address = to.as_str().parse()?;
        let mail = Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to))
            .subject(&text.subject)
            .message_id(Some(format!("<{id}@{host}>")))
            // No out-of-office reply to it.
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .multipart(parts)?;
        Ok(mail)
    }
}

/// The longest line of a mail (RFC 5322).
const MAX_LINE: usize = 998;

/// As it is where that is possible: a link that an encoding breaks into two lines is hard to copy.
fn part(kind: ContentType, text: String) -> SinglePart {
    let is_plain = text.is_ascii() && text.lines().all(|line| line.len() <= MAX_LINE);
    let text = text.replace('\n', "\r\n");
    let body = if is_plain {
        Body::dangerous_pre_encoded(text.into_bytes(), ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text)
    };
    SinglePart::builder().header(kind).body(body)
}

fn plain(text: &Text, url: &str) -> String {
    let Text { reason, button, about_link, otherwise, .. } = text;
    format!("{}\n\n{button}:\n{url}\n\n{}\n\n{}\n", wrap(reason), wrap(about_link), wrap(otherwise))
}

/// Lines of at most 72 characters.
fn wrap(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + word.len() < 72 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// Readable without pictures and in a dark client. Nothing in it needs escaping: the texts are ours, an address and a
/// link have no character that means something in HTML.
fn html(text: &Text, url: &str) -> String {
    let Text { subject, reason, button, about_link, otherwise } = text;
    format!(
        r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{subject}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; padding: 24px; background: #fbfbfa; color: #16181d; font: 16px/1.5 system-ui, sans-serif; }}
main {{ max-width: 34rem; margin: 0 auto; padding: 24px; background: #ffffff; border: 1px solid #e4e5e9; border-radius: 12px; }}
.mark {{ margin: 0 0 24px; font-weight: 600; }}
.mark span {{ display: inline-block; width: 28px; margin-right: 8px; border-radius: 8px 8px 8px 2px; background: #3457d5; color: #ffffff; text-align: center; line-height: 28px; }}
.button {{ display: inline-block; padding: 12px 20px; border-radius: 8px; background: #3457d5; color: #ffffff; font-weight: 600; text-decoration: none; }}
.muted {{ color: #5b616e; font-size: 14px; overflow-wrap: anywhere; }}
.muted a {{ color: #3457d5; }}
@media (prefers-color-scheme: dark) {{
body {{ background: #0f1115; color: #e8eaf0; }}
main {{ background: #171a21; border-color: #2a2e38; }}
.mark span, .button {{ background: #8ea8ff; color: #0f1115; }}
.muted {{ color: #9aa1b0; }}
.muted a {{ color: #8ea8ff; }}
}}
</style>
</head>
<body>
<main>
<p class="mark"><span aria-hidden="true">&#10003;</span>{APP_NAME}</p>
<p>{reason}</p>
<p><a class="button" href="{url}">{button}</a></p>
<p class="muted"><a href="{url}">{url}</a></p>
<p>{about_link}</p>
<p class="muted">{otherwise}</p>
</main>
</body>
</html>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Text> {
        let support = "support@example.com";
        vec![
            sign_up(),
            known_address(),
            reset(),
            change_email(),
            change_email_notice(support),
            guesses_notice(),
            password_changed(support),
            factors_changed(support),
            factors_lost(support),
            codes_notice(),
            account_removed(support, "0190-id"),
        ]
    }

    #[test]
    fn every_mail_has_one_link_and_names_the_app() {
        let url = "https://app.example.com/choose-password?token=abc";
        for text in all() {
            let plain = plain(&text, url);
            assert_eq!(plain.matches("://").count(), 1, "{plain}");
            assert!(plain.contains(&format!("\n{url}\n")) && plain.contains(&text.otherwise[..20]));
            assert!(text.subject.contains(APP_NAME) && text.reason.contains(APP_NAME));
            let html = html(&text, url);
            assert_eq!(html.matches(&format!("href=\"{url}\"")).count(), html.matches("href=").count());
            // What is not ASCII would be sent in an encoding that breaks links.
            assert!(plain.is_ascii() && html.is_ascii() && plain.lines().all(|line| line.len() <= 72 || line == url));
        }
    }
}
