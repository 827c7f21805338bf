//! Decides what the chat must do, and does nothing itself: events and a snapshot of the browser go in, commands
//! come out. After every event it compares what is wanted with what is.
//!
//! It is pure and has no clock, so that every order of events can be tried; `tests.rs` tries thousands.
//! `driver.rs` feeds it and executes its commands.

#[cfg(test)]
mod tests;
mod token;

use token::Token;

use crate::config::Visitors;

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
    fn owned_by(&self) -> Option<&Identity> {
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
    /// The token endpoint answered the request of this number.
    TokenAnswered { request: u32, answer: TokenAnswer },
    /// The time asked for by [`Command::SetTimer`] has passed.
    TimerFired,
    /// A reason to look again: visible, online, or back from the back-forward cache.
    Resumed,
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
    /// Start the widget. An empty `jwt` is the anonymous embed.
    Start { identity: Identity, jwt: String },
    /// Give the live widget a fresh token.
    Renew { jwt: String },
    /// Take the widget down and leave nothing running.
    Stop,
    /// Send [`Event::TimerFired`] after so many milliseconds; replaces an earlier timer.
    SetTimer(f64),
    /// The page was made for another user than the session's: have it made again.
    PageOutdated,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Script {
    Unloaded,
    Loading,
    Ready,
    Failed,
}

/// The state of the one widget of a page.
#[derive(Clone, Debug)]
pub struct Machine {
    visitors: Visitors,
    wanted: Option<Identity>,
    live: Option<Identity>,
    // Whether this page wrote the owner's note. From then on another owner means that another tab took over.
    owns_storage: bool,
    // Whether the server said that the wanted user is the session's.
    confirmed: bool,
    loading_allowed: bool,
    script: Script,
    token: Token,
}

impl Machine {
    /// A page without a widget yet, for these visitors.
    pub fn new(visitors: Visitors) -> Self {
        Self {
            visitors,
            wanted: None,
            live: None,
            owns_storage: false,
            confirmed: false,
            loading_allowed: false,
            script: Script::Unloaded,
            token: Token::default(),
        }
    }

    /// Takes one event and says what to do.
    pub fn handle(&mut self, event: Event, snapshot: &Snapshot) -> Vec<Command> {
        let mut commands = Vec::new();
        let from_another_tab = event == Event::OwnerChanged;
        match event {
            Event::Wanted(identity) => self.want(identity),
            Event::LoadingAllowed => self.loading_allowed = true,
            Event::ScriptSettled { loaded } => self.script = if loaded { Script::Ready } else { Script::Failed },
            Event::TokenAnswered { request, answer } if self.token.is_awaited(request) => {
                self.token_answered(answer, snapshot, &mut commands);
            }
            // For a user who is no longer wanted.
            Event::TokenAnswered { .. } => {}
            Event::Resumed => self.retry_what_failed(),
            Event::TimerFired | Event::OwnerChanged => {}
        }
        let owned_by_another = snapshot.owner.is_some() && snapshot.owned_by() != self.wanted.as_ref();
        if owned_by_another && self.wanted.is_some() && (from_another_tab || self.owns_storage) {
            // Another tab has purged and written its own note: what is stored is not ours to touch.
            self.give_up(&mut commands);
            commands.push(Command::PageOutdated);
        }
        self.settle(snapshot, &mut commands);
        commands
    }

    fn want(&mut self, identity: Option<Identity>) {
        if self.wanted != identity {
            self.wanted = identity;
            self.owns_storage = false;
            self.confirmed = false;
            self.token.reset();
        }
    }

    fn retry_what_failed(&mut self) {
        self.token.retry_now();
        if self.script == Script::Failed {
            self.script = Script::Unloaded;
        }
    }

    fn token_answered(&mut self, answer: TokenAnswer, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        match answer {
            TokenAnswer::Token { external_id, .. } if self.wanted != Some(Identity::User(external_id.clone())) => {
                let ours = snapshot.owned_by() == self.wanted.as_ref();
                self.give_up(commands);
                if ours {
                    commands.push(Command::Purge);
                }
                commands.push(Command::PageOutdated);
            }
            TokenAnswer::Token { jwt, life, .. } => {
                if self.live == self.wanted {
                    commands.push(Command::Renew { jwt: jwt.clone() });
                }
                self.token.received(jwt, life, snapshot);
                self.confirmed = true;
            }
            TokenAnswer::SignedOut => {
                self.want(Some(Identity::Anonymous));
                self.token.reset();
                self.confirmed = true;
            }
            TokenAnswer::Failed => self.token.failed(snapshot),
        }
    }

    /// Another user has this browser now.
    fn give_up(&mut self, commands: &mut Vec<Command>) {
        if self.live.take().is_some() {
            commands.push(Command::Stop);
        }
        self.want(None);
    }

    fn settle(&mut self, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        if self.live.is_some() && self.live != self.wanted {
            self.live = None;
            commands.push(Command::Stop);
        }
        let Some(wanted) = self.wanted.clone() else { return };
        if snapshot.owned_by() != Some(&wanted) {
            if self.may_be_outdated(snapshot) {
                // The note is younger than this page: the server says which of the two is right.
                self.token.ask_if_due(snapshot, commands);
                return self.token.set_timer(snapshot, commands);
            }
            commands.push(Command::Purge);
            commands.push(Command::SetOwner(wanted.clone()));
        }
        self.owns_storage = true;
        if !self.loading_allowed || (wanted == Identity::Anonymous && self.visitors == Visitors::SignedIn) {
            return;
        }
        if self.script == Script::Unloaded {
            self.script = Script::Loading;
            commands.push(Command::LoadScript);
        }
        if matches!(wanted, Identity::User(_)) {
            self.token.ask_if_due(snapshot, commands);
        }
        if self.live.is_none() && self.script == Script::Ready {
            let jwt = match &wanted {
                Identity::Anonymous => Some(String::new()),
                Identity::User(_) => self.token.valid(snapshot.now),
            };
            if let Some(jwt) = jwt {
                self.live = Some(wanted.clone());
                commands.push(Command::Start { identity: wanted, jwt });
            }
        }
        self.token.set_timer(snapshot, commands);
    }

    fn may_be_outdated(&self, snapshot: &Snapshot) -> bool {
        let younger = |owner: &Owner| owner.since > snapshot.user_known_since;
        !self.confirmed && snapshot.owner.as_ref().is_some_and(younger)
    }
}
