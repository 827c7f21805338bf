//! The machine itself.

use super::{
    protocol::{Command, Event, Identity, Owner, Snapshot, TokenAnswer},
    token::Token,
};
use crate::config::Visitors;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Script {
    Unloaded,
    Loading,
    Ready,
    Failed,
}

/// What is wanted and what is, for the one widget of a page. After every event it compares the two.
#[derive(Clone, Debug)]
pub struct Machine {
    visitors: Visitors,
    // Whose chat the page wants; no chat if none.
    wanted: Option<Identity>,
    // Whose widget is on the page.
    live: Option<Identity>,
    // Whether the owner's note has named the wanted identity, written by this page or found. From then on another owner means
    // that another tab took over.
    owns_storage: bool,
    // Whether the server said that the wanted user is the session's.
    confirmed: bool,
    // Whether the page is hidden until the server says whose session it is.
    hides_page: bool,
    // Whether the page was made ahead, and the server has not said yet that it is still the session's.
    was_made_ahead: bool,
    loading_allowed: bool,
    script: Script,
    // Until there is a reason to try again.
    start_failed: bool,
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
            hides_page: false,
            was_made_ahead: false,
            loading_allowed: false,
            script: Script::Unloaded,
            start_failed: false,
            token: Token::default(),
        }
    }

    /// Takes one event and says what to do.
    pub fn handle(&mut self, event: Event, snapshot: &Snapshot) -> Vec<Command> {
        let mut commands = Vec::new();
        let from_another_tab = event == Event::OwnerChanged;
        let restored = event == Event::Restored;
        let made_ahead = event == Event::MadeAhead;
        match event {
            Event::Wanted(identity) => {
                self.want(identity);
                self.show_page(&mut commands);
            }
            Event::LoadingAllowed => self.loading_allowed = true,
            Event::ScriptSettled { loaded } => self.script = if loaded { Script::Ready } else { Script::Failed },
            Event::TokenAnswered { request, answer } if self.token.is_awaited(request) => {
                self.token_answered(answer, snapshot, &mut commands);
            }
            // For a user who is no longer wanted.
            Event::TokenAnswered { .. } => {}
            Event::StartFailed => {
                self.live = None;
                self.start_failed = true;
            }
            // It becomes visible later.
            Event::TryAgain if !snapshot.visible => {}
            Event::TryAgain | Event::Restored => self.retry_what_failed(),
            Event::MadeAhead => self.was_made_ahead = matches!(self.wanted, Some(Identity::User(_))),
            Event::TimerFired | Event::OwnerChanged => {}
        }
        let owned_by_another = self.is_owned_by_another(snapshot);
        // It came out of history, or was made ahead before another user's note was written.
        let may_be_anothers = restored || (made_ahead && owned_by_another && self.may_be_outdated(snapshot));
        if owned_by_another && self.wanted.is_some() && (from_another_tab || self.owns_storage) {
            // Another tab has purged and written its own note: its data is left alone.
            self.reload(&mut commands);
        } else if may_be_anothers && matches!(self.wanted, Some(Identity::User(_))) {
            // The session may have ended since, before any page could note it: only the server knows.
            self.confirmed = false;
            self.hides_page = true;
            commands.push(Command::HidePage);
            self.token.ask_now(&mut commands);
        } else if restored && self.live.is_some() {
            commands.push(Command::ShowPage);
        }
        self.reconcile(snapshot, &mut commands);
        commands
    }

    /// Whether the chat of this identity is wanted.
    pub fn wants(&self, identity: &Identity) -> bool {
        self.wanted.as_ref() == Some(identity)
    }

    /// Whether the answer to this request is still of use.
    pub fn awaits(&self, request: u32) -> bool {
        self.token.is_awaited(request)
    }

    fn want(&mut self, identity: Option<Identity>) {
        if self.wanted != identity {
            self.wanted = identity;
            self.owns_storage = false;
            self.confirmed = false;
            self.was_made_ahead = false;
            self.start_failed = false;
            self.token.reset();
        }
    }

    fn retry_what_failed(&mut self) {
        self.start_failed = false;
        self.token.retry_now();
        if self.script == Script::Failed {
            self.script = Script::Unloaded;
        }
    }

    fn token_answered(&mut self, answer: TokenAnswer, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        match answer {
            TokenAnswer::Token { external_id, .. } if self.wanted != Some(Identity::User(external_id.clone())) => {
                self.leave_to_next_page(snapshot, commands);
            }
            TokenAnswer::Token { jwt, life, .. } => {
                if self.live == self.wanted && !self.is_owned_by_another(snapshot) {
                    commands.push(Command::Renew { jwt: jwt.clone() });
                }
                self.token.received(jwt, life, snapshot);
                self.confirmed = true;
                self.was_made_ahead = false;
                self.show_page(commands);
            }
            TokenAnswer::SignedOut
                if self.hides_page
                    || self.was_made_ahead
                    // Another user may have logged in since, in a tab whose note has not been heard of yet.
                    || (self.owns_storage && self.is_owned_by_another(snapshot)) =>
            {
                self.leave_to_next_page(snapshot, commands);
            }
            TokenAnswer::SignedOut => {
                self.want(Some(Identity::Anonymous));
                // Also where nobody was wanted already.
                self.token.reset();
                self.confirmed = true;
            }
            TokenAnswer::Failed if self.hides_page => {
                // It may still be this user's, so nothing is removed.
                self.reload(commands);
            }
            TokenAnswer::Failed => {
                if matches!(self.live, Some(Identity::User(_))) && !self.token.has_come() {
                    // It has waited for the token.
                    self.stop(commands);
                }
                self.token.failed(snapshot);
            }
        }
    }

    /// Stops and removes what this page's user left: the page that comes is the session's.
    fn leave_to_next_page(&mut self, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let ours = snapshot.owned_by() == self.wanted.as_ref();
        self.stop(commands);
        if ours {
            commands.push(Command::Purge);
        }
        self.reload(commands);
    }

    fn show_page(&mut self, commands: &mut Vec<Command>) {
        if std::mem::take(&mut self.hides_page) {
            commands.push(Command::ShowPage);
        }
    }

    /// Stops and wants nobody's chat: the page that comes decides whose it is.
    fn reload(&mut self, commands: &mut Vec<Command>) {
        self.stop(commands);
        self.want(None);
        commands.push(Command::ReloadPage);
    }

    fn stop(&mut self, commands: &mut Vec<Command>) {
        if self.live.take().is_some() {
            commands.push(Command::Stop);
        }
    }

    fn reconcile(&mut self, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        if self.live != self.wanted {
            self.stop(commands);
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
            if self.was_made_ahead {
                self.token.ask_if_due(snapshot, commands);
                self.token.set_timer(snapshot, commands);
            }
            return;
        }
        if self.script == Script::Unloaded {
            self.script = Script::Loading;
            commands.push(Command::LoadScript);
        }
        if matches!(wanted, Identity::User(_)) {
            self.token.ask_if_due(snapshot, commands);
        }
        if self.live.is_none() && self.script == Script::Ready && !self.start_failed {
            let jwt = match &wanted {
                Identity::Anonymous => Some(String::new()),
                Identity::User(_) => self.token.valid_text(snapshot.now),
            };
            // The widget's first step, asking for the team's settings, needs no token: both are fetched at once.
            if jwt.is_some() || self.token.is_on_its_way() {
                self.live = Some(wanted.clone());
                commands.push(Command::Start { identity: wanted, jwt });
            }
        }
        self.token.set_timer(snapshot, commands);
    }

    fn is_owned_by_another(&self, snapshot: &Snapshot) -> bool {
        snapshot.owner.is_some() && snapshot.owned_by() != self.wanted.as_ref()
    }

    fn may_be_outdated(&self, snapshot: &Snapshot) -> bool {
        let younger = |owner: &Owner| owner.since > snapshot.user_known_since;
        !self.confirmed && snapshot.owner.as_ref().is_some_and(younger)
    }
}
