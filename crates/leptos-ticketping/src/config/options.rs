//! When the widget is loaded, and for whom.

/// When the widget's files are loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loading {
    /// Once the page is idle.
    #[default]
    Idle,
    /// When the visitor first clicks the bubble. Until then a placeholder stands in for it, a button with the
    /// class `ticketping-placeholder` that your stylesheet places.
    FirstClick,
    /// When your page calls [`consent`](crate::UseTicketping::consent).
    Consent,
}

impl Loading {
    pub(crate) const ALL: [(Self, &str); 3] =
        [(Self::Idle, "idle"), (Self::FirstClick, "first-click"), (Self::Consent, "consent")];
}

/// Who gets a chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visitors {
    /// Everyone. A visitor who is not logged in chats anonymously.
    #[default]
    Everyone,
    /// Users who are logged in. For anyone else no byte of the widget is loaded.
    SignedIn,
}

impl Visitors {
    pub(crate) const ALL: [(Self, &str); 2] = [(Self::Everyone, "everyone"), (Self::SignedIn, "signed-in")];
}

/// What an option is called on a page.
pub fn name_of<T: PartialEq>(all: &[(T, &'static str)], option: &T) -> &'static str {
    all.iter().find(|(known, _)| known == option).map_or("", |(_, name)| name)
}
