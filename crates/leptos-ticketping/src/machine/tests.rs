//! The machine against a small model of a browser, a server and other tabs.

use proptest::prelude::*;

use super::{Command, Event, Identity, Machine, Owner, Snapshot, TokenAnswer, token::ATTEMPTS};
use crate::config::Visitors;

const LIFE: f64 = 300_000.0;

fn user(id: &str) -> Identity {
    Identity::User(id.to_owned())
}

fn token(id: &str) -> TokenAnswer {
    TokenAnswer::Token { jwt: format!("jwt-{id}"), external_id: id.to_owned(), life: LIFE }
}

/// A browser that executes every command, and fails the test on one that would leak.
struct World {
    machine: Machine,
    now: f64,
    visible: bool,
    // Who wrote what is stored, and who owns it by the note.
    data: Option<Identity>,
    owner: Option<Identity>,
    // When the note was written, and when this page learned who its user is.
    owner_since: f64,
    user_known_since: f64,
    live: Option<Identity>,
    // A widget that waits for its token.
    waiting: Option<Identity>,
    jwt: String,
    asked: Vec<u32>,
    wake: Option<f64>,
    outdated: bool,
    hidden: bool,
    log: Vec<Command>,
}

impl World {
    fn new() -> Self {
        Self {
            machine: Machine::new(Visitors::Everyone),
            now: 0.0,
            visible: true,
            data: None,
            owner: None,
            owner_since: 0.0,
            user_known_since: 0.0,
            live: None,
            waiting: None,
            jwt: String::new(),
            asked: Vec::new(),
            wake: None,
            outdated: false,
            hidden: false,
            log: Vec::new(),
        }
    }

    fn ready_for(identity: Identity) -> Self {
        let mut world = Self::new();
        world.send(Event::Wanted(Some(identity)));
        world.send(Event::LoadingAllowed);
        world.send(Event::ScriptSettled { loaded: true });
        world
    }

    fn chatting_as(id: &str) -> Self {
        let mut world = Self::ready_for(user(id));
        world.answer(token(id));
        assert_eq!(world.live, Some(user(id)));
        world.log.clear();
        world
    }

    fn send(&mut self, event: Event) {
        let owner = self.owner.clone().map(|identity| Owner { identity, since: self.owner_since });
        let snapshot = Snapshot {
            now: self.now,
            owner,
            user_known_since: self.user_known_since,
            visible: self.visible,
            jitter: 0.5,
        };
        for command in self.machine.handle(event, &snapshot) {
            self.obey(&command);
            self.log.push(command);
        }
    }

    fn obey(&mut self, command: &Command) {
        match command {
            Command::LoadScript => {}
            Command::FetchToken { request } => self.asked.push(*request),
            Command::Purge => self.data = None,
            Command::SetOwner(identity) => {
                self.owner = Some(identity.clone());
                self.owner_since = self.now;
            }
            Command::Start { identity, jwt } => {
                assert_eq!((&self.live, &self.waiting), (&None, &None), "two live widgets");
                assert!(self.data.is_none() || self.data.as_ref() == Some(identity), "another owner's data");
                assert_eq!(self.owner.as_ref(), Some(identity), "started on storage that is not its own");
                self.waiting = Some(identity.clone());
                jwt.iter().for_each(|jwt| self.continue_start(jwt));
            }
            Command::Renew { jwt } => self.continue_start(jwt),
            Command::Stop => {
                assert!(self.live.take().or(self.waiting.take()).is_some(), "stopped a widget that is not there");
            }
            Command::SetTimer(after) => self.wake = Some(self.now + after),
            Command::HidePage => self.hidden = true,
            Command::ShowPage => self.hidden = false,
            Command::ReloadPage => self.outdated = true,
        }
    }

    /// The widget has a token.
    fn continue_start(&mut self, jwt: &str) {
        self.live = self.live.take().or(self.waiting.take());
        assert!(self.live.is_some(), "renewed a widget that is not there");
        assert!(self.owner.is_none() || self.owner == self.live, "goes on with another owner's data");
        jwt.clone_into(&mut self.jwt);
        // From then on it writes.
        self.data.clone_from(&self.live);
    }

    fn answer(&mut self, answer: TokenAnswer) {
        if let Some(request) = self.asked.pop() {
            self.send(Event::TokenAnswered { request, answer });
        }
    }

    fn pass(&mut self, milliseconds: f64) {
        self.now += milliseconds;
        self.send(Event::TimerFired);
    }

    fn starts(&self) -> usize {
        self.log.iter().filter(|command| matches!(command, Command::Start { .. })).count()
    }
}

#[test]
fn a_signed_out_page_starts_anonymously_and_asks_for_no_token() {
    let world = World::ready_for(Identity::Anonymous);
    assert_eq!((world.live, world.jwt.as_str()), (Some(Identity::Anonymous), ""));
    assert!(world.asked.is_empty());
}

#[test]
fn a_signed_in_page_starts_while_the_token_is_on_its_way_and_goes_on_when_it_is_there() {
    let mut world = World::ready_for(user("a"));
    assert_eq!((&world.live, &world.waiting), (&None, &Some(user("a"))));
    world.answer(token("a"));
    assert_eq!((world.live.as_ref(), world.jwt.as_str(), world.starts()), (Some(&user("a")), "jwt-a", 1));
}

#[test]
fn a_widget_whose_token_does_not_come_is_taken_down_until_there_is_one() {
    let mut world = World::ready_for(user("a"));
    world.answer(TokenAnswer::Failed);
    for event in [Event::TimerFired, Event::TryAgain] {
        world.now += 2_000.0;
        world.send(event);
        assert_eq!((world.asked.len(), &world.waiting), (1, &None));
        world.answer(TokenAnswer::Failed);
    }
    world.send(Event::TryAgain);
    world.answer(token("a"));
    assert_eq!((world.starts(), world.live), (2, Some(user("a"))));
}

#[test]
fn a_widget_whose_storage_another_tab_has_just_taken_does_not_go_on() {
    let mut world = World::ready_for(user("a"));
    (world.owner, world.data) = (Some(user("b")), Some(user("b")));
    world.answer(token("a"));
    assert_eq!((world.live, world.waiting, world.data), (None, None, Some(user("b"))));
}

#[test]
fn a_widget_that_fails_before_its_token_comes_is_started_again_once_there_is_a_reason() {
    let mut world = World::ready_for(user("a"));
    world.waiting = None;
    world.send(Event::StartFailed);
    world.answer(token("a"));
    assert_eq!(world.live, None);
    world.send(Event::TryAgain);
    assert_eq!(world.live, Some(user("a")));
}

#[test]
fn a_switch_of_user_while_the_token_is_on_its_way_leaves_one_widget() {
    let mut world = World::ready_for(user("a"));
    world.send(Event::Wanted(Some(user("b"))));
    assert_eq!(world.waiting, Some(user("b")));
    world.answer(token("b"));
    assert_eq!((world.live, world.waiting), (Some(user("b")), None));
}

#[test]
fn a_widget_whose_token_is_nobodys_or_anothers_never_goes_on() {
    for (answer, live) in [(TokenAnswer::SignedOut, Some(Identity::Anonymous)), (token("b"), None)] {
        let mut world = World::ready_for(user("a"));
        world.answer(answer);
        assert_eq!((world.live, world.waiting), (live, None));
        assert_ne!(world.data, Some(user("a")));
    }
}

#[test]
fn what_another_user_left_is_removed_even_when_the_widget_never_loads() {
    let mut world = World::new();
    world.data = Some(user("a"));
    world.owner = Some(user("a"));
    world.send(Event::Wanted(Some(Identity::Anonymous)));
    assert_eq!((world.data, world.owner), (None, Some(Identity::Anonymous)));
    assert_eq!(world.live, None);
}

#[test]
fn what_has_no_known_owner_is_removed() {
    let mut world = World::new();
    world.data = Some(user("a"));
    world.send(Event::Wanted(Some(Identity::Anonymous)));
    assert_eq!(world.data, None);
}

#[test]
fn what_the_same_owner_left_is_kept() {
    let mut world = World::new();
    world.data = Some(user("a"));
    world.owner = Some(user("a"));
    world.send(Event::Wanted(Some(user("a"))));
    assert_eq!(world.data, Some(user("a")));
}

#[test]
fn a_switch_of_user_is_stop_purge_start() {
    let mut world = World::chatting_as("a");
    world.send(Event::Wanted(Some(user("b"))));
    assert_eq!(world.live, None);
    assert_eq!(world.data, None);
    world.answer(token("b"));
    assert_eq!(world.live, Some(user("b")));
    assert_eq!(world.log[..3], [Command::Stop, Command::Purge, Command::SetOwner(user("b"))]);
}

#[test]
fn an_answer_for_the_old_user_that_arrives_late_is_dropped() {
    let mut world = World::ready_for(user("a"));
    let late = world.asked.clone();
    world.send(Event::Wanted(Some(user("b"))));
    world.send(Event::TokenAnswered { request: late[0], answer: token("a") });
    assert_eq!(world.live, None);
    world.answer(token("b"));
    assert_eq!(world.live, Some(user("b")));
}

#[test]
fn two_starts_make_one_widget() {
    let mut world = World::chatting_as("a");
    world.send(Event::LoadingAllowed);
    world.send(Event::Wanted(Some(user("a"))));
    world.send(Event::ScriptSettled { loaded: true });
    assert_eq!(world.starts(), 0);
}

#[test]
fn a_stop_during_a_start_leaves_nothing() {
    let mut world = World::ready_for(user("a"));
    world.send(Event::Wanted(None));
    world.answer(token("a"));
    world.send(Event::ScriptSettled { loaded: true });
    assert_eq!((world.live, world.waiting), (None, None));
}

#[test]
fn a_token_is_renewed_at_about_80_percent_of_its_life_without_a_restart() {
    let mut world = World::chatting_as("a");
    world.pass(LIFE * 0.7);
    assert!(world.asked.is_empty());
    world.pass(LIFE * 0.1);
    assert_eq!(world.asked.len(), 1);
    world.answer(TokenAnswer::Token { jwt: "fresh".into(), external_id: "a".into(), life: LIFE });
    assert_eq!((world.jwt.as_str(), world.starts()), ("fresh", 0));
    let wake = world.wake.expect("the next renewal is planned") - world.now;
    assert!((LIFE * 0.7..LIFE * 0.9).contains(&wake));
}

#[test]
fn a_hidden_page_waits_and_renews_at_once_when_it_is_seen() {
    let mut world = World::chatting_as("a");
    world.visible = false;
    world.pass(LIFE * 12.0);
    assert!(world.asked.is_empty());
    world.visible = true;
    world.send(Event::TryAgain);
    assert_eq!(world.asked.len(), 1);
}

#[test]
fn a_token_that_died_before_the_script_came_is_not_used() {
    let mut world = World::new();
    world.send(Event::Wanted(Some(user("a"))));
    world.send(Event::LoadingAllowed);
    world.answer(token("a"));
    world.now += LIFE * 2.0;
    world.send(Event::ScriptSettled { loaded: true });
    assert_eq!(world.live, None);
    world.answer(token("a"));
    assert_eq!(world.live, Some(user("a")));
}

#[test]
fn a_401_takes_the_widget_down_purges_and_starts_anonymously_without_a_loop() {
    let mut world = World::chatting_as("a");
    world.pass(LIFE * 0.8);
    world.answer(TokenAnswer::SignedOut);
    assert_eq!((world.live.clone(), world.jwt.as_str()), (Some(Identity::Anonymous), ""));
    assert_eq!(world.data, Some(Identity::Anonymous));
    world.send(Event::TryAgain);
    world.pass(LIFE * 10.0);
    assert!(world.asked.is_empty(), "asks again");
}

#[test]
fn failed_requests_back_off_and_a_hidden_page_then_waits_until_it_is_seen() {
    let mut world = World::ready_for(user("a"));
    let mut pauses = Vec::new();
    for _ in 0..ATTEMPTS - 1 {
        world.wake = None;
        world.answer(TokenAnswer::Failed);
        let wake = world.wake.expect("tries again");
        pauses.push(wake - world.now);
        world.pass(wake - world.now);
        assert_eq!(world.asked.len(), 1);
    }
    assert!(pauses.windows(2).all(|pair| pair[0] < pair[1]), "{pauses:?}");
    world.visible = false;
    world.answer(TokenAnswer::Failed);
    world.pass(3_600_000.0);
    world.send(Event::TryAgain);
    assert!(world.asked.is_empty(), "asks although nobody looks");
    world.visible = true;
    world.send(Event::TryAgain);
    world.answer(token("a"));
    assert_eq!(world.live, Some(user("a")));
}

#[test]
fn under_a_chat_that_is_seen_the_endpoint_is_asked_until_it_answers() {
    let mut world = World::chatting_as("a");
    world.pass(LIFE);
    for _ in 0..ATTEMPTS * 10 {
        assert_eq!(world.asked.len(), 1, "gave up");
        world.answer(TokenAnswer::Failed);
        world.pass(60_000.0);
    }
    world.answer(token("a"));
    assert_eq!(world.live, Some(user("a")));
}

#[test]
fn a_widget_that_did_not_start_is_started_again_once_there_is_a_reason() {
    let mut world = World::chatting_as("a");
    world.live = None;
    world.send(Event::StartFailed);
    assert_eq!(world.live, None, "at once, and without end");
    world.send(Event::TryAgain);
    assert_eq!(world.live, Some(user("a")));
}

#[test]
fn a_failed_renewal_leaves_the_open_chat_alone() {
    let mut world = World::chatting_as("a");
    world.pass(LIFE * 0.8);
    world.answer(TokenAnswer::Failed);
    assert_eq!(world.live, Some(user("a")));
    assert!(!world.log.contains(&Command::Stop));
}

#[test]
fn a_token_for_another_user_ends_the_chat_and_asks_for_a_new_page() {
    let mut world = World::chatting_as("a");
    world.pass(LIFE * 0.8);
    world.answer(token("b"));
    assert_eq!((world.live, world.data, world.outdated), (None, None, true));
}

#[test]
fn another_tab_that_switches_ends_this_chat_and_its_data_is_left_alone() {
    let mut world = World::chatting_as("a");
    world.data = Some(user("b"));
    world.owner = Some(user("b"));
    world.send(Event::OwnerChanged);
    assert_eq!((world.live, world.outdated), (None, true));
    assert_eq!((world.data, world.owner), (Some(user("b")), Some(user("b"))));
}

#[test]
fn a_401_that_comes_before_the_note_of_the_next_user_leaves_their_data_alone() {
    let mut world = World::chatting_as("a");
    world.pass(LIFE * 0.8);
    (world.owner, world.data) = (Some(user("b")), Some(user("b")));
    world.answer(TokenAnswer::SignedOut);
    assert_eq!((world.live, world.data, world.owner), (None, Some(user("b")), Some(user("b"))));
    assert!(world.outdated);
}

#[test]
fn an_old_page_that_comes_back_after_a_switch_shows_no_old_chat() {
    let mut world = World::chatting_as("a");
    world.owner = Some(Identity::Anonymous);
    world.send(Event::TryAgain);
    assert_eq!((world.live, world.outdated), (None, true));
}

#[test]
fn a_users_page_that_history_brings_back_is_hidden_until_the_server_says_that_it_is_still_theirs() {
    let mut world = World::chatting_as("a");
    world.send(Event::Restored);
    assert!(world.hidden, "no page may have noted yet that the session has ended");
    world.answer(token("a"));
    assert_eq!((world.hidden, world.outdated, world.live.clone()), (false, false, Some(user("a"))));
    assert!(world.log.contains(&Command::ShowPage));
}

#[test]
fn a_users_page_that_history_brings_back_after_log_out_is_never_shown_and_leaves_nothing() {
    for answer in [TokenAnswer::SignedOut, token("b")] {
        let mut world = World::chatting_as("a");
        world.send(Event::Restored);
        world.answer(answer);
        assert_eq!((world.hidden, world.outdated), (true, true));
        assert_eq!((world.live, world.data), (None, None));
    }
}

#[test]
fn a_users_page_that_history_brings_back_is_loaded_again_where_the_server_does_not_answer() {
    let mut world = World::chatting_as("a");
    world.send(Event::Restored);
    world.answer(TokenAnswer::Failed);
    assert_eq!((world.hidden, world.outdated, world.data), (true, true, Some(user("a"))));
}

#[test]
fn a_page_that_history_brings_back_is_shown_when_its_user_changes() {
    let mut world = World::chatting_as("a");
    world.send(Event::Restored);
    world.send(Event::Wanted(Some(Identity::Anonymous)));
    assert!(!world.hidden);
}

#[test]
fn a_users_page_that_was_made_ahead_is_outdated_if_the_session_has_ended_meanwhile() {
    let mut world = World::new();
    (world.data, world.owner) = (Some(user("a")), Some(user("a")));
    world.send(Event::Wanted(Some(user("a"))));
    world.send(Event::MadeAhead);
    // It is asked at once, before anything is loaded.
    assert_eq!((world.asked.len(), world.hidden), (1, false));
    world.answer(TokenAnswer::SignedOut);
    assert_eq!((world.outdated, world.data, world.live), (true, None, None));
}

#[test]
fn a_page_that_was_made_ahead_asks_until_it_has_an_answer_also_where_nothing_may_be_loaded_yet() {
    let mut world = World::new();
    world.send(Event::Wanted(Some(user("a"))));
    world.send(Event::MadeAhead);
    world.answer(TokenAnswer::Failed);
    assert!(world.asked.is_empty() && !world.outdated);
    world.pass(2_000.0);
    world.answer(TokenAnswer::SignedOut);
    assert!(world.outdated && !world.log.contains(&Command::LoadScript));
}

#[test]
fn a_page_that_was_made_ahead_and_is_older_than_another_owners_note_is_hidden_until_the_server_has_answered() {
    let mut world = World::new();
    (world.data, world.owner, world.owner_since) = (Some(user("b")), Some(user("b")), 100.0);
    world.now = 200.0;
    world.send(Event::Wanted(Some(user("a"))));
    world.send(Event::MadeAhead);
    assert!(world.hidden);
    world.answer(token("b"));
    assert_eq!((world.outdated, world.hidden, world.data), (true, true, Some(user("b"))));
}

#[test]
fn an_anonymous_page_that_was_made_ahead_stays_when_the_server_agrees_with_it() {
    let mut world = from_before_log_in();
    world.send(Event::MadeAhead);
    world.answer(TokenAnswer::SignedOut);
    assert_eq!((world.outdated, world.owner), (false, Some(Identity::Anonymous)));
}

#[test]
fn once_the_server_has_confirmed_a_page_that_was_made_ahead_it_is_like_any_other() {
    let mut world = World::new();
    world.send(Event::Wanted(Some(user("a"))));
    world.send(Event::MadeAhead);
    world.answer(token("a"));
    world.send(Event::LoadingAllowed);
    world.send(Event::ScriptSettled { loaded: true });
    assert_eq!(world.live, Some(user("a")));
    world.pass(LIFE);
    world.answer(TokenAnswer::SignedOut);
    assert_eq!((world.outdated, world.live), (false, Some(Identity::Anonymous)));
}

#[test]
fn an_anonymous_page_that_history_brings_back_is_shown_at_once() {
    let mut world = World::ready_for(Identity::Anonymous);
    world.send(Event::Restored);
    assert!(!world.hidden && world.asked.is_empty());
    assert!(world.log.contains(&Command::ShowPage));
}

#[test]
fn storage_that_was_cleared_under_a_live_widget_is_claimed_again_without_a_restart() {
    let mut world = World::chatting_as("a");
    world.owner = None;
    world.send(Event::OwnerChanged);
    assert_eq!((world.live.clone(), world.owner.clone(), world.starts()), (Some(user("a")), Some(user("a")), 0));
}

#[test]
fn a_script_that_failed_is_loaded_again_only_for_a_reason() {
    let mut world = World::new();
    world.send(Event::Wanted(Some(Identity::Anonymous)));
    world.send(Event::LoadingAllowed);
    world.send(Event::ScriptSettled { loaded: false });
    world.log.clear();
    world.pass(LIFE);
    assert!(!world.log.contains(&Command::LoadScript));
    world.send(Event::TryAgain);
    assert!(world.log.contains(&Command::LoadScript));
}

#[test]
fn nothing_is_loaded_or_asked_for_before_loading_is_allowed() {
    let mut world = World::new();
    world.send(Event::Wanted(Some(user("a"))));
    world.send(Event::TryAgain);
    world.pass(LIFE);
    assert!(!world.log.contains(&Command::LoadScript));
    assert!(world.asked.is_empty());
}

/// A page out of a cache, from before user `a` logged in.
fn from_before_log_in() -> World {
    let mut world = World::new();
    (world.data, world.owner, world.owner_since) = (Some(user("a")), Some(user("a")), 100.0);
    (world.now, world.user_known_since) = (200.0, 0.0);
    world.send(Event::Wanted(Some(Identity::Anonymous)));
    world
}

#[test]
fn a_page_older_than_the_owners_note_asks_the_server_and_leaves_the_users_chat_alone() {
    let mut world = from_before_log_in();
    assert_eq!((world.asked.len(), world.data.clone()), (1, Some(user("a"))));
    world.answer(token("a"));
    assert_eq!((world.data, world.owner, world.outdated), (Some(user("a")), Some(user("a")), true));
    assert_eq!(world.live, None);
}

#[test]
fn a_page_older_than_the_owners_note_purges_once_the_server_agrees_with_it() {
    let mut world = from_before_log_in();
    world.answer(TokenAnswer::SignedOut);
    assert_eq!((world.data, world.owner, world.outdated), (None, Some(Identity::Anonymous), false));
}

#[test]
fn a_page_older_than_the_owners_note_asks_again_while_the_server_is_away() {
    let mut world = from_before_log_in();
    world.send(Event::LoadingAllowed);
    world.send(Event::ScriptSettled { loaded: true });
    world.answer(TokenAnswer::Failed);
    assert_eq!((world.live.clone(), world.data.clone()), (None, Some(user("a"))));
    world.pass(2_000.0);
    world.answer(TokenAnswer::SignedOut);
    assert_eq!((world.live, world.data), (Some(Identity::Anonymous), Some(Identity::Anonymous)));
}

#[test]
fn for_signed_in_users_only_an_anonymous_visitor_loads_nothing_and_finds_nothing() {
    let mut world = World::new();
    world.machine = Machine::new(Visitors::SignedIn);
    (world.data, world.owner) = (Some(user("a")), Some(user("a")));
    world.send(Event::Wanted(Some(Identity::Anonymous)));
    world.send(Event::LoadingAllowed);
    assert_eq!((world.data.clone(), world.owner.clone()), (None, Some(Identity::Anonymous)));
    assert!(!world.log.contains(&Command::LoadScript));
    world.send(Event::Wanted(Some(user("b"))));
    world.send(Event::ScriptSettled { loaded: true });
    world.answer(token("b"));
    assert_eq!(world.live, Some(user("b")));
}

#[derive(Clone, Debug)]
enum Step {
    Want(Option<u8>),
    WantFromCache(u8),
    Allow,
    Script(bool),
    Token(u8),
    SignedOut,
    Failed,
    Pass(f64),
    Hide(bool),
    Resume,
    Restore,
    MadeAhead,
    OtherTab(u8),
    Cleared,
}

fn who(n: u8) -> Identity {
    if n == 0 { Identity::Anonymous } else { user(&n.to_string()) }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => proptest::option::of(0u8..3).prop_map(Step::Want),
        1 => (0u8..3).prop_map(Step::WantFromCache),
        2 => Just(Step::Allow),
        2 => any::<bool>().prop_map(Step::Script),
        4 => (1u8..3).prop_map(Step::Token),
        1 => Just(Step::SignedOut),
        1 => Just(Step::Failed),
        2 => (0.0..2.0 * LIFE).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Hide),
        1 => Just(Step::Resume),
        1 => Just(Step::Restore),
        1 => Just(Step::MadeAhead),
        1 => (0u8..3).prop_map(Step::OtherTab),
        1 => Just(Step::Cleared),
    ];
    proptest::collection::vec(step, 1..60)
}

fn walk(world: &mut World, steps: Vec<Step>) {
    for step in steps {
        match step {
            Step::Want(n) => {
                world.user_known_since = world.now;
                world.send(Event::Wanted(n.map(who)));
            }
            Step::WantFromCache(n) => {
                world.user_known_since = -1.0;
                world.send(Event::Wanted(Some(who(n))));
            }
            Step::Allow => world.send(Event::LoadingAllowed),
            Step::Script(loaded) => world.send(Event::ScriptSettled { loaded }),
            Step::Token(n) => world.answer(token(&n.to_string())),
            Step::SignedOut => world.answer(TokenAnswer::SignedOut),
            Step::Failed => world.answer(TokenAnswer::Failed),
            Step::Pass(time) => world.pass(time),
            Step::Hide(hidden) => world.visible = !hidden,
            Step::Resume => world.send(Event::TryAgain),
            Step::Restore => world.send(Event::Restored),
            Step::MadeAhead => world.send(Event::MadeAhead),
            Step::OtherTab(n) => {
                (world.owner, world.data) = (Some(who(n)), Some(who(n)));
                world.owner_since = world.now;
                world.send(Event::OwnerChanged);
            }
            Step::Cleared => {
                (world.owner, world.data) = (None, None);
                world.send(Event::OwnerChanged);
            }
        }
        // The hooks keep a widget from its storage while the note names another owner.
        if let (Some(live), Some(owner)) = (world.live.as_ref().or(world.waiting.as_ref()), &world.owner) {
            assert_eq!(live, owner, "a live widget with another owner's data");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    // `World::obey` fails by itself on two live widgets and on another owner's data.
    #[test]
    fn any_order_of_events_ends_at_rest_with_the_last_user_who_was_wanted(before in steps(), last in 0u8..3) {
        let mut world = World::new();
        walk(&mut world, before);
        let wanted = who(last);
        world.visible = true;
        world.user_known_since = world.now;
        world.send(Event::Wanted(Some(wanted.clone())));
        // Another tab may have spoken before; then this one is told again what is wanted.
        world.send(Event::Wanted(Some(wanted.clone())));
        world.send(Event::LoadingAllowed);
        world.send(Event::ScriptSettled { loaded: true });
        if let Identity::User(id) = &wanted {
            for _ in 0..3 {
                world.send(Event::TryAgain);
                world.answer(token(id));
            }
        }
        prop_assert_eq!(&world.live, &Some(wanted));
        prop_assert!(!world.hidden);
        let settled = world.log.len();
        world.send(Event::TryAgain);
        prop_assert!(!world.log[settled..].iter().any(|command| !matches!(command, Command::SetTimer(_))));
    }
}
