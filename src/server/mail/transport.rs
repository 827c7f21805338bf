//! The ways in which a mail leaves the process.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor, message,
    transport::smtp::{
        PoolConfig,
        client::{Tls, TlsParameters},
        response::Code,
    },
};
use secrecy::ExposeSecret;
use tokio::time;
use uuid::Uuid;

use super::{
    MailUrl, Mailbox,
    written::{MessageError, Written},
};

/// How long connecting to a mail server may take, and a mail as a whole. A mail's next try is later.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
const SEND_TIMEOUT: Duration = Duration::from_secs(45);

/// Why a mail was not sent. Names the place, never a password or an address.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    #[error(transparent)]
    Message(#[from] MessageError),
    #[error("the mail server {place} {error}")]
    Server { place: String, error: ServerError },
    #[error("the folder {place} cannot be used: {source}")]
    Folder { place: String, source: io::Error },
}

/// What a mail server said or did.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    // The words of an answer would hold the address.
    #[error("answered {0}: there is no such mailbox")]
    NoMailbox(Code),
    #[error(
        "answered {0}: are the user and the password in MAIL_URL those of the server, and is it to be smtps: or smtp:?"
    )]
    LogIn(Code),
    #[error("answered {0}")]
    Answer(Code),
    #[error("gives an answer that cannot be read")]
    Unreadable,
    #[error(
        "has a certificate that no authority of this machine vouches for ({0}): are there CA certificates, such as Debian's ca-certificates?"
    )]
    Certificate(lettre::transport::smtp::Error),
    #[error("cannot be used: {0}")]
    Connection(lettre::transport::smtp::Error),
    #[error("did not answer within {} seconds", SEND_TIMEOUT.as_secs())]
    Silent,
}

impl From<lettre::transport::smtp::Error> for ServerError {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        match error.status() {
            Some(code) if is_no_mailbox(&code.to_string(), &error.to_string()) => Self::NoMailbox(code),
            Some(code) if ["530", "535"].contains(&code.to_string().as_str()) => Self::LogIn(code),
            Some(code) => Self::Answer(code),
            None if error.is_response() => Self::Unreadable,
            None if error.to_string().contains("UnknownIssuer") => Self::Certificate(error),
            None => Self::Connection(error),
        }
    }
}

/// Whether an answer says that there is no such mailbox, and never will be. Anything else that is refused, such as the
/// sender or one mail too many, may be right later.
fn is_no_mailbox(code: &str, answer: &str) -> bool {
    let is_enhanced = |word: &&str| word.len() > 4 && word.starts_with("5.") && word.matches('.').count() == 2;
    // The address may hold any word.
    let words = answer.to_lowercase();
    let words = words.split_whitespace().filter(|word| !word.contains('@'));
    let answer = words.collect::<Vec<_>>().join(" ");
    // RFC 3463.
    let enhanced = answer.split([' ', '-', ':', '(', ')', '#', ',', ';']).find(is_enhanced);
    let says_otherwise =
        ["relay", "sender", "limit", "quota", "polic", "spam"].iter().any(|word| answer.contains(word));
    let says_so = [
        "no such",
        "no mailbox",
        "unknown",
        "not exist",
        "n't exist",
        "not found",
        "unroutable",
        "unrouteable",
        "unavailable",
        "invalid recipient",
    ];
    let says_so = says_so.iter().any(|words| answer.contains(words));
    ["550", "551"].contains(&code)
        && match enhanced {
            // Microsoft 365 says it for recipients it does not have.
            Some("5.4.1") => answer.contains("recipient"),
            Some(enhanced) => ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"].contains(&enhanced),
            None => !says_otherwise && says_so,
        }
}

/// A way out.
pub enum Transport {
    /// To a mail server, with what people may read of its URL.
    Smtp(AsyncSmtpTransport<Tokio1Executor>, String),
    /// Into a folder.
    Folder(PathBuf),
    /// Into the sandbox's mailbox.
    Mailbox(Arc<Mailbox>),
}

impl Transport {
    /// Nothing is connected yet. A folder is created.
    pub fn open(url: &MailUrl, mailbox: &Arc<Mailbox>) -> Result<Self, TransportError> {
        match url {
            MailUrl::Smtp(server) => {
                let place = server.place.clone();
                let broken = |error: lettre::transport::smtp::Error| server_error(&place, error);
                let url = server.url.expose_secret();
                let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(broken)?;
                if server.trusts_any_certificate {
                    let local = TlsParameters::builder("localhost".to_owned()).dangerous_accept_invalid_certs(true);
                    builder = builder.tls(Tls::Opportunistic(local.build().map_err(broken)?));
                }
                // The pool parts with a connection without waiting. It keeps none: one that was given up in the middle of a mail
                // would take the answer to that for the answer to the next.
                let none = PoolConfig::new().max_size(0);
                Ok(Self::Smtp(builder.timeout(Some(CONNECT_TIMEOUT)).pool_config(none).build(), place))
            }
            MailUrl::Folder(folder) => {
                // The links in them open accounts.
                let created = DirBuilder::new().recursive(true).mode(0o700).create(folder);
                created.map_err(|source| folder_error(folder, source))?;
                Ok(Self::Folder(folder.clone()))
            }
            MailUrl::Sandbox => Ok(Self::Mailbox(Arc::clone(mailbox))),
        }
    }

    /// Sends a mail.
    pub async fn send(&self, mail: &Written, from: &message::Mailbox) -> Result<(), TransportError> {
        match self {
            Self::Smtp(server, place) => {
                answer_in_time(place, server.send(mail.message(from)?)).await?;
            }
            Self::Folder(folder) => {
                let message = mail.message(from)?.formatted();
                write_file(folder, ".eml", &message).map_err(|source| folder_error(folder, source))?;
            }
            Self::Mailbox(mailbox) => mailbox.receive(mail),
        }
        Ok(())
    }

    /// Whether a mail could be sent now: connects to a mail server and logs in, or writes a file.
    pub async fn test(url: &MailUrl) -> Result<(), TransportError> {
        match Self::open(url, &Arc::default())? {
            Self::Smtp(server, place) => {
                answer_in_time(&place, server.test_connection()).await?;
            }
            Self::Folder(folder) => {
                let written = write_file(&folder, ".check", &[b' '; 4096]).and_then(fs::remove_file);
                written.map_err(|source| folder_error(&folder, source))?;
            }
            Self::Mailbox(_) => {}
        }
        Ok(())
    }
}

/// Writes a new file, whose name sorts by time.
fn write_file(folder: &Path, ending: &str, content: &[u8]) -> io::Result<PathBuf> {
    let file = folder.join(format!("{}{ending}", Uuid::now_v7()));
    let written = File::options().write(true).create_new(true).mode(0o600).open(&file)?.write_all(content);
    if written.is_err() {
        let _half_written = fs::remove_file(&file);
    }
    written.map(|()| file)
}

async fn answer_in_time<T>(
    place: &str,
    answer: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, TransportError> {
    let answer = time::timeout(SEND_TIMEOUT, answer).await;
    answer.map_err(|_| server_error(place, ServerError::Silent))?.map_err(|error| server_error(place, error))
}

fn server_error(place: &str, error: impl Into<ServerError>) -> TransportError {
    TransportError::Server { place: place.to_owned(), error: error.into() }
}

fn folder_error(folder: &Path, source: io::Error) -> TransportError {
    TransportError::Folder { place: folder.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::is_no_mailbox;

    #[test]
    fn only_an_answer_about_the_mailbox_ends_a_mail() {
        let says = |answer: &str| is_no_mailbox("550", &format!("permanent error (550): {answer}"));
        for gone in [
            "5.1.1 <a@example.com>: no such user",
            "No such user here",
            "5.2.1 mailbox disabled",
            "Unrouteable address",
            "5.4.1 Recipient address rejected: Access denied",
            "sorry, no mailbox here by that name (#5.1.1)",
            "<unlimited@example.com>: user doesn't exist",
        ] {
            assert!(says(gone), "{gone}");
        }
        for refused in [
            "5.7.1 blocked",
            "5.4.5 Daily sending limit exceeded",
            "5.1.8 sender refused",
            "relay not permitted",
            "Blocked",
            "Access denied",
            "5.7.23 SPF validation failed",
        ] {
            assert!(!says(refused), "{refused}");
        }
        assert!(!is_no_mailbox("554", "permanent error (554): no such user"));
    }
}
