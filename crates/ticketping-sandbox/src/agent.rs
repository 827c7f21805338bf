//! The agent: says who they see, then answers each message after a pause, as if they typed.

use std::time::Duration;

use serde_json::json;

use crate::{sandbox::Sandbox, tokens::ChatVisitor};

/// How long typing takes.
const TYPING: Duration = Duration::from_millis(600);

/// What the agent says first.
pub fn greeting(visitor: &ChatVisitor) -> String {
    match &visitor.verified {
        Some(user) => format!("Hello. You are {}, {}, verified. How can I help?", user.name, user.email),
        None => "Hello. I see an anonymous visitor. How can I help?".to_owned(),
    }
}

/// What the agent says to a message.
pub fn reply(visitor: &ChatVisitor, text: &str) -> String {
    let name = visitor.verified.as_ref().map_or("visitor", |user| user.name.as_str());
    format!("Thank you, {name}. I read: \u{201c}{text}\u{201d}. In a real team, a person answers here.")
}

/// Shows that the agent is typing, then sends the text.
pub fn answer(sandbox: Sandbox, session: String, text: String) {
    tokio::spawn(async move {
        let store = &sandbox.inner.store;
        let typing = |typing: bool| json!({"type": "server_typing", "sessionId": session, "typing": typing});
        store.show(&session, &typing(true));
        tokio::time::sleep(TYPING).await;
        store.show(&session, &typing(false));
        // The conversation may be gone by now.
        let _gone = store.say(&session, "AGENT", text, None);
    });
}
