//! The binary as an operator meets it: arguments, settings, exit codes, life and death.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStderr, Command, Output, Stdio},
};

fn binary(settings: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ticketping-leptos"));
    command.env_clear().envs(settings.iter().copied()).args(arguments).current_dir(std::env::temp_dir());
    command
}

fn run(settings: &[(&str, &str)], arguments: &[&str]) -> Output {
    binary(settings, arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn help_lists_every_setting() {
    let output = run(&[], &["--help"]);
    assert!(output.status.success());
    for (name, ..) in ticketping_leptos::server::config::SETTINGS {
        assert!(text(&output.stdout).contains(name), "{name}");
    }
}

#[test]
fn check_exits_0_when_all_is_well_and_2_with_every_problem_named() {
    assert_eq!(run(&[("TICKETPING_SANDBOX", "true")], &["--check"]).status.code(), Some(0));
    let bad = run(&[("TICKETPING_SANDBOX", "false"), ("LOG_FORMAT", "xml")], &["--check"]);
    assert_eq!(bad.status.code(), Some(2));
    for name in ["TICKETPING_APP_ID", "TICKETPING_TEAM_SLUG", "TICKETPING_JWT_SECRET", "LOG_FORMAT"] {
        assert!(text(&bad.stderr).contains(name), "{name}");
    }
}

#[test]
fn the_server_does_not_start_with_a_bad_configuration() {
    let output = run(&[("TICKETPING_JWT_SECRET", "changeme")], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("TICKETPING_JWT_SECRET must be at least 32 bytes"));
}

#[test]
fn an_unknown_argument_is_explained() {
    let output = run(&[], &["--serve"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--help"));
}

#[test]
fn a_database_that_cannot_be_written_is_one_sentence_with_its_path() {
    let output = run(&[("DATABASE_URL", "sqlite:///proc/nowhere/app.db")], &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("/proc/nowhere"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_taken_address_is_one_sentence_with_the_address() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("a.db").display());
    let settings = [("LEPTOS_SITE_ADDR", address.as_str()), ("DATABASE_URL", &database)];
    let output = run(&settings, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(&address));
}

struct Server {
    process: Child,
    log: BufReader<ChildStderr>,
    address: String,
    _folder: tempfile::TempDir,
}

impl Server {
    /// A server of its own on a free port; it is ready.
    fn start(settings: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}", folder.path().join("a.db").display());
        let mut all = vec![("LEPTOS_SITE_ADDR", address.as_str()), ("DATABASE_URL", &database)];
        all.extend_from_slice(settings);
        let mut process = binary(&all, &[]).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        let mut server = Self { process, log, address, _folder: folder };
        server.wait_for("serving");
        server
    }

    /// Reads the log up to a line with this word.
    fn wait_for(&mut self, word: &str) {
        let mut line = String::new();
        while !line.contains(word) {
            line.clear();
            assert!(self.log.read_line(&mut line).unwrap() > 0, "the log ended without {word:?}");
        }
    }

    fn send(&self, request: &str) -> String {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        connection.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn post(&self, path: &str, form: &str, cookie: &str) -> String {
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\nConnection: close\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
            self.address,
            form.len()
        ))
    }

    fn get(&self, path: &str, cookie: &str) -> String {
        let host = &self.address;
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"))
    }

    fn terminate(&self) {
        assert!(Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().unwrap().success());
    }
}

#[test]
fn no_log_line_at_any_level_holds_a_cookie_token_password_or_email() {
    let mut server = Server::start(&[("RUST_LOG", "trace")]);
    let form = "name=Tracy&email=tracy.mail@example.com&password=tracys+secret+words";
    let answer = server.post("/api/auth/sign-up", form, "");
    let session = answer.split("session=").nth(1).unwrap().split(';').next().unwrap().to_owned();
    let cookie = format!("session={session}");
    let answer = server.get("/api/ticketping/chat-jwt", &cookie);
    let jwt = answer.split(r#""jwt":""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(server.get(&format!("/sandbox/api/v1/jwt/auth/?jwt={jwt}&team=sandbox"), &cookie).contains("200 OK"));
    assert!(server.get("/account", &cookie).contains("tracy.mail"));
    server.post("/api/auth/log-in", "email=tracy.mail@example.com&password=tracys+wrong+words", "");
    server.post("/api/auth/log-out", "", &cookie);
    server.terminate();
    let mut log = String::new();
    server.log.read_to_string(&mut log).unwrap();
    assert!(log.contains("/api/auth/log-out") && log.contains("status=303"), "{log}");
    for secret in [session.as_str(), &jwt, "tracy.mail", "tracys", "Tracy"] {
        assert!(!log.contains(secret), "{secret} is in the log");
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
