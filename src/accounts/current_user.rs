//! What a page may know about the user: never the password hash, never the session's id.

use leptos::prelude::{provide_context, use_context};
use serde::{Deserialize, Serialize};

/// The user who is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentUser {
    /// The public id. It never changes.
    pub id: String,
    /// As the user typed it.
    pub email: String,
    /// If the user gave one.
    pub name: Option<String>,
}

impl CurrentUser {
    /// What the header calls the user: the name, or else the email.
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.email)
    }
}

/// One of the places where the user is logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// The id that the form to end it sends. It grants no access.
    pub id: String,
    /// Such as "Firefox on Linux".
    pub browser: String,
    /// When it began, as text for people.
    pub created: String,
    /// When it was last used, as text for people.
    pub last_seen: String,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

#[derive(Clone)]
struct RequestUser(Option<CurrentUser>);

/// Says once for each request who its user is.
pub fn provide_current_user(user: Option<CurrentUser>) {
    provide_context(RequestUser(user));
}

/// The user of this request. Islands take it as a prop: contexts do not reach them.
pub fn use_current_user() -> Option<CurrentUser> {
    use_context::<RequestUser>().and_then(|user| user.0)
}
