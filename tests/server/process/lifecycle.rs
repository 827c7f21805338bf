//! A running server: its log, its counts, its end.

use std::{
    fs::Permissions,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    process::Command,
    thread,
};

use ::http::{Method, StatusCode, header};

use crate::support::{
    Database, PASSWORD, Server, between, code, free_address, in_place_of, run, send_bytes, text, until, with_socket,
};

#[test]
fn the_log_is_json_where_that_is_set() {
    let mut server = Server::start(&[("RUST_LOG", "info"), ("LOG_FORMAT", "json")]);
    server.client().get("/no-such-page");
    server.wait_for(r#""path":"/no-such-page""#);
}

#[test]
fn a_terminal_that_goes_away_ends_the_server_as_a_stop_does() {
    // Whatever the program does with the signal that runs the tests.
    let mut server = started_by("env", &["--default-signal=HUP"]);
    // Shell and kernel each say so.
    server.signal("HUP");
    server.signal("HUP");
    server.wait_for("stopped");
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}

#[test]
fn nohup_keeps_the_server_when_the_terminal_goes_away() {
    let server = started_by("nohup", &[]);
    server.signal("HUP");
    assert!(server.is_ready());
}

/// A server that another program has started.
fn started_by(program: &str, arguments: &[&str]) -> Server {
    let mut server = Server::spawn_with(&[], |command| {
        let mut other = Command::new(program);
        other.args(arguments).arg(command.get_program());
        in_place_of(&command, other)
    });
    server.wait_for("serving");
    server
}

#[test]
fn an_error_page_names_its_request_as_the_log_does() {
    let mut server = Server::start(&[("RUST_LOG", "info")]);
    let page = server.client().get("/no-such-page");
    let id = between(&page.body, r#"<code class="request-id">"#, "</code>").to_owned();
    assert_eq!(page.headers["x-request-id"], id.as_str());
    server.wait_for(&format!("request{{id={id} method=\"GET\" path=\"/no-such-page\""));
}

#[test]
fn sessions_that_are_asked_for_at_the_same_time_are_each_their_own_users() {
    let mut before = Server::start(&[]);
    let people: Vec<(String, String)> = (0..40)
        .map(|n| format!("user{n}@example.com"))
        .map(|email| (before.signed_up(&email).cookie("session").unwrap(), email))
        .collect();
    before.terminate();
    before.process.wait().unwrap();
    // It has none of them in memory.
    let after = Server::start(&[("DATABASE_URL", &before.url())]);
    let after = &after;
    thread::scope(|scope| {
        // Each of them twice, and a stranger with each.
        for (session, email) in people.iter().chain(&people) {
            scope.spawn(move || {
                let client = after.client();
                client.set_cookie("session", session);
                assert!(client.get("/account").body.contains(email), "{email}");
            });
            scope.spawn(|| {
                let client = after.client();
                client.set_cookie("session", "AAAAAAAAAAAAAAAAAAAAAA");
                assert_eq!(client.token().status, StatusCode::UNAUTHORIZED);
            });
        }
    });
}

#[test]
fn a_server_that_is_told_to_stop_finishes_forms_whose_clients_have_gone() {
    let mut server = Server::start(&[]);
    // More than are hashed at once.
    let sessions = (0..6).map(|n| server.signed_up(&format!("user{n}@example.com")).cookie("session").unwrap());
    let sessions: Vec<String> = sessions.collect();
    let mut database = Database::open(&server.url());
    let before = database.query::<String>("SELECT password_hash FROM users");
    let form = format!("current={PASSWORD}&password=blue kitchen window").replace(' ', "+");
    for session in sessions {
        let head = format!(
            "POST /api/auth/change-password HTTP/1.1\r\nHost: {}\r\nSec-Fetch-Site: same-origin\r\nCookie: session={session}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            server.address,
            form.len()
        );
        let mut connection = TcpStream::connect(&server.address).unwrap();
        connection.write_all(head.as_bytes()).unwrap();
        // It asks for the form: the work has begun.
        connection.read_exact(&mut [0; "HTTP/1.1 100".len()]).unwrap();
        connection.write_all(form.as_bytes()).unwrap();
    }
    server.terminate();
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
    let after = database.query::<String>("SELECT password_hash FROM users");
    assert_eq!(after.iter().filter(|hash| before.contains(hash)).count(), 0, "some were not finished");
}

#[test]
fn a_socket_of_systemd_is_refused_where_it_is_not_the_one_that_the_settings_name() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    for (count, error) in [(1, "set both to the same address"), (2, "handed over 2 sockets")] {
        let mut server = Server::spawn_with(&[], |command| with_socket(command, count, &socket));
        let mut line = String::new();
        while !line.contains(error) {
            line.clear();
            server.log.read_line(&mut line).unwrap();
            assert!(!line.is_empty() && !line.contains("serving"), "{line}");
        }
        assert_eq!(server.process.wait().unwrap().code(), Some(1));
        assert!(!server.file().exists(), "it has made a database");
    }
}

#[test]
fn no_log_line_at_any_level_holds_a_cookie_token_password_or_email() {
    let mut server = Server::start(&[("RUST_LOG", "trace")]);
    let tracy = server.client();
    let fields = [("name", "Tracy"), ("email", "tracy.mail@example.com")];
    let mail = tracy.mail_after("/api/auth/sign-up", &fields, "tracy.mail@example.com");
    assert!(tracy.get(&mail.path()).body.contains("tracy.mail@example.com"));
    assert_eq!(tracy.choose_password(&mail, "tracys secret words").location(), "/account");
    let session = tracy.cookie("session").unwrap();
    let jwt = tracy.token().body.split(r#""jwt":""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let swapped = tracy.get_json(&format!("/sandbox/api/v1/jwt/auth/?jwt={jwt}&team=sandbox"));
    assert_eq!(swapped.status, StatusCode::OK);
    assert!(tracy.get("/account").body.contains("tracy.mail"));
    tracy.log_in_with("tracy.mail@example.com", "tracys wrong words");
    tracy.log_out();
    server.terminate();
    let mut log = String::new();
    server.log.read_to_string(&mut log).unwrap();
    let log_out = log.lines().find(|line| line.contains("/api/auth/log-out") && line.contains("status=303"));
    assert!(log_out.is_some_and(|line| line.contains(" user.id=")), "{log}");
    for event in ["sign_up", "log_in", "session_end"] {
        assert!(log.contains(&format!(r#"event="{event}""#)), "{event} is not in the log");
    }
    for secret in [session.as_str(), &jwt, &mail.token(), "tracy.mail", "tracys", "Tracy"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn every_security_event_is_a_line_with_its_outcome_user_and_client_and_nothing_else_about_them() {
    let mut server = Server::start(&[("RUST_LOG", "security=info,ticketping_leptos=info"), ("RATE_LIMIT_FACTOR", "1")]);
    let email = "eve.events@example.com";
    let eve = server.signed_up(email);
    let id = Database::open(&server.url()).query::<String>("SELECT id FROM users").remove(0);
    eve.post("/api/auth/change-password", &[("current", "not it"), ("password", "another good password")]);
    eve.post("/api/auth/change-password", &[("current", PASSWORD), ("password", "another good password")]);
    let change = [("email", "eve.new@example.com"), ("current", "another good password")];
    let mail = eve.mail_after("/api/auth/change-email", &change, "eve.new@example.com");
    eve.post("/api/auth/confirm-email", &[("token", &mail.token())]);
    eve.post("/api/auth/end-sessions", &[]);
    eve.log_out();
    let reset = [("email", "eve.new@example.com")];
    let mail = eve.mail_after("/api/auth/forgot-password", &reset, "eve.new@example.com");
    eve.choose_password(&mail, PASSWORD);
    let session = eve.cookie("session").unwrap();
    eve.choose_password(&mail, PASSWORD);
    let stranger = server.client();
    for _ in 0..11 {
        stranger.log_in_with("eve.new@example.com", "not it either");
    }
    eve.post("/api/auth/remove-account", &[("current", PASSWORD)]);
    let elsewhere = stranger.request(Method::POST, "/api/auth/log-out").header(header::ORIGIN, "https://other.example");
    assert_eq!(stranger.send(elsewhere).status, StatusCode::FORBIDDEN);
    server.terminate();
    let mut log = String::new();
    server.log.read_to_string(&mut log).unwrap();
    for (event, outcome, has_user) in [
        ("sign_up", "asked_for", false),
        ("sign_up", "done", true),
        ("refused", "current_password", true),
        ("password_change", "done", true),
        ("email_change", "asked_for", true),
        ("email_change", "done", true),
        ("session_end", "ended_by_user", true),
        ("session_end", "logged_out", true),
        ("reset", "asked_for", false),
        ("reset", "done", true),
        ("refused", "link", true),
        ("log_in", "wrong", true),
        ("refused", "limited", false),
        ("refused", "other_site", false),
        ("account_removed", "done", true),
    ] {
        let named = format!(r#"event="{event}" outcome="{outcome}""#);
        let line = log.lines().find(|line| line.contains(&named)).unwrap_or_else(|| panic!("{named} is not in {log}"));
        // The line names the user of the session too, before the event.
        let (_, event) = line.split_once(" security: ").unwrap();
        assert!(event.contains("client=127.0.0.1"), "{line}");
        assert_eq!(event.contains(&format!(r#"user.id="{id}""#)), has_user, "{line}");
    }
    for secret in ["eve.", "example.com", &mail.token(), &session] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
}

#[test]
fn sigterm_answers_what_is_under_way_and_exits_0() {
    let mut server = Server::start(&[]);
    // A log-in whose form is still on its way when the signal comes.
    let form = "email=a@example.com&password=wrong";
    let (first, rest) = form.split_at(10);
    let mut request = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "POST /api/auth/log-in HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        server.address,
        form.len()
    );
    request.write_all(head.as_bytes()).unwrap();
    // The server says that it is reading the form: the request is under way.
    let mut answers = BufReader::new(request.try_clone().unwrap());
    let mut line = String::new();
    answers.read_line(&mut line).unwrap();
    assert!(line.contains("100 Continue"), "{line}");
    request.write_all(first.as_bytes()).unwrap();
    server.terminate();
    server.wait_for("stopping");
    request.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    answers.read_to_string(&mut answer).unwrap();
    assert!(answer.trim_start().starts_with("HTTP/1.1 303"), "{answer}");
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}

#[test]
fn metrics_are_counted_at_their_own_address_and_nowhere_else() {
    let address = free_address();
    let server = Server::start(&[("METRICS_ADDR", &address)]);
    let alice = server.signed_up("alice@example.com");
    server.client().log_in_with("alice@example.com", "wrong words");
    server.client().log_in("alice@example.com");
    assert_eq!(alice.token().status, StatusCode::OK);
    let counts = counts(&address);
    for line in [
        r#"log_ins_total{outcome="right"} 1"#,
        r#"log_ins_total{outcome="wrong"} 1"#,
        "chat_tokens_total 1",
        "password_hashes_waiting 0",
        r#"http_requests_total{route="/api/ticketping/chat-jwt",method="GET",status="200"} 1"#,
        r#"database_seconds_count{statement="accounts.use_password_link"} 1"#,
        r#"mails_total{outcome="sent"} 1"#,
        r#"mails_total{outcome="failed"} 0"#,
        "mails_waiting 0",
        "# HELP mails_waiting",
        concat!(r#"build_info{version=""#, env!("CARGO_PKG_VERSION"), r#""} 1"#),
        "content-type: text/plain; version=0.0.4",
    ] {
        assert!(counts.contains(line), "{line} is not in {counts}");
    }
    assert!(!counts.contains("alice"));
    let series = |text: &str| text.lines().filter(|line| line.starts_with("http_requests_total")).count();
    for n in 0..50 {
        server.send_bytes(&format!("BREW{n} /{n} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    }
    let more = self::counts(&address);
    assert!(series(&more) <= series(&counts) + 2, "a client makes up series: {more}");
    assert_eq!(alice.get("/metrics").status, StatusCode::NOT_FOUND);
}

#[test]
fn a_log_in_with_a_code_is_counted_when_both_steps_are_done() {
    let address = free_address();
    let server = Server::start(&[("METRICS_ADDR", &address)]);
    let (secret, _) = server.signed_up("alice@example.com").turn_on_app();
    let browser = server.client();
    browser.log_in("alice@example.com");
    let begun = counts(&address);
    assert!(begun.contains(r#"log_ins_total{outcome="second_factor"} 1"#), "{begun}");
    assert!(begun.contains(r#"log_ins_total{outcome="right"} 0"#), "{begun}");
    assert_eq!(browser.post("/api/auth/enter-code", &[("code", &code(&secret, 30))]).location(), "/account");
    let done = counts(&address);
    assert!(done.contains(r#"log_ins_total{outcome="right"} 1"#), "{done}");
}

#[test]
fn one_statement_brings_session_and_user_and_the_account_page_takes_two_more() {
    let before = Server::start(&[]);
    let alice = before.signed_up("alice@example.com");
    let database = before.url();
    let address = free_address();
    // It remembers nothing of what the other one did.
    let server = Server::start(&[("DATABASE_URL", &database), ("METRICS_ADDR", &address)]);
    let alice = alice.copy_to(&server.address);
    let asked = |path: &str| {
        assert_eq!(alice.get(path).status, StatusCode::OK);
        let counts = counts(&address);
        let all = counts.lines().filter_map(|line| line.strip_prefix("database_seconds_count{statement=\""));
        // Neither start nor upkeep is part of a request.
        let others = ["installation_key", "delete_expired", "outbox."];
        let mut all: Vec<String> = all
            .filter(|line| !others.iter().any(|other| line.contains(other)))
            .map(|line| line.replace("\"}", ""))
            .collect();
        all.sort();
        all
    };
    assert_eq!(asked("/"), ["sessions.load 1"]);
    // For a moment both stay in memory.
    assert_eq!(asked("/api/ticketping/chat-jwt"), ["sessions.load 1"]);
    assert_eq!(asked("/account"), ["factors.of_user 1", "sessions.list_for_user 1", "sessions.load 1"]);
}

fn server_file(server: &Server, end: &str) -> std::path::PathBuf {
    server.folder.path().join(format!("app.db-{end}"))
}

#[test]
fn nobody_else_on_the_machine_reads_the_database() {
    let mode_of = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mode = |server: &Server| mode_of(&server.file());
    let before = Server::start(&[]);
    assert_eq!(mode(&before), 0o600);
    for end in ["wal", "shm"] {
        assert_eq!(mode_of(&server_file(&before, end)), 0o600, "{end}");
    }
    std::fs::set_permissions(before.file(), Permissions::from_mode(0o644)).unwrap();
    let database = before.url();
    let _after = Server::start(&[("DATABASE_URL", &database)]);
    assert_eq!(mode(&before), 0o600);
}

#[test]
fn several_processes_may_start_at_once_on_one_new_database() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("data/app.db").display());
    let all: Vec<_> = (0..4).map(|_| Server::spawn(&[("DATABASE_URL", &database)])).collect();
    for mut server in all {
        server.wait_for("serving");
        assert!(server.is_ready());
    }
}

/// What the server counted so far.
fn counts(address: &str) -> String {
    send_bytes(address, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
}

#[test]
fn healthy_says_whether_the_server_can_serve() {
    let server = Server::start(&[]);
    let ask = |address: &str| run(&[("LEPTOS_SITE_ADDR", address)], &["--healthy"]);
    assert!(ask(&server.address).status.success());
    // It needs no other setting.
    let everywhere = server.address.replace("127.0.0.1", "0.0.0.0");
    let alone = [("LEPTOS_SITE_ADDR", everywhere.as_str()), ("TICKETPING_SANDBOX", "false")];
    assert!(run(&alone, &["--healthy"]).status.success());
    assert_eq!(run(&[("LEPTOS_SITE_ADDR", "nowhere")], &["--healthy"]).status.code(), Some(1));
    std::fs::remove_file(server.file()).unwrap();
    let unwell = ask(&server.address);
    assert_eq!(
        (unwell.status.code(), text(&unwell.stderr).contains("503")),
        (Some(1), true),
        "{}",
        text(&unwell.stderr)
    );
    let nobody = ask("127.0.0.1:9");
    assert!(nobody.status.code() == Some(1) && text(&nobody.stderr).contains("does not answer"));
}

#[test]
fn nobody_waits_for_who_reads_the_log_and_no_line_of_it_is_lost_at_a_stop() {
    let mut server = Server::start(&[("RUST_LOG", "info")]);
    let client = server.client();
    // Far more than a pipe holds that nobody reads.
    for _ in 0..1_000 {
        assert_eq!(client.get("/healthz").status, StatusCode::OK);
    }
    server.terminate();
    let mut log = String::new();
    server.log.read_to_string(&mut log).unwrap();
    let lines = log.lines().filter(|line| line.contains("/healthz") && line.contains("finished processing request"));
    assert_eq!(lines.count(), 1_000);
}

#[test]
fn a_backup_is_made_and_restored_while_the_server_runs_and_no_ended_session_comes_back() {
    let server = Server::start(&[]);
    let alice = server.signed_up("alice@example.com");
    let (database, file) = (server.url(), server.folder.path().join("b%41 #?.db").display().to_string());
    let command = |arguments: &[&str]| run(&[("DATABASE_URL", &database)], arguments);
    // Somebody says that the factors are lost. By the time of the restore, its three days have passed.
    alice.turn_on_app();
    Database::open(&database).execute(
        "INSERT INTO factors (kind, id, user_id, secret, name, last_step, created_at) \
         SELECT 'recovery', id, id, '', '', 0, 0 FROM users",
    );
    let made = command(&["--backup", &file]);
    let left = std::fs::read_dir(server.folder.path()).unwrap().filter(|name| format!("{name:?}").contains(".part"));
    assert_eq!(left.count(), 0);
    assert!(made.status.success(), "{}", text(&made.stderr));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = command(&["--backup", &file]);
    assert!(!again.status.success() && text(&again.stderr).contains("already exists"));

    // What SQLite would make of the name if it were an address.
    std::fs::write(server.folder.path().join("bA "), "no database").unwrap();

    let thief = alice.copy();
    alice.log_out();
    let bob = server.signed_up("bob@example.com");
    let restored = command(&["--restore", &file]);
    assert!(text(&restored.stdout).contains("Restored 1 users from"), "{}", text(&restored.stderr));
    assert!(!thief.is_signed_in(), "an ended session came back");
    // For some seconds this machine remembers its own sessions.
    until("signed out", || !bob.is_signed_in());
    assert_eq!(server.client().log_in("alice@example.com").location(), "/second-factor");
    assert_eq!(server.client().log_in("bob@example.com").location(), "/login");

    std::fs::write(&file, "no database").unwrap();
    let damaged = command(&["--restore", &file]);
    assert!(
        text(&damaged.stderr).contains(&format!("{file} cannot be read or is damaged")),
        "{}",
        text(&damaged.stderr)
    );
    let other = server.folder.path().join("other.db").display().to_string();
    std::fs::write(&other, "").unwrap();
    Database::open(&format!("sqlite://{other}")).execute("CREATE TABLE notes (text TEXT)");
    let foreign = command(&["--restore", &other]);
    assert!(text(&foreign.stderr).contains("is no backup of this server"), "{}", text(&foreign.stderr));
    let missing = command(&["--restore", "/nowhere/backup.db"]);
    assert!(text(&missing.stderr).contains("no backup at"), "{}", text(&missing.stderr));
    assert_eq!(server.client().log_in("alice@example.com").location(), "/second-factor");
}

#[test]
fn a_second_signal_ends_the_server_at_once() {
    let mut server = Server::start(&[]);
    let mut request = TcpStream::connect(&server.address).unwrap();
    // A form that does not go on holds the stop up.
    request.write_all(b"POST /api/auth/log-in HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nemail=").unwrap();
    until("read", || server.is_ready());
    server.terminate();
    server.wait_for("stopping");
    until("the end", || {
        server.terminate();
        server.process.try_wait().unwrap().is_some_and(|status| status.code() == Some(1))
    });
}
