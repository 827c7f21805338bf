//! The settings of mail.

use lettre::{Address, message::Mailbox};
use url::{Host, Url};

use super::reader::Reader;
use crate::{server::mail::MailUrl, site::APP_NAME};

const MAIL_URL: &str = "MAIL_URL";
const WANTED: &str =
    "smtps://user:password@mail.example.com, smtp:// for a server with STARTTLS, or file:///folder to try it out";

/// Where mails go and whom they are from.
#[derive(Debug)]
pub struct MailConfig {
    /// `MAIL_URL`.
    pub url: MailUrl,
    /// `MAIL_FROM`, with the name of the app.
    pub from: Mailbox,
}

impl<S: Fn(&str) -> Option<String>> Reader<S> {
    /// The settings whose names begin with `MAIL_`.
    pub fn mail(&mut self, public_url: Option<&Url>) -> Option<MailConfig> {
        let is_set = self.given(MAIL_URL).is_some() || self.given("MAIL_URL_FILE").is_some();
        let url = if self.sandbox && !is_set {
            Some(MailUrl::Sandbox)
        } else {
            self.require(MAIL_URL, &format!("set it to {WANTED}"), |text| {
                MailUrl::parse(text).ok_or_else(|| format!("must be {WANTED}"))
            })
        };
        let from = self
            .parse("MAIL_FROM", "an address such as support@example.com", |text| {
                text.parse::<Address>().ok().filter(|address| !address.domain().starts_with('['))
            })
            .or_else(|| {
                let address = no_reply(public_url?);
                if address.is_none() {
                    self.errors
                        .push("MAIL_FROM is missing: no address can be made of the host in PUBLIC_URL".to_owned());
                }
                address
            });
        Some(MailConfig { url: url?, from: Mailbox::new(Some(APP_NAME.to_owned()), from?) })
    }
}

fn no_reply(public_url: &Url) -> Option<Address> {
    let host = match public_url.host()? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(ip) => ip.to_string(),
        // lettre writes no such address.
        Host::Ipv6(_) => "localhost".to_owned(),
    };
    Address::new("no-reply", host).ok()
}
