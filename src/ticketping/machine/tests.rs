//! The machine against a small model of a browser, a server and other tabs.

use proptest::prelude::*;

use super::{ATTEMPTS, Answer, Command, Event, Facts, Identity, Machine};

const LIFE: f64 = 300_000.0;

fn user(id: &str) -> Identity {
    Identity::User(id.to_owned())
}

fn token(id: &str) -> Answer {
    Answer::Token { jwt: format!("jwt-{id}"), external_id: id.to_owned(), life: LIFE }
}

/// A browser that does what it is told, and notices when it is told something terrible.
struct World {
    machine: Machine,
    now: f64,
    visible: bool,
    // Who wrote what is stored, and what the mark says.
    data: Option<Identity>,
    mark: Option<Identity>,
    live: Option<Identity>,
    jwt: String,
    asked: Vec<u32>,
    wake: Option<f64>,
    moved: bool,
    log: Vec<Command>,
}

impl World {
    fn new() -> Self {
        Self {
            machine: Machine::default(),
            now: 0.0,
            visible: true,
            data: None,
            mark: None,
            live: None,
            jwt: String::new(),
            asked: Vec::new(),
            wake: None,
            moved: false,
            log: Vec::new(),
        }
    }

    fn ready_for(identity: Identity) -> Self {
        let mut world = Self::new();
        world.send(Event::Wanted(Some(identity)));
        world.send(Event::Permitted);
        world.send(Event::Script { loaded: true });
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
        let facts = Facts { now: self.now, stored: self.mark.clone(), visible: self.visible, jitter: 0.5 };
        for command in self.machine.handle(event, &facts) {
            self.obey(&command);
            self.log.push(command);
        }
    }

    fn obey(&mut self, command: &Command) {
        match command {
            Command::LoadScript => {}
            Command::FetchToken { request } => self.asked.push(*request),
            Command::Purge => self.data = None,
            Command::Claim(identity) => self.mark = Some(identity.clone()),
            Command::Start { identity, jwt } => {
                assert_eq!(self.live, None, "two live widgets");
                assert!(self.data.is_none() || self.data.as_ref() == Some(identity), "another owner's data");
                assert_eq!(self.mark.as_ref(), Some(identity), "started on storage that is not its own");
                self.live = Some(identity.clone());
                self.jwt.clone_from(jwt);
                // A live widget writes from its first moment on.
                self.data = Some(identity.clone());
            }
            Command::Renew { jwt } => {
                assert!(self.live.is_some(), "renewed a widget that is not there");
                self.jwt.clone_from(jwt);
            }
            Command::Stop => assert!(self.live.take().is_some(), "stopped a widget that is not there"),
            Command::WakeAfter(after) => self.wake = Some(self.now + after),
            Command::Moved => self.moved = true,
        }
    }

    fn answer(&mut self, answer: Answer) {
        if let Some(request) = self.asked.pop() {
            self.send(Event::Answered { request, answer });
        }
    }

    fn pass(&mut self, milliseconds: f64) {
        self.now += milliseconds;
        self.send(Event::Tick);
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
fn a_signed_in_page_starts_once_it_has_the_token() {
    let mut world = World::ready_for(user("a"));
    assert_eq!(world.live, None);
    world.answer(token("a"));
    assert_eq!((world.live, world.jwt.as_str()), (Some(user("a")), "jwt-a"));
}

#[test]
fn what_somebody_else_left_is_removed_even_when_the_widget_never_loads() {
    let mut world = World::new();
    world.data = Some(user("a"));
    world.mark = Some(user("a"));
    world.send(Event::Wanted(Some(Identity::Anonymous)));
    assert_eq!((world.data, world.mark), (None, Some(Identity::Anonymous)));
    assert_eq!(world.live, None);
}

#[test]
fn what_nobody_is_known_to_own_is_removed() {
    let mut world = World::new();
    world.data = Some(user("a"));
    world.send(Event::Wanted(Some(Identity::Anonymous)));
    assert_eq!(world.data, None);
}

#[test]
fn what_the_same_owner_left_is_kept() {
    let mut world = World::new();
    world.data = Some(user("a"));
    world.mark = Some(user("a"));
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
    assert_eq!(world.log[..3], [Command::Stop, Command::Purge, Command::Claim(user("b"))]);
}

#[test]
fn an_answer_for_the_old_user_that_arrives_late_is_dropped() {
    let mut world = World::ready_for(user("a"));
    let late = world.asked.clone();
    world.send(Event::Wanted(Some(user("b"))));
    world.send(Event::Answered { request: late[0], answer: token("a") });
    assert_eq!(world.live, None);
    world.answer(token("b"));
    assert_eq!(world.live, Some(user("b")));
}

#[test]
fn two_starts_make_one_widget() {
    let mut world = World::chatting_as("a");
    world.send(Event::Permitted);
    world.send(Event::Wanted(Some(user("a"))));
    world.send(Event::Script { loaded: true });
    assert_eq!(world.starts(), 0);
}

#[test]
fn a_stop_during_a_start_leaves_nothing() {
    let mut world = World::ready_for(user("a"));
    world.send(Event::Wanted(None));
    world.answer(token("a"));
    world.send(Event::Script { loaded: true });
    assert_eq!((world.live.as_ref(), world.starts()), (None, 0));
}

#[test]
fn a_token_is_renewed_at_about_80_percent_of_its_life_without_a_restart() {
    let mut world = World::chatting_as("a");
    world.pass(LIFE * 0.7);
    assert!(world.asked.is_empty());
    world.pass(LIFE * 0.1);
    assert_eq!(world.asked.len(), 1);
    world.answer(Answer::Token { jwt: "fresh".into(), external_id: "a".into(), life: LIFE });
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
    world.send(Event::Woke);
    assert_eq!(world.asked.len(), 1);
}

#[test]
fn a_token_that_died_before_the_script_came_is_not_used() {
    let mut world = World::new();
    world.send(Event::Wanted(Some(user("a"))));
    world.send(Event::Permitted);
    world.answer(token("a"));
    world.now += LIFE * 2.0;
    world.send(Event::Script { loaded: true });
    assert_eq!(world.live, None);
    world.answer(token("a"));
    assert_eq!(world.live, Some(user("a")));
}

#[test]
fn a_401_takes_the_widget_down_purges_and_starts_anonymously_without_a_loop() {
    let mut world = World::chatting_as("a");
    world.pass(LIFE * 0.8);
    world.answer(Answer::SignedOut);
    assert_eq!((world.live.clone(), world.jwt.as_str()), (Some(Identity::Anonymous), ""));
    assert_eq!(world.data, Some(Identity::Anonymous));
    world.send(Event::Woke);
    world.pass(LIFE * 10.0);
    assert!(world.asked.is_empty(), "asks again");
}

#[test]
fn failures_back_off_and_then_wait_for_a_reason() {
    let mut world = World::ready_for(user("a"));
    let mut pauses = Vec::new();
    for _ in 0..ATTEMPTS - 1 {
        world.wake = None;
        world.answer(Answer::Failed);
        let wake = world.wake.expect("tries again");
        pauses.push(wake - world.now);
        world.pass(wake - world.now);
        assert_eq!(world.asked.len(), 1);
    }
    assert!(pauses.windows(2).all(|pair| pair[0] < pair[1]), "{pauses:?}");
    world.answer(Answer::Failed);
    world.pass(3_600_000.0);
    assert!(world.asked.is_empty(), "gave up until there is a reason");
    world.send(Event::Woke);
    world.answer(token("a"));
    assert_eq!(world.live, Some(user("a")));
}

#[test]
fn a_failed_renewal_leaves_the_open_chat_alone() {
    let mut world = World::chatting_as("a");
    world.pass(LIFE * 0.8);
    world.answer(Answer::Failed);
    assert_eq!(world.live, Some(user("a")));
    assert!(!world.log.contains(&Command::Stop));
}

#[test]
fn a_token_for_somebody_else_ends_the_chat_and_asks_for_a_new_page() {
    let mut world = World::chatting_as("a");
    world.pass(LIFE * 0.8);
    world.answer(token("b"));
    assert_eq!((world.live, world.data, world.moved), (None, None, true));
}

#[test]
fn another_tab_that_switches_ends_this_chat_and_its_data_is_left_alone() {
    let mut world = World::chatting_as("a");
    world.data = Some(user("b"));
    world.mark = Some(user("b"));
    world.send(Event::OwnerChanged);
    assert_eq!((world.live, world.moved), (None, true));
    assert_eq!((world.data, world.mark), (Some(user("b")), Some(user("b"))));
}

#[test]
fn an_old_page_that_comes_back_after_a_switch_shows_no_old_chat() {
    let mut world = World::chatting_as("a");
    world.mark = Some(Identity::Anonymous);
    world.send(Event::Woke);
    assert_eq!((world.live, world.moved), (None, true));
}

#[test]
fn storage_that_was_cleared_under_a_live_widget_is_claimed_again_without_a_restart() {
    let mut world = World::chatting_as("a");
    world.mark = None;
    world.send(Event::OwnerChanged);
    assert_eq!((world.live.clone(), world.mark.clone(), world.starts()), (Some(user("a")), Some(user("a")), 0));
}

#[test]
fn a_script_that_failed_is_tried_again_only_for_a_reason() {
    let mut world = World::new();
    world.send(Event::Wanted(Some(Identity::Anonymous)));
    world.send(Event::Permitted);
    world.send(Event::Script { loaded: false });
    world.log.clear();
    world.pass(LIFE);
    assert!(!world.log.contains(&Command::LoadScript));
    world.send(Event::Woke);
    assert!(world.log.contains(&Command::LoadScript));
}

#[test]
fn nothing_is_loaded_or_asked_before_it_is_permitted() {
    let mut world = World::new();
    world.send(Event::Wanted(Some(user("a"))));
    world.send(Event::Woke);
    world.pass(LIFE);
    assert!(!world.log.contains(&Command::LoadScript));
    assert!(world.asked.is_empty());
}

#[derive(Clone, Debug)]
enum Step {
    Want(Option<u8>),
    Permit,
    Script(bool),
    Token(u8),
    SignedOut,
    Failed,
    Pass(f64),
    Hide(bool),
    Woke,
    OtherTab(u8),
    Cleared,
}

fn who(n: u8) -> Identity {
    if n == 0 { Identity::Anonymous } else { user(&n.to_string()) }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => proptest::option::of(0u8..3).prop_map(Step::Want),
        2 => Just(Step::Permit),
        2 => any::<bool>().prop_map(Step::Script),
        4 => (1u8..3).prop_map(Step::Token),
        1 => Just(Step::SignedOut),
        1 => Just(Step::Failed),
        2 => (0.0..2.0 * LIFE).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Hide),
        1 => Just(Step::Woke),
        1 => (0u8..3).prop_map(Step::OtherTab),
        1 => Just(Step::Cleared),
    ];
    proptest::collection::vec(step, 1..60)
}

fn walk(world: &mut World, steps: Vec<Step>) {
    for step in steps {
        match step {
            Step::Want(n) => world.send(Event::Wanted(n.map(who))),
            Step::Permit => world.send(Event::Permitted),
            Step::Script(loaded) => world.send(Event::Script { loaded }),
            Step::Token(n) => world.answer(token(&n.to_string())),
            Step::SignedOut => world.answer(Answer::SignedOut),
            Step::Failed => world.answer(Answer::Failed),
            Step::Pass(time) => world.pass(time),
            Step::Hide(hidden) => world.visible = !hidden,
            Step::Woke => world.send(Event::Woke),
            Step::OtherTab(n) => {
                (world.mark, world.data) = (Some(who(n)), Some(who(n)));
                world.send(Event::OwnerChanged);
            }
            Step::Cleared => {
                (world.mark, world.data) = (None, None);
                world.send(Event::OwnerChanged);
            }
        }
        // The shell's guards keep a widget from writing over a mark that is not its own.
        if let (Some(live), Some(mark)) = (&world.live, &world.mark) {
            assert_eq!(live, mark, "a live widget with another owner's data");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    // `World::obey` itself fails on two live widgets and on another owner's data.
    #[test]
    fn any_order_of_events_ends_at_rest_in_the_last_wish(before in steps(), last in 0u8..3) {
        let mut world = World::new();
        walk(&mut world, before);
        let wish = who(last);
        world.visible = true;
        world.send(Event::Wanted(Some(wish.clone())));
        // Another tab may have spoken before; then this one is told again what is wanted.
        world.send(Event::Wanted(Some(wish.clone())));
        world.send(Event::Permitted);
        world.send(Event::Script { loaded: true });
        if let Identity::User(id) = &wish {
            for _ in 0..3 {
                world.send(Event::Woke);
                world.answer(token(id));
            }
        }
        prop_assert_eq!(&world.live, &Some(wish));
        let settled = world.log.len();
        world.send(Event::Woke);
        prop_assert!(!world.log[settled..].iter().any(|command| !matches!(command, Command::WakeAfter(_))));
    }
}
