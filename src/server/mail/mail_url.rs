//! `MAIL_URL`: where mails go.

use std::path::PathBuf;

use secrecy::SecretString;
use url::{Host, Url};

/// Where mails go.
#[derive(Clone, Debug)]
pub enum MailUrl {
    /// `smtp:` or `smtps:`: to a mail server.
    Smtp(SmtpServer),
    /// `file:`: one `.eml` file a mail, in this folder.
    Folder(PathBuf),
    /// Into the sandbox's mailbox.
    Sandbox,
}

/// A mail server.
#[derive(Clone, Debug)]
pub struct SmtpServer {
    /// As lettre reads it, with the user's password in it.
    pub url: SecretString,
    /// What a person may read of it.
    pub place: String,
    /// Whether it is on this machine and needs no password: then any certificate will do, such as the one that Debian makes for
    /// Postfix.
    pub trusts_any_certificate: bool,
}

impl MailUrl {
    /// `None` for anything that is not one of the kinds.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        if url.query().is_some() || url.fragment().is_some() {
            return None;
        }
        match url.scheme() {
            "file" => url.to_file_path().ok().filter(|path| path.parent().is_some()).map(Self::Folder),
            // A user without a password would be no log-in at all.
            "smtps" | "smtp" if url.username().is_empty() != url.password().is_none() => None,
            // lettre looks an IPv6 address up as a name.
            "smtps" | "smtp" if url.host_str().is_some_and(|host| host.starts_with('[')) => None,
            "smtps" | "smtp" if url.has_host() && matches!(url.path(), "" | "/") && url.port() != Some(0) => {
                let place = format!("{}://{}", url.scheme(), host_and_port(&url));
                let trusts_any_certificate = url.scheme() == "smtp" && is_loopback(&url) && url.username().is_empty();
                let tls = match (url.scheme(), is_loopback(&url)) {
                    ("smtps", _) => "",
                    (_, true) => "?tls=opportunistic",
                    (_, false) => "?tls=required",
                };
                let url = format!("{}{tls}", url.as_str().trim_end_matches('/'));
                Some(Self::Smtp(SmtpServer { url: url.into(), place, trusts_any_certificate }))
            }
            _ => None,
        }
    }
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

// The URL standard reads a host as an address only for the schemes that it knows.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().and_then(|host| Host::parse(host).ok());
    match host {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn smtp(text: &str) -> Option<String> {
        match MailUrl::parse(text)? {
            MailUrl::Smtp(server) => Some(server.url.expose_secret().to_owned()),
            _ => None,
        }
    }

    #[test]
    fn a_password_goes_over_tls_or_stays_on_this_machine() {
        let with_tls = |text| smtp(text).is_some_and(|url| url.ends_with("?tls=required") || url.starts_with("smtps:"));
        assert!(with_tls("smtp://user:pass@mail.example.com:587"));
        assert!(with_tls("smtp://192.0.2.1"));
        assert!(with_tls("smtp://localhost.example.com"));
        assert!(with_tls("smtps://mail.example.com"));
        for local in ["smtp://127.0.0.1:2525", "smtp://localhost"] {
            assert!(smtp(local).is_some_and(|url| url.ends_with("?tls=opportunistic")), "{local}");
        }
        assert_eq!(smtp("smtp://mail.example.com?tls=opportunistic"), None);
    }

    #[test]
    fn a_folder_is_an_absolute_path_and_nothing_else_is_a_place_for_mail() {
        assert!(
            matches!(MailUrl::parse("file:///var/mail/app"), Some(MailUrl::Folder(path)) if path == *"/var/mail/app")
        );
        for bad in [
            "",
            "file://host/folder",
            "mail/folder",
            "http://mail.example.com",
            "smtp://",
            "file:///",
            "smtp://h/x",
            "smtp://user@host",
            "smtp://host:0",
            "smtp://[::1]:25",
        ] {
            assert!(MailUrl::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_password_is_in_no_text_for_people() {
        let parsed = MailUrl::parse("smtps://app:s3cret@mail.example.com:465");
        assert!(!format!("{parsed:?}").contains("s3cret"));
        assert!(matches!(parsed, Some(MailUrl::Smtp(server)) if server.place == "smtps://mail.example.com:465"));
    }
}
