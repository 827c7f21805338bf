//! What breaks around the server: it says so, loses nothing that it had confirmed, and goes on.

use std::{
    fs,
    process::Command,
    sync::{Mutex, atomic::AtomicBool, atomic::Ordering},
    thread,
    time::{Duration, Instant, UNIX_EPOCH},
};

use sqlx::{AnyConnection, Connection};

use crate::server::{PASSWORD, Server, run, session, text};

/// Runs a statement on a SQLite file, from this process.
fn on_file<T>(file: &std::path::Path, work: impl AsyncFnOnce(&mut AnyConnection) -> T) -> T {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", file.display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = AnyConnection::connect(&url).await.unwrap();
        let result = work(&mut connection).await;
        connection.close().await.unwrap();
        result
    })
}

fn is_refused_politely(answer: &str) -> bool {
    answer.contains("503 Service Unavailable")
        && answer.contains("We cannot reach our records right now")
        && answer.to_lowercase().contains("retry-after: 5")
}

fn log_in(server: &Server, email: &str) -> String {
    server.send(&format!(
        "POST /api/auth/log-in HTTP/1.1\r\nHost: {}\r\nAccept: text/html\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\nemail={email}&password={PASSWORD}",
        server.address,
        "email=&password=".len() + email.len() + PASSWORD.len()
    ))
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
                    let form = format!("email={email}&password={PASSWORD}");
                    let answer = server.post("/api/auth/sign-up", &form, "");
                    if answer.contains("location: /account") {
                        told.lock().unwrap().push(email);
                    }
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        while told.lock().unwrap().len() < 150 {
            thread::yield_now();
        }
        // SIGKILL, with four sign-ups under way.
        Command::new("kill").args(["-KILL", &server.process.id().to_string()]).status().unwrap();
        stop.store(true, Ordering::Relaxed);
    });
    server.process.wait().unwrap();
    let told = told.into_inner().unwrap();
    let (there, half, sound) = on_file(&server.file(), async |connection| {
        let there: Vec<String> =
            sqlx::query_scalar("SELECT email FROM users").fetch_all(&mut *connection).await.unwrap();
        let half: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions WHERE user_id NOT IN (SELECT id FROM users)")
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        let sound: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut *connection).await.unwrap();
        (there, half, sound)
    });
    assert_eq!((half, sound.as_str()), (0, "ok"));
    assert!(told.iter().all(|email| there.contains(email)), "{} were told, {} are there", told.len(), there.len());
    // Those who were not told may be there, but then they are whole: they can log in.
    let database = format!("sqlite://{}", server.file().display());
    let again = Server::start(&[("DATABASE_URL", &database)]);
    for email in there.iter().filter(|email| !told.contains(email)).chain(&told[..1]) {
        assert!(session(&log_in(&again, email)).is_some(), "{email}");
    }
}

#[test]
fn while_another_process_locks_the_database_reading_goes_on_and_writing_says_come_back() {
    let server = Server::start(&[]);
    let cookie = server.sign_up("alice@example.com");
    on_file(&server.file(), async |connection| {
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.unwrap();
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(30) {
            let answer = log_in(&server, "alice@example.com");
            assert!(is_refused_politely(&answer), "{answer}");
            assert!(server.get("/account", &cookie).contains("alice@example.com"));
            assert!(server.get("/api/ticketping/chat-jwt", &cookie).contains("200 OK"));
        }
        sqlx::query("ROLLBACK").execute(&mut *connection).await.unwrap();
    });
    assert!(session(&log_in(&server, "alice@example.com")).is_some());
}

#[test]
fn a_log_out_that_had_to_wait_for_the_database_is_final() {
    let server = Server::start(&[]);
    let cookie = server.sign_up("alice@example.com");
    let token = || server.get("/api/ticketping/chat-jwt", &cookie);
    let until = |status: &str| while !token().contains(status) {};
    let answer = std::thread::scope(|scope| {
        on_file(&server.file(), async |connection| {
            sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.unwrap();
            let log_out = scope.spawn(|| server.post("/api/auth/log-out", "", &cookie));
            until("401 Unauthorized");
            // Nobody has been told yet that it is over, and what was remembered of it is forgotten.
            until("200 OK");
            sqlx::query("ROLLBACK").execute(&mut *connection).await.unwrap();
            log_out.join().unwrap()
        })
    });
    assert!(answer.contains("303 See Other"), "{answer}");
    assert!(token().contains("401 Unauthorized"));
}

#[test]
fn a_database_file_that_was_taken_away_makes_the_server_not_ready() {
    let server = Server::start(&[]);
    assert!(server.get("/readyz", "").contains("200 OK"));
    fs::remove_file(server.file()).unwrap();
    assert!(server.get("/readyz", "").contains("503 Service Unavailable"));
    assert!(server.get("/healthz", "").contains("200 OK") && server.get("/", "").contains("200 OK"));
}

#[test]
fn a_database_that_was_cut_short_is_an_error_and_no_crash() {
    let server = Server::start(&[]);
    for end in ["", "-wal"] {
        let file = server.folder.path().join(format!("app.db{end}"));
        fs::OpenOptions::new().write(true).open(file).unwrap().set_len(100).unwrap();
    }
    // A session that only the database knows: it may well be there, so the browser keeps it.
    let cookie = "session=AAAAAAAAAAAAAAAAAAAAAA";
    for path in ["/readyz", "/account", "/", "/api/ticketping/chat-jwt"] {
        let answer = server.get(path, cookie);
        // What SQLite still has in memory it may still answer with.
        let refused = answer.contains("503 Service Unavailable");
        assert!(
            refused || answer.contains("200 OK") || answer.contains("303") || answer.contains("401"),
            "{path}: {answer}"
        );
        assert!(!refused || !answer.contains("set-cookie: session="), "{path}: {answer}");
        assert!(!answer.contains("sqlite") && !answer.contains("malformed"), "{path}: {answer}");
    }
    assert!(server.get("/login", "").contains("200 OK"));
    let database = format!("sqlite://{}", server.file().display());
    let output = run(&[("DATABASE_URL", &database)], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("app.db"), "{}", text(&output.stderr));
}

#[test]
fn a_database_that_may_only_be_read_is_read() {
    let before = Server::start(&[]);
    let cookie = before.sign_up("alice@example.com");
    let database = format!("sqlite://{}?mode=ro", before.file().display());
    let server = Server::start(&[("DATABASE_URL", &database)]);
    assert!(server.get("/account", &cookie).contains("alice@example.com"));
    let answer = log_in(&server, "alice@example.com");
    assert!(is_refused_politely(&answer), "{answer}");
}

#[test]
fn on_a_full_disk_reading_goes_on_writing_says_come_back_and_nothing_confirmed_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().display().to_string();
    let database = format!("sqlite://{disk}/app.db");
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
    let cookie = server.sign_up("alice@example.com");
    let seen = format!("/proc/{}/root{disk}", server.process.id());
    // Writes until it is full.
    let ballast = format!("{seen}/ballast");
    let full = fs::write(&ballast, vec![1; 4 << 20]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    let mut told = vec!["alice@example.com".to_owned()];
    let refused = (0..200).find_map(|n| {
        let email = format!("user{n}@example.com");
        let form = format!("email={email}&password={PASSWORD}");
        let answer = server.post("/api/auth/sign-up", &form, "");
        if session(&answer).is_some() {
            told.push(email);
            return None;
        }
        Some(answer)
    });
    assert!(refused.is_some_and(|answer| answer.contains("503 Service Unavailable")));
    assert!(server.get("/account", &cookie).contains("alice@example.com"));
    fs::remove_file(ballast).unwrap();
    for email in &told {
        assert!(session(&log_in(&server, email)).is_some(), "{email}");
    }
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
        let answer = server.send(request);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{shown:?}: {answer}");
    }
    // One request, however its length is told: what follows is not taken for a second.
    let smuggled = format!(
        "POST /login HTTP/1.1\r\n{host}Content-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /account HTTP/1.1\r\n{host}\r\n"
    );
    assert!(server.send(&smuggled).matches("HTTP/1.1 ").count() <= 1);
    assert!(server.get("/healthz", "").contains("200 OK"));
}

#[test]
fn a_clock_that_jumps_an_hour_ends_no_session_and_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    let set = |to: &str| fs::write(&clock, to).unwrap();
    set("+0");
    let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
    assert!(fs::exists(library).unwrap(), "scripts/test.sh installs faketime");
    let settings = [
        ("LD_PRELOAD", library),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let server = Server::start(&settings);
    let cookie = server.sign_up("alice@example.com");
    let mut hours = Vec::new();
    for jump in ["+0", "+3600", "-3600"] {
        set(jump);
        let answer = server.get("/api/ticketping/chat-jwt", &cookie);
        assert!(answer.contains("200 OK"), "{jump}: {answer}");
        // By the server's own time it has its whole life before it: that is what the browser goes by.
        let date = answer.split("date: ").nth(1).unwrap().split('\r').next().unwrap();
        let date = httpdate::parse_http_date(date).unwrap().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let jwt = answer.split(r#""jwt":""#).nth(1).unwrap().split('"').next().unwrap();
        let claims = jsonwebtoken::dangerous::insecure_decode::<serde_json::Value>(jwt).unwrap().claims;
        let expires = claims["exp"].as_u64().unwrap();
        assert!((299..=300).contains(&(expires - date)), "{jump}: {date} {expires}");
        hours.push(date / 1_800);
        assert!(server.get("/account", &cookie).contains("alice@example.com"), "{jump}");
        assert!(session(&log_in(&server, "alice@example.com")).is_some(), "{jump}");
    }
    hours.dedup();
    assert_eq!(hours.len(), 3, "the clock did not jump: {hours:?}");
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let mut server = Server::start(&[]);
    server.terminate();
    server.process.wait().unwrap();
    on_file(&server.file(), async |connection| {
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9999, 'later', TRUE, x'00', 1)",
        )
        .execute(connection)
        .await
        .unwrap();
    });
    let database = format!("sqlite://{}", server.file().display());
    let output = run(&[("DATABASE_URL", &database)], &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("newer version") && said.contains("9999"), "{said}");
}

#[test]
fn users_are_copied_to_another_database_with_their_passwords_and_ids() {
    let before = Server::start(&[]);
    before.sign_up("alice@example.com");
    before.sign_up("bob@example.com");
    let from = format!("sqlite://{}", before.file().display());
    let mut after = Server::start(&[]);
    after.sign_up("bob@example.com");
    after.terminate();
    after.process.wait().unwrap();
    let to = format!("sqlite://{}", after.file().display());
    let output = run(&[("DATABASE_URL", &to)], &["--copy-from", &from]);
    let said = text(&output.stdout);
    assert!(said.contains("Copied 1 users") && said.contains("1 were there already"), "{said}{}", text(&output.stderr));
    let ids = |server: &Server| {
        on_file(&server.file(), async |connection| {
            let query = "SELECT id FROM users WHERE email = 'alice@example.com'";
            sqlx::query_scalar::<_, String>(query).fetch_one(connection).await.unwrap()
        })
    };
    assert_eq!(ids(&before), ids(&after));
    let again = Server::start(&[("DATABASE_URL", &to)]);
    assert!(session(&log_in(&again, "alice@example.com")).is_some());
    let missing = run(&[("DATABASE_URL", &to)], &["--copy-from", "sqlite:///nowhere/app.db"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("/nowhere/app.db"));
}
