//! Who is chatting.

/// Who is chatting, as your server tells Ticketping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    external_id: String,
    email: String,
    display_name: Option<String>,
}

impl Visitor {
    /// `external_id` is your own id of the user. It must never change: conversations are kept under it. `email` is
    /// where the team answers when the visitor has left; sign only one whose owner has confirmed it.
    pub fn new(external_id: impl Into<String>, email: impl Into<String>) -> Self {
        Self { external_id: external_id.into(), email: email.into(), display_name: None }
    }

    /// The name that the agent sees. An empty one counts as none.
    pub fn with_name(mut self, name: impl Into<Option<String>>) -> Self {
        self.display_name = name.into().filter(|name| !name.trim().is_empty());
        self
    }

    /// Your id of the user.
    pub fn external_id(&self) -> &str {
        &self.external_id
    }

    /// The user's email address.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// The name that the agent sees: the one you gave, or the part of the email address before `@`.
    pub fn display_name(&self) -> &str {
        let before_at = self.email.split('@').next().unwrap_or(&self.email);
        self.display_name.as_deref().unwrap_or(before_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_name_the_agent_sees_the_part_before_the_at() {
        let visitor = Visitor::new("u-1", "alice@example.com");
        assert_eq!(visitor.display_name(), "alice");
        assert_eq!(visitor.clone().with_name(" ".to_owned()).display_name(), "alice");
        assert_eq!(visitor.with_name(Some("Alice".to_owned())).display_name(), "Alice");
    }
}
