//! What a page may know of the user: never the password hash, never the session.

use leptos::prelude::{provide_context, use_context};
use serde::{Deserialize, Serialize};

/// The signed-in user as pages show him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentUser {
    /// Public id; it never changes.
    pub id: String,
    /// As the user typed it.
    pub email: String,
    /// If the user gave one.
    pub name: Option<String>,
}

impl CurrentUser {
    /// The name, or else the e-mail.
    pub fn shown_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.email)
    }
}

/// One of the places where the user is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedInDevice {
    /// What the form to end it names it by.
    pub id: String,
    /// Such as "Firefox on Linux".
    pub browser: String,
    /// When it signed in, for people.
    pub since: String,
    /// Whether it is the one that asks.
    pub this_one: bool,
}

#[derive(Clone)]
struct Viewer(Option<CurrentUser>);

/// Says once per request who is looking.
pub fn provide_current_user(user: Option<CurrentUser>) {
    provide_context(Viewer(user));
}

/// The signed-in user of this request. Islands take it as a prop: contexts do not reach them.
pub fn use_current_user() -> Option<CurrentUser> {
    use_context::<Viewer>().and_then(|viewer| viewer.0)
}
