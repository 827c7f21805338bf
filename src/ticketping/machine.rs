//! Decides what the chat must do; does nothing itself. Events and facts go in, commands come out,
//! and the last wish wins: after every event the machine compares what is wanted with what is.
//!
//! Pure and without a clock, so that every order of events can be tried (the tests at the foot
//! try thousands). `component.rs` feeds it, `browser/` carries its commands out.

/// Whose chat it is. The widget's cookie and storage belong to exactly one identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Nobody is logged in.
    Anonymous,
    /// The user with this `external_id`.
    User(String),
}

impl Identity {
    /// The identity of a page that was made for this user, or for nobody.
    pub fn of(external_id: Option<String>) -> Self {
        external_id.map_or(Self::Anonymous, Self::User)
    }

    pub(super) fn to_marker(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::User(id) => format!("user:{id}"),
        }
    }

    pub(super) fn from_marker(marker: &str) -> Option<Self> {
        match marker.strip_prefix("user:") {
            Some(id) => Some(Self::User(id.to_owned())),
            None => (marker == "anonymous").then_some(Self::Anonymous),
        }
    }
}

/// What the browser knows at the moment of an event.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Milliseconds on a clock that only goes forward. Never the wall clock: it may be wrong.
    pub now: f64,
    /// Who owns what the widget stored, if that is known.
    pub stored: Option<Identity>,
    /// Whether somebody can see the page.
    pub visible: bool,
    /// A random number from 0 to 1, to spread requests.
    pub jitter: f64,
}

/// What the token endpoint answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A token, whose it is and how long it is good for, in milliseconds.
    Token { jwt: String, external_id: String, life: f64 },
    /// 401: nobody is logged in any more.
    SignedOut,
    /// Anything else: no network, 503, HTML, nonsense.
    Failed,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The page wants this identity's chat, or none.
    Wanted(Option<Identity>),
    /// The widget may be loaded: the page is idle, or was clicked, or there is consent.
    Permitted,
    /// The widget's script is there, or could not be had.
    Script { loaded: bool },
    /// The token endpoint answered the request of this number.
    Answered { request: u32, answer: Answer },
    /// The time asked for by [`Command::WakeAfter`] has passed.
    Tick,
    /// A reason to look again: visible, online, or back from the back-forward cache.
    Woke,
    /// Another tab changed who owns what is stored.
    OwnerChanged,
}

/// What to do, in this order, before the next event.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Fetch the widget's script; answer with [`Event::Script`].
    LoadScript,
    /// Ask for a token; answer with [`Event::Answered`].
    FetchToken { request: u32 },
    /// Remove the widget's cookie and storage, but not the note of who owns them.
    Purge,
    /// Note who owns what will be stored, and tell the other tabs.
    Claim(Identity),
    /// Start the widget. An empty `jwt` is the anonymous embed.
    Start { identity: Identity, jwt: String },
    /// Give the live widget a fresh token.
    Renew { jwt: String },
    /// Take the widget down and leave nothing running.
    Stop,
    /// Send [`Event::Tick`] after so many milliseconds, instead of any earlier wish.
    WakeAfter(f64),
    /// The page was made for somebody else than the session's user: have it made again.
    Moved,
}

/// How often in a row the token endpoint may fail before only a new reason makes us ask again.
const ATTEMPTS: u32 = 6;
/// Milliseconds before the second attempt; doubled each time.
const FIRST_DELAY: f64 = 1_000.0;
/// The longest pause between two attempts, in milliseconds.
const LONGEST_DELAY: f64 = 30_000.0;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Script {
    Unloaded,
    Loading,
    Ready,
    Failed,
}

#[derive(Clone, Debug)]
struct Held {
    jwt: String,
    renew_at: f64,
    dies_at: f64,
}

/// Where the token of the wanted user stands.
#[derive(Clone, Debug, Default)]
struct Token {
    held: Option<Held>,
    asked: Option<u32>,
    failures: u32,
    retry_at: Option<f64>,
}

/// The state of the one widget of a page.
#[derive(Clone, Debug)]
pub struct Machine {
    wanted: Option<Identity>,
    live: Option<Identity>,
    // Whether what is stored was made ours; from then on a stranger's mark means another tab.
    claimed: bool,
    permitted: bool,
    script: Script,
    token: Token,
    requests: u32,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            wanted: None,
            live: None,
            claimed: false,
            permitted: false,
            script: Script::Unloaded,
            token: Token::default(),
            requests: 0,
        }
    }
}

impl Machine {
    /// Takes one event in and says what to do.
    pub fn handle(&mut self, event: Event, facts: &Facts) -> Vec<Command> {
        let mut commands = Vec::new();
        let other_tab = event == Event::OwnerChanged;
        match event {
            Event::Wanted(identity) => self.want(identity),
            Event::Permitted => self.permitted = true,
            Event::Script { loaded } => self.script = if loaded { Script::Ready } else { Script::Failed },
            Event::Answered { request, answer } => self.answered(request, answer, facts, &mut commands),
            Event::Woke => self.look_again(),
            Event::Tick | Event::OwnerChanged => {}
        }
        let stranger = facts.stored.is_some() && facts.stored != self.wanted;
        if stranger && self.wanted.is_some() && (other_tab || self.claimed) {
            // Another tab has purged and claimed: what is stored is not ours to touch.
            self.give_up(&mut commands);
            commands.push(Command::Moved);
        }
        self.settle(facts, &mut commands);
        commands
    }

    fn want(&mut self, identity: Option<Identity>) {
        if self.wanted != identity {
            self.wanted = identity;
            self.claimed = false;
            self.token = Token::default();
        }
    }

    fn look_again(&mut self) {
        if self.token.failures > 0 && self.token.asked.is_none() {
            self.token.failures = 0;
            self.token.retry_at = None;
        }
        if self.script == Script::Failed {
            self.script = Script::Unloaded;
        }
    }

    fn answered(&mut self, request: u32, answer: Answer, facts: &Facts, commands: &mut Vec<Command>) {
        if self.token.asked != Some(request) {
            return; // For somebody who is no longer wanted.
        }
        self.token.asked = None;
        match answer {
            Answer::Token { external_id, .. } if self.wanted != Some(Identity::User(external_id.clone())) => {
                let ours = facts.stored == self.wanted;
                self.give_up(commands);
                if ours {
                    commands.push(Command::Purge);
                }
                commands.push(Command::Moved);
            }
            Answer::Token { jwt, life, .. } => {
                // About 80 % of its life, not all pages at once.
                let renew_at = facts.now + life * (0.75 + 0.1 * facts.jitter);
                if self.live == self.wanted {
                    commands.push(Command::Renew { jwt: jwt.clone() });
                }
                let held = Held { jwt, renew_at, dies_at: facts.now + life };
                self.token = Token { held: Some(held), ..Token::default() };
            }
            Answer::SignedOut => self.want(Some(Identity::Anonymous)),
            Answer::Failed => {
                self.token.failures += 1;
                let doubled = FIRST_DELAY * 2f64.powi(self.token.failures as i32 - 1);
                let delay = doubled.min(LONGEST_DELAY) * (0.75 + 0.5 * facts.jitter);
                self.token.retry_at = (self.token.failures < ATTEMPTS).then_some(facts.now + delay);
            }
        }
    }

    /// Somebody else is in charge of this browser now.
    fn give_up(&mut self, commands: &mut Vec<Command>) {
        if self.live.take().is_some() {
            commands.push(Command::Stop);
        }
        self.want(None);
    }

    fn settle(&mut self, facts: &Facts, commands: &mut Vec<Command>) {
        if self.live.is_some() && self.live != self.wanted {
            self.live = None;
            commands.push(Command::Stop);
        }
        let Some(wanted) = self.wanted.clone() else { return };
        if facts.stored.as_ref() != Some(&wanted) {
            commands.push(Command::Purge);
            commands.push(Command::Claim(wanted.clone()));
        }
        self.claimed = true;
        if !self.permitted {
            return;
        }
        if self.script == Script::Unloaded {
            self.script = Script::Loading;
            commands.push(Command::LoadScript);
        }
        if matches!(wanted, Identity::User(_)) {
            self.keep_fresh(facts, commands);
        }
        if self.live.is_none() && self.script == Script::Ready {
            let jwt = match &wanted {
                Identity::Anonymous => Some(String::new()),
                Identity::User(_) => self.living_token(facts.now),
            };
            if let Some(jwt) = jwt {
                self.live = Some(wanted.clone());
                commands.push(Command::Start { identity: wanted, jwt });
            }
        }
        self.next_wake(facts, commands);
    }

    fn living_token(&self, now: f64) -> Option<String> {
        self.token.held.as_ref().filter(|held| now < held.dies_at).map(|held| held.jwt.clone())
    }

    fn keep_fresh(&mut self, facts: &Facts, commands: &mut Vec<Command>) {
        let due = match (&self.token.held, self.token.failures) {
            _ if self.token.asked.is_some() => false,
            (_, 1..) => self.token.retry_at.is_some_and(|at| facts.now >= at),
            (None, 0) => true,
            // Nobody looks at a hidden page: it renews when it is seen again.
            (Some(held), 0) => facts.visible && facts.now >= held.renew_at,
        };
        if due {
            self.requests += 1;
            self.token.asked = Some(self.requests);
            self.token.retry_at = None;
            commands.push(Command::FetchToken { request: self.requests });
        }
    }

    fn next_wake(&self, facts: &Facts, commands: &mut Vec<Command>) {
        let renew_at = self.token.held.as_ref().map(|held| held.renew_at).filter(|_| facts.visible);
        let at = match (self.token.asked, self.token.failures) {
            (Some(_), _) => None,
            (None, 0) => renew_at,
            (None, _) => self.token.retry_at,
        };
        if let Some(at) = at {
            commands.push(Command::WakeAfter((at - facts.now).max(0.0)));
        }
    }
}

#[cfg(test)]
mod tests;
