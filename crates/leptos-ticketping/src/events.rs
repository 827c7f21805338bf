//! What a page hears of the chat.

/// What happened in the chat. The vendor documents callbacks that the published widget never calls; these arrive.
///
/// `conversation` is the widget's id of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TicketpingEvent {
    /// The window was opened.
    Opened,
    /// The window was closed.
    Closed,
    /// The visitor sent a message.
    MessageSent {
        /// Where.
        conversation: String,
    },
    /// A message arrived that is not the visitor's own.
    MessageReceived {
        /// Where.
        conversation: String,
        /// What it says; empty for a file.
        text: String,
    },
    /// An earlier conversation was opened.
    ConversationLoaded {
        /// Which one.
        conversation: String,
    },
    /// The number of unread messages changed.
    UnreadChanged {
        /// How many there are now.
        count: u32,
    },
    /// The widget could not be loaded or started, or its token not be fetched; both are tried again.
    Failed {
        /// Why, for your log.
        reason: &'static str,
    },
}
