//! What goes into the machine, and what comes out.

/// Whose chat it is. The widget's cookie and storage belong to exactly one identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Nobody is logged in.
    Anonymous,
    /// The user with this `external_id`.
    User(String),
}

impl From<Option<String>> for Identity {
    fn from(external_id: Option<String>) -> Self {
        external_id.map_or(Self::Anonymous, Self::User)
    }
}

/// The note of who owns what the widget stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Owner {
    pub identity: Identity,
    /// When the note was written: milliseconds since 1970, by this browser's clock.
    pub since: f64,
}

/// What the browser knows at the moment of an event.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Milliseconds on a clock that only goes forward. Never the wall clock: it may be wrong.
    pub now: f64,
    /// Who owns what the widget stored, if that is known.
    pub owner: Option<Owner>,
    /// When the page learned who its user is, by the clock of [`Owner::since`]. Zero for a page out of a cache.
    pub user_known_since: f64,
    /// Whether the page can be seen.
    pub visible: bool,
    /// A random number from 0 to 1, to spread requests.
    pub jitter: f64,
}

impl Snapshot {
    pub fn owned_by(&self) -> Option<&Identity> {
        self.owner.as_ref().map(|owner| &owner.identity)
    }
}

/// What the token endpoint answered.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenAnswer {
    /// A token, whose it is and how long it is valid, in milliseconds.
    Token { jwt: String, external_id: String, life: f64 },
    /// 401: nobody is logged in.
    SignedOut,
    /// Anything else: no network, 503, HTML, nonsense.
    Failed,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The page wants this identity's chat, or no chat.
    Wanted(Option<Identity>),
    /// The widget may be loaded: the page is idle, or was clicked, or there is consent.
    LoadingAllowed,
    /// The widget's script has loaded, or could not be loaded.
    ScriptSettled { loaded: bool },
    /// The widget did not start, and is gone.
    StartFailed,
    /// The token endpoint answered the request of this number.
    TokenAnswered { request: u32, answer: TokenAnswer },
    /// The time asked for by [`Command::SetTimer`] has passed.
    TimerFired,
    /// A reason to try again what failed, if the page is seen: it became visible, the network is back, a click.
    TryAgain,
    /// The page came back from the back-forward cache, as it was when it was left; or it was made long before it is shown.
    Restored,
    /// The browser made this page a moment before its visitor asked for it: the session may have ended in between.
    MadeAhead,
    /// Another tab changed the owner's note.
    OwnerChanged,
}

/// What to do, in this order, before the next event.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Load the widget's script; report with [`Event::ScriptSettled`].
    LoadScript,
    /// Ask for a token; report with [`Event::TokenAnswered`].
    FetchToken { request: u32 },
    /// Remove the widget's cookie and storage, but not the owner's note.
    Purge,
    /// Note who owns what will be stored, and tell the other tabs.
    SetOwner(Identity),
    /// Start the widget. An empty `jwt` is the anonymous embed. Without one the token is on its way: until
    /// [`Command::Renew`] brings it, nothing is seen of the widget, and nothing of its user's is read or sent.
    Start { identity: Identity, jwt: Option<String> },
    /// Give the live widget its token, or a fresh one.
    Renew { jwt: String },
    /// Take the widget down and leave nothing running.
    Stop,
    /// Send [`Event::TimerFired`] after so many milliseconds; replaces an earlier timer.
    SetTimer(f64),
    /// Show nothing of the page until it is known whose it is.
    HidePage,
    /// Show the page again if it was hidden, and open the live widget's sockets again, which were closed as the page was left.
    ShowPage,
    /// Load the page again: it was made for another user than the session's, or the server does not say for whom.
    ReloadPage,
}
