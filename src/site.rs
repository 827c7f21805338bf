//! What is said of this site wherever it is named.

/// What it calls itself, in titles and in mails.
pub const APP_NAME: &str = "Ticketping for Leptos";

/// How people reach support where there is no chat.
pub const SUPPORT_ADDRESS: &str = "support@example.com";
