//! Mail. A form writes into the outbox, which is a table; [`Mailer`] sends what stands in it. Nobody waits for a mail
//! server, and a crash loses no mail. All texts are in `messages.rs`.

mod mail_kind;
mod mail_url;
mod mailbox;
mod mailer;
mod messages;
pub mod outbox;
mod transport;
mod written;

pub use mail_kind::{MailKind, NewMail};
pub use mail_url::{MailUrl, SmtpServer};
pub use mailbox::Mailbox;
pub use mailer::Mailer;
pub use outbox::Outbox;
pub use transport::{Transport, TransportError};
