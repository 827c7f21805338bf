//! What a page can see of the chat.

/// How the widget is at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WidgetState {
    pub is_ready: bool,
    pub is_open: bool,
    pub unread: u32,
    pub has_failed: bool,
}

/// The life of the token under the chat, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenLife {
    /// When it arrived, on the clock of `performance.now()`.
    pub received_at: f64,
    /// How long it is valid from then on.
    pub valid_for: f64,
}
