//! Arguments and settings: what is wrong is one sentence, and an exit code.

use std::{
    ffi::OsStr,
    fs::{self, Permissions},
    net::TcpListener,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    process::Stdio,
};

use crate::support::{Database, binary, run, text};

#[test]
fn help_lists_every_setting() {
    let output = run(&[], &["--help"]);
    assert!(output.status.success());
    for name in ticketping_leptos::server::config::SETTINGS.map(|setting| setting.name) {
        assert!(text(&output.stdout).contains(name), "{name}");
    }
}

#[test]
fn check_exits_0_when_all_is_well_and_2_with_every_problem_named() {
    assert_eq!(run(&[("TICKETPING_SANDBOX", "true")], &["--check"]).status.code(), Some(0));
    // It looks at nothing but the settings.
    let folder = tempfile::tempdir().unwrap().path().join("mails");
    let mails = format!("file://{}", folder.display());
    assert_eq!(run(&[("TICKETPING_SANDBOX", "true"), ("MAIL_URL", &mails)], &["--check"]).status.code(), Some(0));
    assert!(!folder.exists());
    let bad = run(&[("TICKETPING_SANDBOX", "false"), ("LOG_FORMAT", "xml")], &["--check"]);
    assert_eq!(bad.status.code(), Some(2));
    for name in ["TICKETPING_APP_ID", "TICKETPING_TEAM_SLUG", "TICKETPING_JWT_SECRET", "MAIL_URL", "LOG_FORMAT"] {
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
fn a_file_that_is_no_database_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    fs::write(&file, "no database").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    for path in [&file, folder.path()] {
        let before = path.metadata().unwrap().permissions();
        let output = run(&[("DATABASE_URL", &format!("sqlite://{}", path.display()))], &["users"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("is not a SQLite database"), "{}", text(&output.stderr));
        assert_eq!(path.metadata().unwrap().permissions(), before);
    }
}

#[test]
fn a_database_of_another_program_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.db");
    let url = format!("sqlite://{}", file.display());
    fs::write(&file, "").unwrap();
    Database::open(&url).execute("CREATE TABLE notes (text TEXT)");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let before = fs::read(&file).unwrap();
    // A server that took it would end at its address.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&[("DATABASE_URL", &url), ("LEPTOS_SITE_ADDR", &address)], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("is not a SQLite database of this server"), "{}", text(&output.stderr));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o644);
    assert!(fs::read(&file).unwrap() == before, "it was changed");
    let listed = run(&[("DATABASE_URL", &url)], &["users"]);
    assert!(text(&listed.stderr).contains("of this server"), "{}", text(&listed.stderr));
}

#[test]
fn a_reader_that_has_gone_is_no_crash() {
    let mut child = binary(&[], &["--help"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
}

#[test]
fn what_is_not_utf8_is_named() {
    let bytes = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    let output = binary(&[], &["--check"]).env("TRUSTED_PROXIES", bytes(b"127.0.0.1/32\xff")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("TRUSTED_PROXIES is not UTF-8"), "{}", text(&output.stderr));
    let output = binary(&[], &["--backup"]).arg(bytes(b"\xff")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("an argument is not UTF-8"), "{}", text(&output.stderr));
}

#[test]
fn a_host_that_no_mail_can_come_from_is_a_problem_with_a_name() {
    let output = run(&[("PUBLIC_URL", "https://*.example.com")], &["--check"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("MAIL_FROM is missing"), "{}", text(&output.stderr));
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
    let said = text(&output.stderr);
    let about: Vec<_> = said.lines().filter(|line| line.contains(&address)).collect();
    assert!(about.len() == 1 && !said.contains("panicked"), "{said}");
}

#[test]
fn a_server_that_cannot_be_reached_is_named_without_its_password() {
    let output = run(&[("DATABASE_URL", "postgres://app:s3cret-words@127.0.0.1:1/app")], &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains("postgres://127.0.0.1:1/app") && said.contains("refused") && !said.contains("s3cret"),
        "{said}"
    );
}

#[test]
fn a_line_of_dot_env_that_cannot_be_read_is_an_error_and_not_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), "LOG_FORMAT=json\nMAIL_URL=smtps://app:s3cret word@mail.example.com\n")
        .unwrap();
    let output = binary(&[], &["--check"]).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains(".env has a line") && !said.contains("s3cret"), "{said}");
}

#[test]
fn commands_for_the_database_need_no_other_setting() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let url = format!("sqlite://{}", path("app.db"));
    let settings = [("DATABASE_URL", url.as_str()), ("TICKETPING_SANDBOX", "false")];
    fs::write(path("url"), format!("sqlite://{}", path("from.db"))).unwrap();
    let missing = run(&settings, &["--backup", &path("backup.db")]);
    assert!(text(&missing.stderr).contains("there is no database of this server at"), "{}", text(&missing.stderr));
    let copied = run(&settings, &["--copy-from", &path("url")]);
    assert!(text(&copied.stderr).contains("from.db"), "{}", text(&copied.stderr));
}
