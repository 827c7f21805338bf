//! What a page may know about its request. The server provides these; on a page of its own each of them is missing only
//! while the routes are listed at start.

use std::sync::Arc;

use leptos::prelude::use_context;

/// The site that the page belongs to.
#[derive(Clone, Debug, Default)]
pub struct SiteInfo {
    /// The path that the site's files start with.
    pub assets: String,
    /// Whether this server answers for Ticketping.
    pub sandbox: bool,
    /// Whether mails go to the sandbox's mailbox.
    pub has_mailbox: bool,
    /// Whether it can have passkeys: its host has a name.
    pub passkeys: bool,
}

impl SiteInfo {
    /// Of this request.
    pub fn from_request() -> Self {
        use_context().unwrap_or_default()
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

/// What a mail says, with one link.
#[derive(Clone, Debug)]
pub struct MailText {
    /// Its subject.
    pub subject: String,
    /// Why it comes, in a sentence.
    pub reason: String,
    /// What the link does, on its button.
    pub button: &'static str,
    /// What else there is to know about the link.
    pub about_link: &'static str,
    /// For those who did not ask for it.
    pub otherwise: String,
}

/// A mail in the sandbox's mailbox.
#[derive(Clone, Debug)]
pub struct ReceivedMail {
    /// Where it went.
    pub to: String,
    /// What it says.
    pub text: MailText,
    /// Where its link leads.
    pub url: String,
}

/// The mails that the sandbox's mailbox holds, the newest first.
#[derive(Clone, Debug, Default)]
pub struct MailboxContents(pub Vec<ReceivedMail>);

/// The page or its address holds a secret: a mail's link, a new app, recovery codes. It has no chat, as the widget reports
/// addresses to Ticketping, and is made again instead of being shown as it was.
#[derive(Clone, Copy, Debug)]
pub struct ShowsSecret;

/// The request was refused before its session was read. The chat would take the page for nobody's and remove what the user
/// has.
#[derive(Clone, Copy, Debug)]
pub struct UnknownVisitor;

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
    /// Sets a new password for the account of this address, and may remove the factors that were just added.
    SetPassword { email: String, undoes_factors: bool },
    /// Gives the account of this session's user this address.
    ChangeEmail { email: String },
    /// Nothing yet: it belongs to an account that is not logged in here.
    LogInFirst,
}

/// What a browser is asked about a passkey.
#[derive(Clone, Debug, Default)]
pub struct PasskeyQuestion {
    /// The question, as JSON.
    pub options: String,
    /// What is to come back with the answer.
    pub state: String,
}

/// The second step of a log-in, or before something dangerous.
#[derive(Clone, Debug)]
pub struct SecondStep {
    /// The address of the account.
    pub email: String,
    /// Whether it has an authenticator app.
    pub has_app: bool,
    /// If it has passkeys.
    pub passkey: Option<PasskeyQuestion>,
    /// Whether it is a log-in.
    pub is_log_in: bool,
    /// When the second factor ends, if it is said to be lost.
    pub ends: Option<String>,
    /// Where to go then.
    pub next: Option<String>,
}

/// An authenticator app that is being set up.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// Its secret, in groups.
    pub secret: String,
    /// The same as a picture, in SVG.
    pub qr_code: String,
}

/// Recovery codes that their user does not have yet.
#[derive(Clone, Debug)]
pub struct NewRecoveryCodes(pub Vec<String>);

/// An app or a passkey in a list.
#[derive(Clone, Debug)]
pub struct ListedFactor {
    /// What the form that removes it sends.
    pub value: String,
    /// What it is.
    pub label: String,
    /// Since when.
    pub added: String,
}

/// The second factor of the user whose account page it is.
#[derive(Clone, Debug)]
pub struct AccountFactors {
    /// Whether the user has to show it before something dangerous.
    pub needs_confirmation: bool,
    /// The app and the passkeys.
    pub listed: Vec<ListedFactor>,
    /// How many recovery codes are left.
    pub recovery_codes: usize,
    /// Asks for a new passkey, where there can be one.
    pub new_passkey: Option<PasskeyQuestion>,
    /// When all of it ends, if it is said to be lost.
    pub ends: Option<String>,
    /// When that was said, if it was stopped.
    pub stopped: Option<String>,
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
