//! The ways in which a mail leaves the process.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor, message, transport::smtp::response::Code};
use secrecy::ExposeSecret;
use tokio::time;
use uuid::Uuid;

use super::{
    MailUrl, Mailbox,
    written::{MessageError, Written},
};

/// How long a mail server may take for one step, and for a mail as a whole. A mail's next try is later.
const STEP_TIMEOUT: Duration = Duration::from_secs(20);
const SEND_TIMEOUT: Duration = Duration::from_secs(45);

/// Why a mail was not sent. Names the place, never a password or an address.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    #[error(transparent)]
    Message(#[from] MessageError),
    // The words of an answer would hold the address.
    #[error("the mail server answered {0}: there is no such mailbox")]
    NoMailbox(Code),
    #[error("the mail server answered {0}")]
    Answer(Code),
    #[error("the mail server's answer cannot be read")]
    Unreadable,
    #[error("the mail server cannot be used: {0}")]
    Connection(lettre::transport::smtp::Error),
    #[error("the mail server did not answer within {} seconds", SEND_TIMEOUT.as_secs())]
    Silent,
    #[error("the folder {place} cannot be used: {source}")]
    Folder { place: String, source: io::Error },
}

impl From<lettre::transport::smtp::Error> for TransportError {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        // RFC 3463: 5.7 is a policy, such as one about the sender.
        let is_policy = || error.to_string().contains(" 5.7.");
        match error.status() {
            Some(code) if ["550", "551"].contains(&code.to_string().as_str()) && !is_policy() => Self::NoMailbox(code),
            Some(code) => Self::Answer(code),
            None if error.is_response() => Self::Unreadable,
            None => Self::Connection(error),
        }
    }
}

/// A way out.
pub enum Transport {
    /// To a mail server.
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
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
                let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(server.url.expose_secret())?;
                Ok(Self::Smtp(builder.timeout(Some(STEP_TIMEOUT)).build()))
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
            Self::Smtp(server) => {
                let message = mail.message(from)?;
                time::timeout(SEND_TIMEOUT, server.send(message)).await.map_err(|_| TransportError::Silent)??;
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
            Self::Smtp(server) => {
                time::timeout(SEND_TIMEOUT, server.test_connection()).await.map_err(|_| TransportError::Silent)??;
            }
            Self::Folder(folder) => {
                let written = write_file(&folder, ".check", b"").and_then(fs::remove_file);
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
    File::options().write(true).create_new(true).mode(0o600).open(&file)?.write_all(content)?;
    Ok(file)
}

fn folder_error(folder: &Path, source: io::Error) -> TransportError {
    TransportError::Folder { place: folder.display().to_string(), source }
}
