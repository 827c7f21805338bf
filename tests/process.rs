//! The binary as an operator meets it: arguments, settings, exit codes, life and death.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Output, Stdio},
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

#[test]
fn sigterm_answers_what_is_under_way_and_exits_0() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("a.db").display());
    let settings = [("LEPTOS_SITE_ADDR", address.as_str()), ("DATABASE_URL", &database)];
    let mut server = binary(&settings, &[]).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(server.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("serving") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "it did not start");
    }
    // A log-in whose form is still on its way when the signal comes.
    let form = "email=a@example.com&password=wrong";
    let (first, rest) = form.split_at(10);
    let mut request = TcpStream::connect(&address).unwrap();
    let head = format!(
        "POST /api/auth/log-in HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        form.len()
    );
    request.write_all(head.as_bytes()).unwrap();
    // The server says that it is reading the form: the request is under way.
    let mut answers = BufReader::new(request.try_clone().unwrap());
    answers.read_line(&mut line).unwrap();
    assert!(line.contains("100 Continue"), "{line}");
    request.write_all(first.as_bytes()).unwrap();
    let terminate = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap();
    assert!(terminate.success());
    while !line.contains("stopping") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "it did not notice the signal");
    }
    request.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    answers.read_to_string(&mut answer).unwrap();
    assert!(answer.trim_start().starts_with("HTTP/1.1 303"), "{answer}");
    assert_eq!(server.wait().unwrap().code(), Some(0));
}
