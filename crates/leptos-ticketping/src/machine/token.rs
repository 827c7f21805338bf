//! The token of the wanted user: when to ask for it, when to renew it, how to go on after a failure.

use super::protocol::{Command, Snapshot};

/// How often in a row the endpoint may fail before a hidden page waits until it is seen.
pub const ATTEMPTS: u32 = 6;
/// Milliseconds before the second attempt; doubled each time.
const FIRST_DELAY: f64 = 1_000.0;
/// The longest pause between two attempts, in milliseconds.
const LONGEST_DELAY: f64 = 30_000.0;

#[derive(Clone, Debug)]
struct Jwt {
    text: String,
    renew_at: f64,
    expires_at: f64,
}

#[derive(Clone, Debug, Default)]
pub struct Token {
    current: Option<Jwt>,
    // The number of the request under way.
    awaited: Option<u32>,
    failures: u32,
    // Whether the endpoint has failed since there was a token. A reason to try again does not change that.
    has_failed: bool,
    retry_at: Option<f64>,
    requests: u32,
}

impl Token {
    /// Forgets it. Requests keep counting: a late answer must not be taken for a new one.
    pub fn reset(&mut self) {
        *self = Self { requests: self.requests, ..Self::default() };
    }

    pub fn is_awaited(&self, request: u32) -> bool {
        self.awaited == Some(request)
    }

    /// Whether there has been one.
    pub fn has_come(&self) -> bool {
        self.current.is_some()
    }

    /// Whether the first is being asked for, and the endpoint has not failed yet.
    pub fn is_on_its_way(&self) -> bool {
        self.awaited.is_some() && !self.has_come() && !self.has_failed
    }

    pub fn received(&mut self, jwt: String, life: f64, snapshot: &Snapshot) {
        // At about 80 % of its life, and not in all pages at once.
        let renew_at = snapshot.now + life * (0.75 + 0.1 * snapshot.jitter);
        self.reset();
        self.current = Some(Jwt { text: jwt, renew_at, expires_at: snapshot.now + life });
    }

    pub fn failed(&mut self, snapshot: &Snapshot) {
        self.awaited = None;
        self.failures += 1;
        self.has_failed = true;
        let doubled = FIRST_DELAY * 2f64.powi(self.failures.min(ATTEMPTS) as i32 - 1);
        let delay = doubled.min(LONGEST_DELAY) * (0.75 + 0.5 * snapshot.jitter);
        self.retry_at = Some(snapshot.now + delay);
    }

    pub fn retry_now(&mut self) {
        if self.failures > 0 && self.awaited.is_none() {
            self.failures = 0;
            self.retry_at = None;
        }
    }

    pub fn valid_text(&self, now: f64) -> Option<String> {
        self.current.as_ref().filter(|jwt| now < jwt.expires_at).map(|jwt| jwt.text.clone())
    }

    pub fn ask_if_due(&mut self, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let due = match (&self.current, self.failures) {
            _ if self.awaited.is_some() => false,
            (_, 1..) => self.retry_due_at(snapshot).is_some_and(|at| snapshot.now >= at),
            (None, 0) => true,
            // A hidden page renews when it is seen again.
            (Some(jwt), 0) => snapshot.visible && snapshot.now >= jwt.renew_at,
        };
        if due {
            self.ask_now(commands);
        }
    }

    /// An answer to an earlier request is no longer of use.
    pub fn ask_now(&mut self, commands: &mut Vec<Command>) {
        self.requests += 1;
        self.awaited = Some(self.requests);
        self.retry_at = None;
        commands.push(Command::FetchToken { request: self.requests });
    }

    /// When to ask again after a failure. Under an open chat that is seen, a token must not stay stale.
    fn retry_due_at(&self, snapshot: &Snapshot) -> Option<f64> {
        self.retry_at.filter(|_| self.failures < ATTEMPTS || snapshot.visible)
    }

    /// Plans the next renewal or attempt.
    pub fn set_timer(&self, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let renew_at = self.current.as_ref().map(|jwt| jwt.renew_at).filter(|_| snapshot.visible);
        let at = match (self.awaited, self.failures) {
            (Some(_), _) => None,
            (None, 0) => renew_at,
            (None, _) => self.retry_due_at(snapshot),
        };
        if let Some(at) = at {
            commands.push(Command::SetTimer((at - snapshot.now).max(0.0)));
        }
    }
}
