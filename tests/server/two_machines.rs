//! Two copies of the binary on one PostgreSQL, behind nginx: `scripts/postgres.sh cargo test --test server two_machines --
//! --ignored --test-threads 1`.

use std::{
    fs,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use crate::support::{
    Answer, Balancer, Client, Database, PASSWORD, SECRET, Server, run, send_bytes, text, under_load, until,
};
use ::http::StatusCode;

const NEEDS: &str = "needs PostgreSQL, which scripts/postgres.sh starts";
/// What another machine changed is noticed within this time, as the database tells it. By its age alone, it would be in
/// memory for four seconds.
const NOTICED: Duration = Duration::from_secs(1);

/// Cuts every connection to this database but the one that says so.
const CUT_CONNECTIONS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                               WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// A trigger's function that cuts the connection that fires it.
const CUT_FUNCTION: &str = "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS \
                            $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$";

/// A database of its own.
pub fn new_database() -> String {
    let server = std::env::var("POSTGRES_URL").unwrap_or_else(|_| panic!("{NEEDS}"));
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    Database::open(&server).execute(&format!("CREATE DATABASE {name}"));
    server.replace("/postgres", &format!("/{name}"))
}

/// Each machine sends the mails of all.
static MAIL_URL: LazyLock<String> =
    LazyLock::new(|| format!("file://{}/ticketping-mail-{}", std::env::temp_dir().display(), std::process::id()));

pub fn settings(database: &str) -> [(&str, &str); 5] {
    [
        ("MAIL_URL", &MAIL_URL),
        ("DATABASE_URL", database),
        ("TICKETPING_APP_ID", "app"),
        ("TICKETPING_TEAM_SLUG", "team"),
        ("TICKETPING_JWT_SECRET", SECRET),
    ]
}

pub fn machine(database: &str) -> Server {
    Server::start(&settings(database))
}

/// Stops a machine and starts another version of it at its address, with some load before, between and after.
pub fn replace(machine: &mut Server, database: &str, version: fn(Command) -> Command, more: &dyn Fn(usize)) {
    more(100);
    machine.terminate();
    assert_eq!(machine.process.wait().unwrap().code(), Some(0));
    more(100);
    let address = machine.address.clone();
    let mut at_address = settings(database).to_vec();
    at_address.push(("LEPTOS_SITE_ADDR", &address));
    *machine = Server::spawn_with(&at_address, version);
    machine.address = address;
    machine.wait_for("serving");
    until("the machine's return", || machine.is_ready());
    more(100);
}

fn pair() -> (String, Server, Server) {
    let database = new_database();
    let (one, other) = (machine(&database), machine(&database));
    (database, one, other)
}

/// The same user's token, by another machine.
fn token(client: &Client, server: &Server) -> StatusCode {
    client.copy_to(&server.address).token().status
}

const OK: StatusCode = StatusCode::OK;
const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;
const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

#[test]
#[ignore = "needs PostgreSQL"]
fn a_user_who_logs_in_through_one_chats_through_the_other_and_is_out_of_both_at_once() {
    let (_database, one, other) = pair();
    let alice = one.signed_up("alice@example.com");
    let kept = alice.copy();
    assert_eq!((token(&kept, &one), token(&kept, &other)), (OK, OK));
    alice.log_out();
    assert_eq!(token(&kept, &one), UNAUTHORIZED, "not at once on the machine itself");
    let took = until("the log-out", || token(&kept, &other) == UNAUTHORIZED);
    assert!(took < NOTICED, "{took:?}");
}

#[test]
#[ignore = "needs PostgreSQL"]
fn a_new_email_and_a_new_password_count_on_the_other_machine_at_once() {
    let (_database, one, other) = pair();
    let alice = one.signed_up("alice@example.com");
    let elsewhere = other.client();
    elsewhere.log_in("alice@example.com");
    let shows = |server: &Server, email: &str| alice.copy_to(&server.address).get("/account").body.contains(email);
    assert!(shows(&other, "alice@example.com") && token(&elsewhere, &other) == OK);
    let fields = [("email", "new@example.com"), ("current", PASSWORD)];
    let mail = alice.mail_after("/api/auth/change-email", &fields, "new@example.com");
    alice.post("/api/auth/confirm-email", &[("token", &mail.token())]);
    assert!(shows(&one, "new@example.com"), "not at once on the machine itself");
    assert!(until("the email", || shows(&other, "new@example.com")) < NOTICED);
    // Both machines have just used the other session, so that both have it in memory.
    assert_eq!((token(&elsewhere, &one), token(&elsewhere, &other)), (OK, OK));
    alice.post("/api/auth/change-password", &[("current", PASSWORD), ("password", "another good password")]);
    assert_eq!(token(&elsewhere, &one), UNAUTHORIZED, "not at once on the machine itself");
    assert!(until("the password", || token(&elsewhere, &other) == UNAUTHORIZED) < NOTICED);
}

#[test]
#[ignore = "needs PostgreSQL"]
fn of_two_machines_that_share_the_outbox_one_sends_each_mail() {
    let (database, one, other) = pair();
    let addresses: Vec<String> = (0..50).map(|n| format!("shared{n}@example.com")).collect();
    for (n, email) in addresses.iter().enumerate() {
        let machine = [&one, &other][n % 2];
        assert_eq!(machine.client().post("/api/auth/sign-up", &[("email", email)]).location(), "/check-mail");
    }
    let waiting = || Database::open(&database).query::<i64>("SELECT count(*) FROM outbox")[0];
    until("the last mail", || waiting() == 0);
    for email in &addresses {
        assert_eq!(one.mailbox.to(email).len(), 1, "{email}");
    }
}

#[test]
#[ignore = "needs PostgreSQL"]
fn a_session_that_is_ended_on_one_machine_is_out_of_the_other_at_once() {
    let (_database, one, other) = pair();
    let alice = one.signed_up("alice@example.com");
    let elsewhere = other.client();
    elsewhere.log_in("alice@example.com");
    assert_eq!((token(&elsewhere, &one), token(&elsewhere, &other)), (OK, OK));
    alice.post("/api/auth/end-sessions", &[]);
    assert_eq!(token(&elsewhere, &one), UNAUTHORIZED, "not at once on the machine itself");
    assert!(until("the end", || token(&elsewhere, &other) == UNAUTHORIZED) < NOTICED);
    assert_eq!(token(&alice, &one), OK);
}

#[test]
#[ignore = "needs PostgreSQL"]
fn one_machine_is_killed_under_load_and_nobody_notices() {
    let (_database, one, other) = pair();
    let alice = one.signed_up("alice@example.com");
    let balancer = Balancer::before(&[&one.address, &other.address]);
    // nginx asks the other machine what this one was answering, but posts no form twice.
    let in_flight = |is_form: bool, answer: &Answer| is_form && answer.status == StatusCode::BAD_GATEWAY;
    let outcome = under_load(&balancer, &alice, in_flight, |more| {
        more(200);
        Command::new("kill").args(["-KILL", &one.process.id().to_string()]).status().unwrap();
        more(200);
    });
    assert_eq!(outcome.failed, [] as [String; 0]);
    // One form is under way at a time, and one may meet a connection of which nginx has not yet seen the end.
    assert!(outcome.excused <= 2, "{}", outcome.excused);
}

#[test]
#[ignore = "needs PostgreSQL"]
fn a_rolling_restart_under_load_fails_no_request() {
    let (database, mut one, mut other) = pair();
    let alice = one.signed_up("alice@example.com");
    let balancer = Balancer::before(&[&one.address, &other.address]);
    let outcome = under_load(
        &balancer,
        &alice,
        |_, _| false,
        |more| {
            for machine in [&mut one, &mut other] {
                replace(machine, &database, |same| same, more);
            }
        },
    );
    assert_eq!(outcome.failed, [] as [String; 0]);
}

/// Something that gives every request the same answer: its address, and how often it was asked.
fn always(answer: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut head = BufReader::new(connection.try_clone().unwrap()).lines();
            let _gone = head.find(|line| line.as_ref().map_or(true, String::is_empty));
            counted.fetch_add(1, Ordering::Relaxed);
            let _gone = write!(connection, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    (address, asked)
}

#[test]
#[ignore = "needs nginx"]
fn a_file_that_only_one_of_two_versions_has_is_found_whichever_machine_is_asked() {
    let (newer, _) = always("200 OK");
    let (older, asked) = always("404 Not Found");
    let balancer = Balancer::before(&[&newer, &older]);
    for _ in 0..10 {
        let answer = send_bytes(&balancer.address, "GET /assets/new/app.css HTTP/1.0\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert!(asked.load(Ordering::Relaxed) > 0, "the other machine was never asked");
}

/// `pg_ctl` on the server that `scripts/postgres.sh` started.
fn postgres(action: &[&str]) {
    let data = std::env::var("POSTGRES_DATA").unwrap_or_else(|_| panic!("{NEEDS}"));
    let root = fs::metadata("/proc/self").unwrap();
    let as_owner: &[&str] = if std::os::unix::fs::MetadataExt::uid(&root) == 0 {
        &["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "pg_ctl"]
    } else {
        &["pg_ctl"]
    };
    let log = format!("{data}/../log");
    let mut command = Command::new(as_owner[0]);
    command.args(&as_owner[1..]).args(["--pgdata", &data, "--log", &log, "--wait", "--silent"]).args(action);
    assert!(command.current_dir("/").status().unwrap().success());
}

#[test]
#[ignore = "needs PostgreSQL"]
fn while_the_database_is_restarted_requests_are_told_to_come_back_and_then_all_is_as_before() {
    let database = new_database();
    let server = machine(&database);
    let alice = server.signed_up("alice@example.com");
    postgres(&["stop", "--mode", "fast"]);
    // What was used a moment ago is still in memory; then it has to be asked for.
    until("the first refusal", || alice.token().status == UNAVAILABLE);
    let refused = alice.get("/account");
    assert!(refused.says_come_back(), "{refused:?}");
    assert!(refused.set_cookie("session").is_none(), "the browser is told to forget its session: {refused:?}");
    assert!(!server.is_ready());
    assert_eq!(server.client().get("/login").status, OK, "a page that needs no database");
    postgres(&["start"]);
    until("the recovery", || alice.token().status == OK);
    assert!(server.is_ready());
}

#[test]
#[ignore = "needs PostgreSQL"]
fn a_database_restart_under_load_is_a_503_with_a_sentence_for_a_while_and_nothing_else() {
    let (_database, one, other) = pair();
    let alice = one.signed_up("alice@example.com");
    let balancer = Balancer::before(&[&one.address, &other.address]);
    let told = AtomicUsize::new(0);
    let come_back = |_: bool, answer: &Answer| {
        told.fetch_add(usize::from(answer.says_come_back()), Ordering::Relaxed);
        answer.says_come_back()
    };
    let outcome = under_load(&balancer, &alice, come_back, |more| {
        more(50);
        postgres(&["stop", "--mode", "fast"]);
        until("some refusals", || told.load(Ordering::Relaxed) >= 5);
        postgres(&["start"]);
        more(200);
    });
    assert_eq!(outcome.failed, [] as [String; 0]);
}

#[test]
#[ignore = "needs PostgreSQL"]
fn a_sign_up_whose_connection_is_cut_once_the_account_is_there_can_log_in() {
    let database = new_database();
    let server = machine(&database);
    // The account is there already when its session is added.
    Database::open(&database)
        .execute(CUT_FUNCTION)
        .execute("CREATE TRIGGER cut BEFORE INSERT ON sessions EXECUTE FUNCTION cut()");
    let alice = server.client();
    let refused = alice.sign_up("alice@example.com");
    assert!(refused.says_come_back(), "{refused:?}");
    Database::open(&database).execute("DROP TRIGGER cut ON sessions");
    assert_eq!(alice.log_in("alice@example.com").location(), "/account");
    assert_eq!(alice.token().status, OK);
}

#[test]
#[ignore = "needs PostgreSQL"]
fn connections_that_are_cut_lose_nobody_who_was_told_that_they_have_an_account() {
    let database = new_database();
    let server = machine(&database);
    let told = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for worker in 0..3 {
            let (server, told) = (&server, &told);
            scope.spawn(move || {
                for n in 0..30 {
                    let email = format!("user{worker}.{n}@example.com");
                    let answer = server.client().sign_up(&email);
                    if answer.location() == "/account" {
                        told.lock().unwrap().push(email);
                    } else {
                        assert_eq!(answer.status, UNAVAILABLE, "{answer:?}");
                    }
                }
            });
        }
        for target in [10, 20, 30] {
            until("sign-ups", || told.lock().unwrap().len() >= target);
            Database::open(&database).execute(CUT_CONNECTIONS);
        }
    });
    let there = Database::open(&database).query::<String>("SELECT email FROM users");
    let told = told.into_inner().unwrap();
    assert!(told.len() >= 30 && told.iter().all(|email| there.contains(email)));
}

#[test]
#[ignore = "needs PostgreSQL"]
fn while_the_database_hangs_requests_are_told_to_come_back_and_then_all_is_as_before() {
    let database = new_database();
    let server = machine(&database);
    server.signed_up("alice@example.com");
    let log_in = || server.client().log_in("alice@example.com");
    let mut locking = Database::open(&database);
    locking.execute("BEGIN").execute("LOCK TABLE users, sessions");
    let refused = log_in();
    // A request as a whole is given up after 30 seconds, and would have held others up till then.
    assert!(refused.says_come_back(), "{refused:?}");
    assert_eq!(server.client().get("/login").status, OK, "a page that needs no database");
    locking.execute("ROLLBACK");
    assert_eq!(log_in().location(), "/account");
}

/// PostgreSQL's processes, stopped until this goes.
struct Frozen(Vec<String>);

impl Frozen {
    fn new() -> Self {
        let data = std::env::var("POSTGRES_DATA").unwrap_or_else(|_| panic!("{NEEDS}"));
        let first = fs::read_to_string(format!("{data}/postmaster.pid")).unwrap().lines().next().unwrap().to_owned();
        let children = fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap();
        let all = children.split_whitespace().map(str::to_owned).chain([first.clone()]).collect();
        Self::signal("-STOP", &all);
        Self(all)
    }

    fn signal(name: &str, processes: &Vec<String>) {
        Command::new("kill").arg(name).args(processes).status().unwrap();
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        Self::signal("-CONT", &self.0);
    }
}

#[test]
#[ignore = "needs PostgreSQL"]
fn while_the_database_is_frozen_requests_are_told_to_come_back_and_then_all_is_as_before() {
    let database = new_database();
    let server = machine(&database);
    server.signed_up("alice@example.com");
    let log_in = || server.client().log_in("alice@example.com");
    let frozen = Frozen::new();
    // More than there are connections, old and new ones.
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                let refused = log_in();
                assert!(refused.says_come_back(), "{refused:?}");
            });
        }
    });
    assert_eq!(server.client().get("/login").status, OK, "a page that needs no database");
    assert!(!server.is_ready());
    drop(frozen);
    until("the recovery", || log_in().location() == "/account");
}

/// The way between a machine and its database.
struct Wire {
    url: String,
    state: Arc<WireState>,
}

#[derive(Default)]
struct WireState {
    /// How late everything arrives, in milliseconds.
    late: AtomicU64,
    /// What was connected up to then hears no more of the other side, not even that it is gone.
    lost: AtomicUsize,
    connected: AtomicUsize,
}

impl Wire {
    fn to(database: &str) -> Self {
        let host = database.split('@').nth(1).unwrap().split('/').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = database.replace(&host, &listener.local_addr().unwrap().to_string());
        let state = Arc::new(WireState::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for inward in listener.incoming().map_while(Result::ok) {
                let outward = TcpStream::connect(&host).unwrap();
                let number = shared.connected.fetch_add(1, Ordering::SeqCst) + 1;
                for (from, to) in [(inward.try_clone().unwrap(), outward.try_clone().unwrap()), (outward, inward)] {
                    let state = Arc::clone(&shared);
                    thread::spawn(move || state.carry(number, from, to));
                }
            }
        });
        Self { url, state }
    }

    fn delay(&self, late: Duration) {
        self.state.late.store(late.as_millis().try_into().unwrap(), Ordering::SeqCst);
    }

    fn lose_what_is_connected(&self) {
        self.state.lost.store(self.state.connected.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

impl WireState {
    fn carry(&self, number: usize, mut from: TcpStream, mut to: TcpStream) {
        let mut piece = [0; 8192];
        while let Ok(length @ 1..) = from.read(&mut piece) {
            thread::sleep(Duration::from_millis(self.late.load(Ordering::SeqCst)));
            if self.lost.load(Ordering::SeqCst) < number && to.write_all(&piece[..length]).is_err() {
                break;
            }
        }
        if self.lost.load(Ordering::SeqCst) < number {
            let _gone_already = to.shutdown(std::net::Shutdown::Both);
        }
    }
}

#[test]
#[ignore = "needs PostgreSQL"]
fn connections_that_went_silent_are_given_up_and_replaced_also_when_the_client_has_left() {
    let database = new_database();
    let wire = Wire::to(&database);
    let server = machine(&wire.url);
    server.signed_up("alice@example.com");
    let log_in = || server.client().log_in("alice@example.com");
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let (mut locking, mut watching) = (Database::open(&database), Database::open(&database));
    locking.execute("BEGIN").execute("LOCK TABLE users");
    // As many as there are connections; half of them will not wait for the answer.
    thread::scope(|scope| {
        for patience in [1, 60, 1, 60, 1, 60, 1, 60] {
            let address = &server.address;
            scope.spawn(move || {
                let mut asking = TcpStream::connect(address).unwrap();
                asking.write_all(b"GET /readyz HTTP/1.0\r\n\r\n").unwrap();
                asking.set_read_timeout(Some(Duration::from_secs(patience))).unwrap();
                let mut answer = String::new();
                if asking.read_to_string(&mut answer).is_ok() {
                    assert!(answer.contains("503 Service Unavailable"), "{answer}");
                }
            });
        }
        until("eight statements", || watching.query::<i64>(waiting) == [8]);
        wire.lose_what_is_connected();
    });
    locking.execute("ROLLBACK");
    until("the recovery", || log_in().location() == "/account");
}

#[test]
#[ignore = "needs PostgreSQL"]
fn a_slow_database_is_waited_for_and_what_it_cannot_take_is_told_to_come_back() {
    let database = new_database();
    let wire = Wire::to(&database);
    let server = machine(&wire.url);
    wire.delay(Duration::from_millis(200));
    assert_eq!(server.signed_up("alice@example.com").token().status, OK);
    // None of these sessions is there, and that has to be looked up: many by one statement.
    thread::scope(|scope| {
        for n in 0..100_u128 {
            let server = &server;
            scope.spawn(move || {
                let made_up = tower_sessions::session::Id(i128::try_from(n).unwrap());
                let client = server.client();
                client.set_cookie("session", &made_up.to_string());
                assert_eq!(client.token().status, UNAUTHORIZED);
            });
        }
        assert_eq!(server.client().get("/login").status, OK, "a page that needs no database");
    });
    // Each of these is a statement of its own.
    let (taken, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for n in 0..100 {
            let (server, taken, refused) = (&server, &taken, &refused);
            scope.spawn(move || {
                let email = format!("user{n}@example.com");
                let answer = server.client().post("/api/auth/sign-up", &[("email", &email)]);
                if answer.status == StatusCode::SEE_OTHER {
                    taken.fetch_add(1, Ordering::SeqCst);
                } else {
                    assert!(answer.says_come_back(), "{answer:?}");
                    refused.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    let (taken, refused) = (taken.into_inner(), refused.into_inner());
    assert!(taken >= 8 && refused > 0, "{taken} {refused}");
}

#[test]
#[ignore = "needs PostgreSQL"]
fn a_database_that_takes_no_more_writes_is_read_and_written_again_once_it_does() {
    let database = new_database();
    let server = machine(&database);
    let alice = server.signed_up("alice@example.com");
    let name = database.rsplit('/').next().unwrap();
    let read_only = |value: &str| {
        Database::open(&database)
            .execute("SET default_transaction_read_only = off")
            .execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = {value}"))
            .execute(CUT_CONNECTIONS);
    };
    let sign_up = || server.client().sign_up("bob@example.com");
    read_only("on");
    until("the refusal of a write", || sign_up().status == UNAVAILABLE);
    until("a read", || alice.token().status == OK);
    read_only("off");
    until("a write", || sign_up().location() == "/account");
}

/// A PostgreSQL on a disk of its own that only it sees; fills it and empties it.
struct SmallDisk {
    process: Child,
    url: String,
    ballast: String,
    _folder: tempfile::TempDir,
}

impl SmallDisk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = folder.path().display().to_string();
        // Mounting takes root in there, and PostgreSQL must not be root. It runs until its input ends.
        let mount =
            format!("mount -t tmpfs -o size=96m tmpfs {disk} && exec unshare --map-user=1000 --map-group=1000 \"$@\"");
        let serve = ["scripts/postgres.sh", "sh", "-c", "echo $POSTGRES_URL; exec cat"];
        let mut process = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", &mount, "sh"])
            .args(serve)
            .env("TMPDIR", &disk)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let ballast = format!("/proc/{}/root{disk}/ballast", process.id());
        Self { process, url: url.trim().to_owned(), ballast, _folder: folder }
    }

    fn fill(&self) {
        let full = fs::write(&self.ballast, vec![1; 96 << 20]).unwrap_err();
        assert_eq!(full.kind(), ErrorKind::StorageFull);
    }

    fn empty(&self) {
        fs::remove_file(&self.ballast).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _status = self.process.wait();
    }
}

#[test]
#[ignore = "needs PostgreSQL"]
fn on_a_full_disk_what_is_there_is_read_writing_says_come_back_and_nothing_confirmed_is_lost() {
    let disk = SmallDisk::new();
    let server = machine(&disk.url);
    let alice = server.signed_up("alice@example.com");
    disk.fill();
    // There is room in what is already there.
    let (promised, refused) = server.sign_up_until_refused();
    assert!(refused.says_come_back(), "{refused:?}");
    // A copy that has nothing in memory starts, and reads.
    let other = machine(&disk.url);
    assert_eq!(token(&alice, &other), OK);
    assert!(alice.copy_to(&other.address).get("/account").body.contains("alice@example.com"));
    disk.empty();
    assert_eq!(server.client().log_in("alice@example.com").location(), "/account");
    server.keeps_its_promises(&promised);
}

#[test]
#[ignore = "needs PostgreSQL"]
fn a_start_without_a_free_connection_ends_and_does_not_tell_the_password() {
    let database = new_database();
    let (name, guest) = (database.rsplit('/').next().unwrap(), database.replace("app@", "guest:s3cret@"));
    // Limits do not hold for the superuser that the tests are.
    Database::open(&database)
        .execute("CREATE ROLE guest LOGIN")
        .execute(&format!("ALTER DATABASE {name} CONNECTION LIMIT 0"));
    let refused = run(&settings(&guest), &[]);
    let said = text(&refused.stderr);
    // It goes on asking for a while, as connections come free.
    assert!(!refused.status.success() && said.contains("too many connections"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
}

#[test]
#[ignore = "needs PostgreSQL"]
fn a_wrong_password_is_refused_and_not_told() {
    let database = new_database();
    // The one role whose password the server of the tests asks for.
    Database::open(&database)
        .execute("DROP ROLE IF EXISTS guarded")
        .execute("CREATE ROLE guarded LOGIN PASSWORD 'the-right-one'");
    let wrong = database.replace("app@", "guarded:wr0ng-one@");
    let (from, copy) = (Server::start(&[]), new_database());
    let from = from.url();
    for (settings, arguments) in [
        (settings(&wrong).to_vec(), &[][..]),
        (vec![("DATABASE_URL", wrong.as_str())], &["--copy-from", &from]),
        (vec![("DATABASE_URL", copy.as_str())], &["--copy-from", &wrong]),
    ] {
        let refused = run(&settings, arguments);
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains("password authentication failed") && !said.contains("wr0ng"), "{said}");
    }
}

#[test]
#[ignore = "needs PostgreSQL"]
fn several_machines_may_start_at_once_on_one_new_database() {
    let database = new_database();
    let all: Vec<_> = (0..4).map(|_| Server::spawn(&settings(&database))).collect();
    for mut server in all {
        server.wait_for("serving");
        assert!(server.is_ready());
    }
}

#[test]
#[ignore = "needs PostgreSQL"]
fn a_copy_that_is_cut_off_in_the_middle_copies_nobody() {
    let before = Server::start(&[]);
    for n in 0..3 {
        before.signed_up(&format!("user{n}@example.com"));
    }
    let from = before.url();
    let database = new_database();
    drop(machine(&database));
    // The third would be the last.
    let third = "CREATE TRIGGER cut BEFORE INSERT ON users FOR EACH ROW WHEN (NEW.email = 'user2@example.com') \
                 EXECUTE FUNCTION cut()";
    Database::open(&database).execute(CUT_FUNCTION).execute(third);
    let copy = || run(&[("DATABASE_URL", &database)], &["--copy-from", &from]);
    let refused = copy();
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("so none were"), "{}", text(&refused.stderr));
    assert_eq!(Database::open(&database).query::<i64>("SELECT count(*) FROM users"), [0]);
    Database::open(&database).execute("DROP TRIGGER cut ON users");
    assert!(text(&copy().stdout).contains("Copied 3 users"));
}

#[test]
#[ignore = "needs PostgreSQL"]
fn users_move_from_a_sqlite_file_to_postgresql() {
    let before = Server::start(&[]);
    before.signed_up("alice@example.com");
    let from = before.url();
    Database::open(&from).execute(
        "INSERT INTO factors SELECT 'app', id, id, 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', '', 0, created_at FROM users",
    );
    // SQLite keeps such a name, PostgreSQL does not.
    Database::open(&from).execute("UPDATE users SET name = 'Al' || char(0) || 'ice'");
    let database = new_database();
    let moved = run(&[("DATABASE_URL", &database)], &["--copy-from", &from]);
    assert!(text(&moved.stdout).contains("Copied 1 users"), "{}", text(&moved.stderr));
    let after = machine(&database);
    assert_eq!(after.client().log_in("alice@example.com").location(), "/second-factor");
}

#[test]
#[ignore = "needs PostgreSQL"]
fn two_machines_with_half_of_the_limits_let_through_as_many_guesses_as_one() {
    let database = new_database();
    let half = || {
        let settings: Vec<_> = settings(&database).into_iter().chain([("RATE_LIMIT_FACTOR", "0.5")]).collect();
        Server::start(&settings)
    };
    let (one, other) = (half(), half());
    one.signed_up("alice@example.com");
    let guesses = (0..20).flat_map(|_| [&one, &other]);
    let checked = guesses.filter(|server| {
        let answer = server.client().log_in_with("alice@example.com", "a wrong password");
        answer.status != StatusCode::TOO_MANY_REQUESTS
    });
    assert_eq!(checked.count(), 10);
}
