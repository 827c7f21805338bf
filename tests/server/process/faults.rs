//! What breaks around the server: it says so, loses nothing that it had confirmed, and goes on.

use std::{
    fs,
    process::Command,
    sync::{Mutex, atomic::AtomicBool, atomic::Ordering},
    thread,
    time::UNIX_EPOCH,
};

use ::http::StatusCode;

use crate::support::{Answer, Database, PASSWORD, Server, run, skip, text, until};

fn log_in(server: &Server, email: &str) -> Answer {
    server.client().log_in(email)
}

fn can_log_in(server: &Server, email: &str) -> bool {
    log_in(server, email).location() == "/account"
}

#[test]
fn everyone_who_was_told_that_they_have_an_account_has_one_after_a_kill() {
    let mut server = Server::start(&[]);
    let (told, stop) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    thread::scope(|scope| {
        for worker in 0..4 {
            let (server, told, stop) = (&server, &told, &stop);
            scope.spawn(move || {
                for n in 0..250 {
                    let email = format!("user{worker}.{n}@example.com");
                    let client = server.client();
                    // The server may be gone in the middle of it.
                    let told_yes = client.try_sign_up(&email).is_ok_and(|answer| answer.location() == "/account");
                    if told_yes {
                        told.lock().unwrap().push(email);
                    }
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        until("150 sign-ups", || told.lock().unwrap().len() >= 150);
        // SIGKILL, with four sign-ups under way.
        Command::new("kill").args(["-KILL", &server.process.id().to_string()]).status().unwrap();
        stop.store(true, Ordering::Relaxed);
    });
    server.process.wait().unwrap();
    let told = told.into_inner().unwrap();
    let mut file = Database::open(&server.url());
    let there = file.query::<String>("SELECT email FROM users");
    assert_eq!(file.query::<i64>("SELECT count(*) FROM sessions WHERE user_id NOT IN (SELECT id FROM users)"), [0]);
    assert_eq!(file.query::<String>("PRAGMA integrity_check"), ["ok"]);
    assert!(told.iter().all(|email| there.contains(email)), "{} were told, {} are there", told.len(), there.len());
    // Those who were not told may be there, but then they are whole: they can log in.
    let database = server.url();
    let again = Server::start(&[("DATABASE_URL", &database)]);
    for email in there.iter().filter(|email| !told.contains(email)).chain(&told[..1]) {
        assert!(can_log_in(&again, email), "{email}");
    }
}

#[test]
fn while_another_process_locks_the_database_reading_goes_on_and_writing_says_come_back() {
    let server = Server::start(&[]);
    let alice = server.signed_up("alice@example.com");
    let mut locking = Database::open(&server.url());
    locking.execute("BEGIN IMMEDIATE");
    for _ in 0..2 {
        let answer = log_in(&server, "alice@example.com");
        assert!(answer.says_come_back(), "{answer:?}");
        assert!(alice.get("/account").body.contains("alice@example.com"));
        assert_eq!(alice.token().status, StatusCode::OK);
    }
    locking.execute("ROLLBACK");
    assert!(can_log_in(&server, "alice@example.com"));
}

#[test]
fn a_browser_forgets_its_session_at_log_out_even_if_the_database_cannot() {
    let server = Server::start(&[]);
    let alice = server.signed_up("alice@example.com");
    let mut locking = Database::open(&server.url());
    locking.execute("BEGIN IMMEDIATE");
    let answer = alice.log_out();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.set_cookie("session").is_some_and(|cookie| cookie.contains("Max-Age=0")), "{:?}", answer.headers);
    assert!(answer.set_cookie("ticketping_chat_jwt").is_some());
    locking.execute("ROLLBACK");
    assert_eq!(alice.token().status, StatusCode::UNAUTHORIZED);
}

#[test]
fn a_log_out_that_had_to_wait_for_the_database_is_final() {
    let server = Server::start(&[]);
    let alice = server.signed_up("alice@example.com");
    let mut locking = Database::open(&server.url());
    locking.execute("BEGIN IMMEDIATE");
    let answer = thread::scope(|scope| {
        let log_out = scope.spawn(|| alice.copy().log_out());
        // It counts before the database has confirmed it. Each time with a copy: a refusal takes the cookie away.
        until("signed out", || alice.copy().token().status == StatusCode::UNAUTHORIZED);
        locking.execute("ROLLBACK");
        log_out.join().unwrap()
    });
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(alice.copy().token().status, StatusCode::UNAUTHORIZED);
}

#[test]
fn a_database_file_that_was_taken_away_makes_the_server_not_ready() {
    let mut server = Server::start(&[]);
    assert!(server.is_ready());
    fs::remove_file(server.file()).unwrap();
    let client = server.client();
    assert_eq!(client.get_json("/readyz").status, StatusCode::SERVICE_UNAVAILABLE);
    server.wait_for("its file is gone");
    assert_eq!((client.get("/healthz").status, client.get("/").status), (StatusCode::OK, StatusCode::OK));
}

#[test]
fn a_database_that_was_cut_short_is_no_crash() {
    let server = Server::start(&[]);
    for end in ["", "-wal"] {
        let file = server.folder.path().join(format!("app.db{end}"));
        fs::OpenOptions::new().write(true).open(file).unwrap().set_len(100).unwrap();
    }
    // A session that only the database knows. It may well be there, so the browser keeps it.
    let client = server.client();
    for path in ["/readyz", "/account", "/", "/api/ticketping/chat-jwt"] {
        client.set_cookie("session", "AAAAAAAAAAAAAAAAAAAAAA");
        let answer = client.get(path);
        // What SQLite still has in memory it may still answer with.
        assert!([200, 303, 401, 503].contains(&answer.status.as_u16()), "{path}: {answer:?}");
        let is_refused = answer.status == StatusCode::SERVICE_UNAVAILABLE;
        assert!(!is_refused || answer.set_cookie("session").is_none(), "{path}: {answer:?}");
        assert!(!answer.body.contains("sqlite") && !answer.body.contains("malformed"), "{path}: {answer:?}");
    }
    assert_eq!(server.client().get("/login").status, StatusCode::OK);
    let database = server.url();
    let output = run(&[("DATABASE_URL", &database)], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("app.db"), "{}", text(&output.stderr));
}

#[test]
fn a_database_that_may_only_be_read_is_read() {
    let before = Server::start(&[]);
    let alice = before.signed_up("alice@example.com");
    let database = format!("sqlite://{}?mode=ro", before.file().display());
    let server = Server::start(&[("DATABASE_URL", &database)]);
    assert!(alice.copy_to(&server.address).get("/account").body.contains("alice@example.com"));
    let answer = log_in(&server, "alice@example.com");
    assert!(answer.says_come_back(), "{answer:?}");
}

#[test]
fn on_a_full_disk_reading_goes_on_writing_says_come_back_and_nothing_confirmed_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().display().to_string();
    let database = format!("sqlite://{disk}/app.db");
    if !Command::new("unshare")
        .args(["--map-root-user", "--mount", "true"])
        .status()
        .is_ok_and(|status| status.success())
    {
        return skip("it needs user namespaces");
    }
    // A disk of two megabytes that only this process sees.
    let script = format!("mount -t tmpfs -o size=2m tmpfs {disk} && exec \"$0\"");
    let mut server = Server::spawn_with(&[("DATABASE_URL", &database)], |program| {
        let mut inside = Command::new("unshare");
        inside.args(["--map-root-user", "--mount", "sh", "-c", &script]).arg(program.get_program());
        inside.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        inside.envs(program.get_envs().filter_map(|(name, value)| value.map(|value| (name, value))));
        inside
    });
    server.wait_for("serving");
    let alice = server.signed_up("alice@example.com");
    let seen = format!("/proc/{}/root{disk}", server.process.id());
    // Writes until it is full.
    let ballast = format!("{seen}/ballast");
    let full = fs::write(&ballast, vec![1; 4 << 20]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    let (promised, refused) = server.sign_up_until_refused();
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(alice.get("/account").body.contains("alice@example.com"));
    fs::remove_file(ballast).unwrap();
    assert!(can_log_in(&server, "alice@example.com"));
    server.keeps_its_promises(&promised);
}

#[test]
fn bytes_that_are_no_request_are_refused_and_harm_nobody() {
    let server = Server::start(&[]);
    let host = format!("Host: {}\r\n", server.address);
    let mut requests: Vec<String> = [
        "GET / HTTP/9.9\r\n\r\n",
        "GET\r\n\r\n",
        "\r\n\r\n\r\n",
        "GET http:// HTTP/1.1\r\n\r\n",
        "POST /login HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "POST /login HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST /login HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        "GET / HTTP/1.1\r\nName : x\r\n\r\n",
        "GET / HTTP/1.1\r\n: x\r\n\r\n",
        "GET /\0 HTTP/1.1\r\n\r\n",
    ]
    .map(str::to_owned)
    .into();
    requests.push(format!("GET / HTTP/1.1\r\n{host}X: {}\r\n\r\n", "x".repeat(1 << 20)));
    requests.push(format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(200)));
    requests.push(format!("GET /{} HTTP/1.1\r\n{host}\r\n", "a".repeat(100_000)));
    for request in &requests {
        let shown: String = request.chars().take(80).collect();
        let answer = server.send_bytes(request);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{shown:?}: {answer}");
    }
    // One request, however its length is told: what follows is not taken for a second.
    let smuggled = format!(
        "POST /login HTTP/1.1\r\n{host}Content-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /account HTTP/1.1\r\n{host}\r\n"
    );
    assert!(server.send_bytes(&smuggled).matches("HTTP/1.1 ").count() <= 1);
    assert!(server.is_ready());
}

#[test]
fn a_clock_that_jumps_an_hour_ends_no_session_and_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    let set = |to: &str| fs::write(&clock, to).unwrap();
    set("+0");
    let library = &format!("/usr/lib/{}-linux-gnu/faketime/libfaketime.so.1", std::env::consts::ARCH);
    if !fs::exists(library).unwrap() {
        return skip("it needs Debian's package faketime");
    }
    let settings = [
        ("LD_PRELOAD", library.as_str()),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let server = Server::start(&settings);
    let alice = server.signed_up("alice@example.com");
    let mut hours = Vec::new();
    for jump in ["+0", "+3600", "-3600"] {
        set(jump);
        let answer = alice.token();
        assert_eq!(answer.status, StatusCode::OK, "{jump}: {answer:?}");
        // By the server's own time it has its whole life before it: browsers go by that.
        let date = answer.headers["date"].to_str().unwrap();
        let date = httpdate::parse_http_date(date).unwrap().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let jwt = answer.body.split(r#""jwt":""#).nth(1).unwrap().split('"').next().unwrap();
        let claims = jsonwebtoken::dangerous::insecure_decode::<serde_json::Value>(jwt).unwrap().claims;
        let expires = claims["exp"].as_u64().unwrap();
        assert!((299..=300).contains(&(expires - date)), "{jump}: {date} {expires}");
        hours.push(date / 1_800);
        assert!(alice.get("/account").body.contains("alice@example.com"), "{jump}");
        assert!(can_log_in(&server, "alice@example.com"), "{jump}");
    }
    hours.dedup();
    assert_eq!(hours.len(), 3, "the clock did not jump: {hours:?}");
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let mut server = Server::start(&[]);
    server.terminate();
    server.process.wait().unwrap();
    Database::open(&server.url()).execute(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'later', TRUE, x'00', 1)",
    );
    let database = server.url();
    let schema = || {
        Database::open(&database).query::<String>("SELECT name || coalesce(sql, '') FROM sqlite_schema ORDER BY name")
    };
    let before = schema();
    let output = run(&[("DATABASE_URL", &database)], &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("newer version") && said.contains("9999"), "{said}");
    assert_eq!(schema(), before);
}

#[test]
fn users_are_copied_to_another_database_with_their_passwords_and_ids() {
    let before = Server::start(&[]);
    before.signed_up("alice@example.com").turn_on_app();
    before.signed_up("bob@example.com");
    let from = before.url();
    let mut after = Server::start(&[]);
    after.signed_up("bob@example.com");
    after.terminate();
    after.process.wait().unwrap();
    let to = after.url();
    let file = before.folder.path().join("url").display().to_string();
    std::fs::write(&file, format!("{from}\n")).unwrap();
    let output = run(&[("DATABASE_URL", &to)], &["--copy-from", &file]);
    let said = text(&output.stdout);
    assert!(!fs::exists(format!("{}-wal", after.file().display())).unwrap(), "the file alone is not the database");
    assert!(said.contains("Copied 1 users") && said.contains("1 already existed"), "{said}{}", text(&output.stderr));
    let ids = |server: &Server| {
        Database::open(&server.url()).query::<String>("SELECT id FROM users WHERE email = 'alice@example.com'")
    };
    assert_eq!(ids(&before), ids(&after));
    let mut target = Database::open(&to);
    assert_eq!(target.query::<i64>("SELECT count(*) FROM factors WHERE kind = 'app'"), [1]);
    target.execute("DELETE FROM factors");
    run(&[("DATABASE_URL", &to)], &["--copy-from", &file]);
    assert_eq!(target.query::<i64>("SELECT count(*) FROM factors"), [0], "what was removed since is there again");
    let again = Server::start(&[("DATABASE_URL", &to)]);
    assert!(can_log_in(&again, "alice@example.com"));
    let missing = run(&[("DATABASE_URL", &to)], &["--copy-from", "sqlite:///nowhere/app.db"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("/nowhere/app.db"));
}

#[test]
fn an_account_that_could_not_be_removed_signs_nobody_out() {
    let server = Server::start(&[]);
    let alice = server.signed_up("alice@example.com");
    let mut database = Database::open(&server.url());
    database.execute("CREATE TRIGGER fails BEFORE DELETE ON users BEGIN SELECT raise(ABORT, 'as a full disk'); END");
    let answer = alice.post("/api/auth/remove-account", &[("current", PASSWORD)]);
    assert!(answer.says_come_back(), "{answer:?}");
    assert!(alice.is_signed_in());
    database.execute("DROP TRIGGER fails");
    assert_eq!(alice.post("/api/auth/remove-account", &[("current", PASSWORD)]).location(), "/");
}

#[test]
fn commands_leave_a_database_of_an_older_version_to_its_server() {
    let server = Server::start(&[]);
    let database = server.url();
    let newest = "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    Database::open(&database).execute(newest);
    let backup = server.folder.path().join("backup.db").display().to_string();
    for arguments in [&["--backup", backup.as_str()][..], &["users"]] {
        let output = run(&[("DATABASE_URL", &database)], arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("older version"), "{}", text(&output.stderr));
    }
    assert_eq!(Database::open(&database).query::<i64>("SELECT count(*) FROM _sqlx_migrations"), [1]);
}
