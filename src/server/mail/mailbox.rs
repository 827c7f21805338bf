//! The sandbox's mailbox: what a developer reads instead of waiting for real mail. It is kept in memory.

use std::{collections::VecDeque, sync::Mutex};

use super::written::Written;
use crate::request_context::ReceivedMail;

/// How many mails it holds at most.
const MAX_MAILS: usize = 100;

/// The mails that arrived since the server was started.
#[derive(Default)]
pub struct Mailbox(Mutex<VecDeque<ReceivedMail>>);

impl Mailbox {
    /// Takes a mail.
    pub fn receive(&self, mail: &Written) {
        let received = ReceivedMail { to: mail.to.as_str().to_owned(), url: mail.url.clone(), text: mail.text.clone() };
        if let Ok(mut mails) = self.0.lock() {
            mails.push_front(received);
            mails.truncate(MAX_MAILS);
        }
    }

    /// The newest first.
    pub fn mails(&self) -> Vec<ReceivedMail> {
        self.0.lock().map(|mails| mails.iter().cloned().collect()).unwrap_or_default()
    }
}
