//! What a page may know about its request. The server provides these; on a page of its own each of them is missing only
//! while the routes are listed at start.

use std::sync::Arc;

use leptos::prelude::use_context;

/// The site that the page belongs to.
#[derive(Clone, Debug)]
pub struct SiteInfo {
    /// The path that the site's files start with.
    pub assets: String,
    /// How browsers reach the site.
    pub public_url: String,
    /// Whether this server answers for Ticketping.
    pub sandbox: bool,
}

impl SiteInfo {
    /// Of this request.
    pub fn from_request() -> Self {
        use_context().unwrap_or(Self { assets: String::new(), public_url: String::new(), sandbox: false })
    }

    /// The URL of a file of the site.
    pub fn asset(&self, file: &str) -> String {
        format!("{}/{file}", self.assets)
    }
}

/// The cookie `theme`, as it was sent.
#[derive(Clone, Debug)]
pub struct ThemeCookie(pub Option<String>);

impl ThemeCookie {
    /// The theme that the visitor chose; `None` follows the system.
    pub fn chosen_theme() -> Option<&'static str> {
        match use_context::<Self>()?.0.as_deref() {
            Some("light") => Some("light"),
            Some("dark") => Some("dark"),
            _ => None,
        }
    }
}

/// What the log calls this request, and the header `x-request-id` of its response.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// A mail in the sandbox's mailbox.
#[derive(Clone, Debug)]
pub struct ReceivedMail {
    /// Where it went.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Why it came.
    pub reason: String,
    /// What its link does.
    pub button: &'static str,
    /// Where its link leads.
    pub url: String,
    /// What else there is to know about the link.
    pub about_link: &'static str,
    /// For those who did not ask for it.
    pub otherwise: String,
}

/// The mails that the sandbox's mailbox holds, the newest first.
#[derive(Clone, Debug, Default)]
pub struct MailboxContents(pub Vec<ReceivedMail>);

/// There is no chat on this page: its address opens an account, and the widget reports it to Ticketping.
#[derive(Clone, Copy, Debug)]
pub struct WithoutChat;

/// The link of a mail, as the page that it leads to sees it.
#[derive(Clone, Debug)]
pub struct OpenedLink {
    /// What stands in the link.
    pub token: String,
    /// What it does; `None` when it does not work.
    pub does: Option<LinkAction>,
}

/// What a link does once the form on its page is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkAction {
    /// Creates the account of this address.
    CreateAccount { email: String, name: String },
    /// Sets a new password for the account of this address.
    SetPassword { email: String },
    /// Gives the account of this session's user this address.
    ChangeEmail { email: String },
    /// Nothing yet: it belongs to an account that is not logged in here.
    LogInFirst,
}

/// Sends the browser to a path on this site.
#[derive(Clone)]
pub struct Redirect(pub Arc<dyn Fn(&str) + Send + Sync>);

impl Redirect {
    /// Instead of showing this page.
    pub fn to(path: &str) {
        if let Some(redirect) = use_context::<Self>() {
            (redirect.0)(path);
        }
    }
}
