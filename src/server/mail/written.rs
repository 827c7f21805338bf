//! A text becomes a mail.

use lettre::{
    Address, Message,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};

use crate::{accounts::server::EmailAddress, request_context::MailText, site::APP_NAME};

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
    pub text: MailText,
    /// Where its link leads.
    pub url: String,
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

fn plain(text: &MailText, url: &str) -> String {
    let MailText { reason, button, about_link, otherwise, .. } = text;
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
fn html(text: &MailText, url: &str) -> String {
    let MailText { subject, reason, button, about_link, otherwise } = text;
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
    use crate::server::mail::{MailKind, messages::*};

    /// What a mail of this kind may say.
    fn texts(kind: MailKind) -> Vec<MailText> {
        match kind {
            MailKind::SignUp => vec![sign_up(), known_address()],
            MailKind::Reset => vec![reset()],
            MailKind::ChangeEmail => vec![change_email(), known_address()],
            MailKind::ChangeEmailNotice => vec![change_email_notice()],
            MailKind::GuessesNotice => vec![guesses_notice()],
            MailKind::PasswordChanged => vec![password_changed()],
            MailKind::FactorsChanged => vec![factors_changed()],
            MailKind::FactorsLost => vec![factors_lost()],
            MailKind::CodesNotice => vec![codes_notice()],
            MailKind::AccountRemoved => vec![account_removed("0190-id")],
        }
    }

    #[test]
    fn every_mail_has_one_link_and_names_the_app() {
        let url = "https://app.example.com/choose-password?token=abc";
        for text in MailKind::ALL.into_iter().flat_map(texts) {
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
