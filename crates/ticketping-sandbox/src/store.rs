//! Conversations, attachments and the journal, in memory, bounded in number, size and age. The oldest goes first.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::sync::broadcast;
use uuid::Uuid;

use super::tokens::ChatVisitor;

const MAX_CONVERSATIONS: usize = 1_000;
const MAX_MESSAGES: usize = 200;
const MAX_AGE: Duration = Duration::from_secs(24 * 3_600);
const MAX_FILES: usize = 50;
const MAX_JOURNAL: usize = 1_000;
/// Messages that a slow socket may lag behind.
const CHANNEL: usize = 64;

/// One message, as the widget reads it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub session_id: String,
    pub sender: &'static str,
    pub message_text: String,
    pub created: String,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub file: Option<Attachment>,
}

/// A file in a message.
#[derive(Clone, Debug, Serialize)]
pub struct Attachment {
    pub filename: String,
    pub filepath: String,
}

/// A conversation in the widget's list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    pub session_id: String,
    pub created: String,
    pub modified: String,
    pub messages: Vec<Message>,
    pub has_unread: bool,
}

/// A call that was received, for tests.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    pub call: &'static str,
    pub visitor: String,
    pub ok: bool,
    pub text: String,
}

struct Conversation {
    visitor: ChatVisitor,
    listed: Listed,
    touched: Instant,
    // Frames for every chat socket that is open on it.
    frames: broadcast::Sender<String>,
}

struct StoredFile {
    id: Uuid,
    kind: &'static str,
    bytes: Bytes,
}

#[derive(Default)]
struct Contents {
    conversations: HashMap<String, Conversation>,
    files: VecDeque<StoredFile>,
    journal: VecDeque<Entry>,
}

pub struct Store {
    contents: Mutex<Contents>,
    // The keys of visitors whose unread count changed.
    unread: broadcast::Sender<String>,
}

impl Default for Store {
    fn default() -> Self {
        Self { contents: Mutex::default(), unread: broadcast::channel(CHANNEL).0 }
    }
}

impl Store {
    pub fn start(&self, visitor: &ChatVisitor) -> String {
        let mut contents = self.lock();
        contents.forget_old();
        let id = Uuid::new_v4().to_string();
        let now = now();
        let listed = Listed {
            session_id: id.clone(),
            created: now.clone(),
            modified: now,
            messages: Vec::new(),
            has_unread: false,
        };
        let conversation = Conversation {
            visitor: visitor.clone(),
            listed,
            touched: Instant::now(),
            frames: broadcast::channel(CHANNEL).0,
        };
        contents.conversations.insert(id.clone(), conversation);
        id
    }

    /// The conversation, if it is this visitor's.
    pub fn open(
        &self,
        id: &str,
        may: impl Fn(&ChatVisitor) -> bool,
    ) -> Option<(ChatVisitor, Listed, broadcast::Receiver<String>)> {
        let mut contents = self.lock();
        let found = contents.conversations.get_mut(id).filter(|found| may(&found.visitor))?;
        found.listed.has_unread = false;
        Some((found.visitor.clone(), found.listed.clone(), found.frames.subscribe()))
    }

    pub fn list(&self, visitor: &ChatVisitor, limit: usize, offset: usize) -> Vec<Listed> {
        let contents = self.lock();
        let mut own: Vec<Listed> = contents
            .conversations
            .values()
            .filter(|conversation| conversation.visitor.key == visitor.key)
            .map(|conversation| conversation.listed.clone())
            .collect();
        own.sort_by(|one, other| other.modified.cmp(&one.modified));
        own.into_iter().skip(offset).take(limit).collect()
    }

    /// Adds a message and sends it to every socket of the conversation. The visitor's own text is not sent: their
    /// widget shows it already. An agent's message that reaches no socket is unread.
    pub fn say(&self, id: &str, sender: &'static str, text: String, file: Option<Attachment>) -> Option<()> {
        let mut contents = self.lock();
        let found = contents.conversations.get_mut(id)?;
        let kind = if file.is_some() { "file_attachment" } else { "server_message" };
        let message = Message { session_id: id.to_owned(), sender, message_text: text, created: now(), file };
        let shown = sender == "AGENT" || message.file.is_some();
        let mut frame = serde_json::to_value(&message).ok()?;
        frame["type"] = kind.into();
        found.listed.messages.push(message);
        if found.listed.messages.len() > MAX_MESSAGES {
            found.listed.messages.remove(0);
        }
        found.listed.modified = now();
        found.touched = Instant::now();
        if shown && found.frames.send(frame.to_string()).is_err() && sender == "AGENT" {
            found.listed.has_unread = true;
            let _nobody = self.unread.send(found.visitor.key.clone());
        }
        Some(())
    }

    /// Sends a frame that is not kept, such as that the agent is typing.
    pub fn show(&self, id: &str, frame: &Value) {
        if let Some(found) = self.lock().conversations.get(id) {
            let _nobody = found.frames.send(frame.to_string());
        }
    }

    pub fn mark_read(&self, id: &str) {
        if let Some(found) = self.lock().conversations.get_mut(id) {
            found.listed.has_unread = false;
        }
    }

    pub fn unread_count(&self, key: &str) -> usize {
        let contents = self.lock();
        contents.conversations.values().filter(|found| found.visitor.key == key && found.listed.has_unread).count()
    }

    pub fn unread_changes(&self) -> broadcast::Receiver<String> {
        self.unread.subscribe()
    }

    pub fn add_file(&self, kind: &'static str, bytes: Bytes) -> Uuid {
        let mut contents = self.lock();
        if contents.files.len() >= MAX_FILES {
            contents.files.pop_front();
        }
        let id = Uuid::new_v4();
        contents.files.push_back(StoredFile { id, kind, bytes });
        id
    }

    pub fn file(&self, id: Uuid) -> Option<(&'static str, Bytes)> {
        self.lock().files.iter().find(|file| file.id == id).map(|file| (file.kind, file.bytes.clone()))
    }

    pub fn note(&self, call: &'static str, visitor: Option<&ChatVisitor>, text: &str) {
        let mut contents = self.lock();
        if contents.journal.len() >= MAX_JOURNAL {
            contents.journal.pop_front();
        }
        contents.journal.push_back(Entry {
            call,
            visitor: visitor.map(|visitor| visitor.key.clone()).unwrap_or_default(),
            ok: visitor.is_some(),
            text: text.to_owned(),
        });
    }

    pub fn journal(&self) -> Vec<Entry> {
        self.lock().journal.iter().cloned().collect()
    }

    // A panic while it was locked leaves one message missing at worst.
    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    fn forget_old(&mut self) {
        self.conversations.retain(|_, found| found.touched.elapsed() < MAX_AGE);
        if self.conversations.len() >= MAX_CONVERSATIONS {
            let oldest = self.conversations.iter().min_by_key(|(_, found)| found.touched).map(|(id, _)| id.clone());
            if let Some(id) = oldest {
                self.conversations.remove(&id);
            }
        }
    }
}

/// This moment as the widget reads it.
pub fn now() -> String {
    OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(key: &str) -> ChatVisitor {
        ChatVisitor { key: key.into(), verified: None }
    }

    #[test]
    fn a_conversation_is_listed_to_its_visitor_only() {
        let store = Store::default();
        let id = store.start(&visitor("a"));
        assert_eq!(store.list(&visitor("a"), 50, 0)[0].session_id, id);
        assert!(store.list(&visitor("b"), 50, 0).is_empty());
        assert!(store.open(&id, |owner| owner.key == "b").is_none());
    }

    #[test]
    fn the_oldest_conversation_goes_when_there_are_too_many() {
        let store = Store::default();
        let first = store.start(&visitor("a"));
        for _ in 0..MAX_CONVERSATIONS {
            store.start(&visitor("b"));
        }
        assert!(store.open(&first, |_| true).is_none());
        assert_eq!(store.lock().conversations.len(), MAX_CONVERSATIONS);
    }

    #[test]
    fn an_agents_message_is_unread_until_it_is_seen() {
        let store = Store::default();
        let id = store.start(&visitor("a"));
        store.say(&id, "AGENT", "hello".into(), None).expect("is there");
        assert_eq!(store.unread_count("a"), 1);
        let _looking = store.open(&id, |_| true).expect("opens");
        assert_eq!(store.unread_count("a"), 0);
        store.say(&id, "AGENT", "again".into(), None).expect("is there");
        assert_eq!(store.unread_count("a"), 0);
    }

    #[test]
    fn messages_and_files_are_bounded() {
        let store = Store::default();
        let id = store.start(&visitor("a"));
        for n in 0..=MAX_MESSAGES {
            store.say(&id, "USER", n.to_string(), None).expect("is there");
        }
        let listed = store.list(&visitor("a"), 50, 0);
        assert_eq!((listed[0].messages.len(), listed[0].messages[0].message_text.as_str()), (MAX_MESSAGES, "1"));
        let first = store.add_file("text/plain", Bytes::new());
        for _ in 0..MAX_FILES {
            store.add_file("text/plain", Bytes::new());
        }
        assert!(store.file(first).is_none());
    }
}
