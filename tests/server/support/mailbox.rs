//! The mails that a server wrote into a folder, read as a mail program reads them.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex},
    time::SystemTime,
};

use mail_parser::MessageParser;

/// A mail that arrived.
#[derive(Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    /// Its plain text.
    pub text: String,
    pub html: String,
    /// As it was sent.
    pub raw: String,
    arrived: SystemTime,
}

impl Mail {
    fn read(file: &Path) -> Option<Self> {
        let bytes = fs::read(file).ok()?;
        // It may be half written.
        if !bytes.trim_ascii_end().ends_with(b"--") {
            return None;
        }
        let mail = MessageParser::default().parse(&bytes)?;
        Some(Self {
            to: mail.to()?.first()?.address()?.to_owned(),
            subject: mail.subject()?.to_owned(),
            text: mail.body_text(0)?.into_owned(),
            html: mail.body_html(0)?.into_owned(),
            raw: String::from_utf8_lossy(&bytes).into_owned(),
            arrived: fs::metadata(file).ok()?.modified().ok()?,
        })
    }

    /// The URL in it. There is one.
    pub fn url(&self) -> String {
        let urls: Vec<&str> = self.text.split_whitespace().filter(|word| word.contains("://")).collect();
        assert_eq!(urls.len(), 1, "{}", self.text);
        urls[0].to_owned()
    }

    /// Whether its text says so, however it is broken into lines.
    pub fn says(&self, words: &str) -> bool {
        self.text.split_whitespace().collect::<Vec<_>>().join(" ").contains(words)
    }

    /// The path of that URL, with its query.
    pub fn path(&self) -> String {
        format!("/{}", self.url().splitn(4, '/').nth(3).unwrap())
    }

    /// What stands in the link.
    pub fn token(&self) -> String {
        self.url().split("?token=").nth(1).unwrap().to_owned()
    }
}

/// What was read already, of all folders.
static READ: LazyLock<Mutex<HashMap<PathBuf, Arc<Mail>>>> = LazyLock::new(Mutex::default);

/// A folder of mails.
#[derive(Clone, Debug)]
pub struct Mailbox(pub PathBuf);

impl Mailbox {
    /// The folder of a `MAIL_URL`.
    pub fn at(url: &str) -> Self {
        Self(PathBuf::from(url.strip_prefix("file://").unwrap_or("/nonexistent")))
    }

    /// All mails, the oldest first.
    pub fn mails(&self) -> Vec<Arc<Mail>> {
        let files = fs::read_dir(&self.0).into_iter().flatten().map(|entry| entry.unwrap().path());
        let mut read = READ.lock().unwrap();
        let mails = files.filter(|file| file.extension().is_some_and(|end| end == "eml")).filter_map(|file| {
            if let Some(mail) = read.get(&file) {
                return Some(Arc::clone(mail));
            }
            let mail = Arc::new(Mail::read(&file)?);
            read.insert(file, Arc::clone(&mail));
            Some(mail)
        });
        let mut mails: Vec<_> = mails.collect();
        mails.sort_by_key(|mail| mail.arrived);
        mails
    }

    /// The mails to an address, the oldest first.
    pub fn to(&self, address: &str) -> Vec<Arc<Mail>> {
        let address = address.trim().to_lowercase();
        self.mails().into_iter().filter(|mail| mail.to == address).collect()
    }
}
