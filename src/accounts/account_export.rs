//! Everything that this site keeps about a user, but for what opens the account.

use serde::{Deserialize, Serialize};

/// The file that `/account` offers. Times are in seconds since 1970.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountExport {
    /// The public id: Ticketping's external_id.
    pub id: String,
    /// The address.
    pub email: String,
    /// If there is one.
    pub name: Option<String>,
    /// When the account was created.
    pub created_at: i64,
    /// When it was last changed.
    pub updated_at: i64,
    /// Where the user is logged in.
    pub sessions: Vec<ExportedSession>,
    /// What the user proves with beside the password.
    pub factors: Vec<ExportedFactor>,
    /// The links that work now.
    pub links: Vec<ExportedLink>,
    /// The mails that are still to be sent.
    pub mails: Vec<ExportedMail>,
}

/// One log-in in one browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExportedSession {
    /// Such as "Firefox on Linux".
    pub browser: String,
    /// When it began.
    pub created_at: i64,
    /// When it was last used, to ten minutes.
    pub last_seen_at: i64,
    /// When it ends by itself.
    pub expires_at: i64,
}

/// An app, a passkey or a recovery code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExportedFactor {
    /// What it is.
    pub kind: String,
    /// What its user knows a passkey by, else empty.
    pub name: String,
    /// Since when it is there.
    pub created_at: i64,
}

/// A link in one of our mails.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExportedLink {
    /// What it is for.
    pub purpose: String,
    /// Where its mail went.
    pub email: String,
    /// Until when it works.
    pub expires_at: i64,
}

/// A mail that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExportedMail {
    /// Which one.
    pub kind: String,
    /// Where it goes.
    pub email: String,
    /// Since when it waits.
    pub created_at: i64,
}
