//! Mail servers that work, and those that do not: nobody waits for them, and no mail is lost.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use ::http::StatusCode;
use tempfile::TempDir;

use crate::support::{Database, Mailbox, PASSWORD, Server, run, text, until};

const ALICE: &str = "alice@example.com";

/// A mail server in a process of its own.
struct Smtp {
    process: Child,
    port: String,
    folder: TempDir,
}

impl Smtp {
    fn start(behaviour: &str) -> Self {
        Self::start_with(behaviour, &[])
    }

    fn start_with(behaviour: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new("node")
            .args(["tests/server/smtp.mjs", folder.path().to_str().unwrap(), behaviour])
            .args(more)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { process, port: port.trim().to_owned(), folder }
    }

    fn url(&self) -> String {
        format!("smtp://app:s3cret%20word@localhost:{}", self.port)
    }

    fn mailbox(&self) -> Mailbox {
        Mailbox(self.folder.path().to_owned())
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _status = self.process.wait();
    }
}

/// A key and a certificate for `localhost`.
fn certificate(folder: &Path) -> (String, String) {
    let file = |name: &str| folder.join(name).display().to_string();
    let (key, certificate) = (file("key.pem"), file("certificate.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", &key, "-out", &certificate])
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    (key, certificate)
}

fn ask(server: &Server, email: &str) {
    let answer = server.client().post("/api/auth/sign-up", &[("email", email)]);
    assert_eq!(answer.location(), "/check-mail", "{answer:?}");
}

/// What waits, as if its next try had come.
fn try_again(url: &str) {
    Database::open(url).execute("UPDATE outbox SET next_try_at = 0");
}

fn waiting(server: &Server) -> i64 {
    Database::open(&server.url()).query("SELECT count(*) FROM outbox")[0]
}

/// Everything but mail goes on.
fn works_without_mail(server: &Server) {
    assert!(server.is_ready());
    assert_eq!(server.client().get("/login").status, StatusCode::OK);
    assert_eq!(server.client().log_in("nobody@example.com").location(), "/login");
}

#[test]
fn a_folder_of_mails_is_for_the_servers_own_user() {
    let server = Server::start(&[]);
    server.signed_up(ALICE);
    let folder = &server.mailbox.0;
    let files = fs::read_dir(folder).unwrap().map(|file| (file.unwrap().path(), 0o600)).collect::<Vec<_>>();
    assert!(!files.is_empty());
    for (path, expected) in files.into_iter().chain([(folder.clone(), 0o700)]) {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, expected, "{}", path.display());
    }
}

#[test]
fn a_mail_server_gets_mails_over_starttls_and_its_password_never_without() {
    let folder = tempfile::tempdir().unwrap();
    let (key, certificate) = certificate(folder.path());
    let smtp = Smtp::start_with("works", &["0", &key, &certificate]);
    let settings = [("MAIL_URL", smtp.url()), ("SSL_CERT_FILE", certificate)];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut server = Server::start(&settings);
    server.mailbox = smtp.mailbox();
    assert_eq!(server.client().sign_up(ALICE).location(), "/account");
    let names = fs::read_dir(smtp.folder.path()).unwrap().map(|file| file.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["secure-1.eml"]);
    let checked = run(&settings, &["--check", "--connect"]);
    assert!(text(&checked.stdout).contains("mail can be sent"), "{}", text(&checked.stderr));
}

#[test]
fn a_mail_server_whose_certificate_nobody_vouches_for_gets_nothing_and_the_mail_is_kept() {
    let smtp = Smtp::start("works");
    let url = smtp.url();
    let mut server = Server::start(&[("MAIL_URL", &url)]);
    ask(&server, ALICE);
    server.wait_for("a mail could not be sent");
    works_without_mail(&server);
    assert_eq!(waiting(&server), 1);
    assert!(smtp.mailbox().mails().is_empty());
    let checked = run(&[("MAIL_URL", &url)], &["--check", "--connect"]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(!text(&checked.stderr).contains("s3cret"), "{}", text(&checked.stderr));
}

#[test]
fn a_mail_server_that_says_nothing_keeps_nobody_waiting() {
    let smtp = Smtp::start("hangs");
    let url = smtp.url();
    let server = Server::start(&[("MAIL_URL", &url)]);
    for n in 0..20 {
        ask(&server, &format!("user{n}@example.com"));
    }
    works_without_mail(&server);
    assert_eq!(waiting(&server), 20);
    server.terminate();
}

#[test]
fn a_mail_that_a_server_was_away_for_is_sent_once_it_is_back_and_the_log_says_it_once() {
    let gone = Smtp::start("plain");
    let (url, port) = (gone.url().replace("app:s3cret%20word@", ""), gone.port.clone());
    drop(gone);
    let mut server = Server::start(&[("MAIL_URL", &url)]);
    for n in 0..5 {
        ask(&server, &format!("user{n}@example.com"));
    }
    server.wait_for("a mail could not be sent");
    works_without_mail(&server);
    let back = Smtp::start_with("plain", &[&port]);
    try_again(&server.url());
    // Five more failures would stand before it.
    let mut line = String::new();
    while !line.contains("mails are sent again") {
        line.clear();
        server.log.read_line(&mut line).unwrap();
        assert!(!line.contains("could not be sent"), "{line}");
    }
    for n in 0..5 {
        let client = server.client();
        let mailbox = back.mailbox();
        let email = format!("user{n}@example.com");
        until(&email, || {
            assert!(server.is_ready());
            !mailbox.to(&email).is_empty()
        });
        assert_eq!(client.choose_password(&mailbox.to(&email)[0], PASSWORD).location(), "/account");
    }
}

#[test]
fn a_mail_that_was_promised_before_a_crash_is_sent_by_the_next_process() {
    let gone = Smtp::start("plain");
    let url = gone.url();
    drop(gone);
    let mut before = Server::start(&[("MAIL_URL", &url)]);
    ask(&before, ALICE);
    // It has been taken to be sent, and the process that took it dies.
    before.wait_for("a mail could not be sent");
    before.process.kill().unwrap();
    before.process.wait().unwrap();
    let database = before.url();
    let after = Server::start(&[("DATABASE_URL", &database)]);
    try_again(&database);
    let client = after.client();
    let mail = client.next_mail(ALICE, 0);
    assert_eq!(client.choose_password(&mail, PASSWORD).location(), "/account");
}

#[test]
fn a_mail_whose_delivery_was_not_confirmed_is_sent_again_under_another_id_and_its_link_is_the_one_that_works() {
    let swallows = Smtp::start("swallows");
    let url = swallows.url().replace("app:s3cret%20word@", "");
    let mut server = Server::start(&[("MAIL_URL", &url)]);
    ask(&server, ALICE);
    server.wait_for("a mail could not be sent");
    let first = swallows.mailbox().to(ALICE).remove(0);
    let again = Smtp::start_with("plain", &[&swallows.port]);
    try_again(&server.url());
    until("sent again", || {
        assert!(server.is_ready());
        !again.mailbox().to(ALICE).is_empty()
    });
    let second = again.mailbox().to(ALICE).remove(0);
    let id = |raw: &str| raw.lines().find(|line| line.starts_with("Message-ID: ")).unwrap().to_owned();
    // A mailbox that drops a mail it knows would keep the one whose link is dead.
    assert_ne!(id(&first.raw), id(&second.raw));
    let client = server.client();
    assert_ne!(client.choose_password(&first, PASSWORD).location(), "/account", "the older link");
    assert_eq!(client.choose_password(&second, PASSWORD).location(), "/account");
}

#[test]
fn a_slow_mail_holds_up_no_other_and_a_refusal_ends_only_a_mail_to_a_mailbox_that_is_not_there() {
    let smtp = Smtp::start("picky");
    let url = smtp.url().replace("app:s3cret%20word@", "");
    let mut server = Server::start(&[("MAIL_URL", &url)]);
    ask(&server, "slow@example.com");
    ask(&server, "ghost@example.com");
    ask(&server, "policy@example.com");
    for n in 0..12 {
        ask(&server, &format!("user{n}@example.com"));
    }
    for n in 0..12 {
        let email = format!("user{n}@example.com");
        until(&email, || {
            assert!(server.is_ready());
            !smtp.mailbox().to(&email).is_empty()
        });
    }
    let left = || Database::open(&server.url()).query::<String>("SELECT email FROM outbox ORDER BY email");
    until("ghost's mail was refused", || left() == ["policy@example.com", "slow@example.com"]);
    server.terminate();
    let mut log = String::new();
    server.log.read_to_string(&mut log).unwrap();
    assert!(log.contains("a mail was refused") && log.contains("answered 550: there is no such mailbox"), "{log}");
    assert!(!log.contains("ghost"), "{log}");
}

#[test]
fn after_a_day_a_mail_is_given_up_and_the_log_says_so() {
    let gone = Smtp::start("plain");
    let url = gone.url();
    drop(gone);
    let mut server = Server::start(&[("MAIL_URL", &url)]);
    ask(&server, ALICE);
    server.wait_for("a mail could not be sent");
    Database::open(&server.url()).execute("UPDATE outbox SET next_try_at = 0, created_at = created_at - 86400");
    server.wait_for("a mail was given up after a day");
    until("given up", || waiting(&server) == 0);
}

#[test]
fn a_crash_between_two_steps_of_a_link_leaves_all_or_nothing() {
    let server = Server::start(&[]);
    let client = server.client();
    let mail = client.mail_after("/api/auth/sign-up", &[("email", ALICE)], ALICE);
    let mut database = Database::open(&server.url());
    let mut fails_on = |table: &str| {
        database.execute(&format!(
            "CREATE TRIGGER fails BEFORE INSERT ON {table} BEGIN SELECT raise(ABORT, 'as after a crash'); END"
        ));
        let answer = client.choose_password(&mail, PASSWORD);
        assert!(answer.says_come_back(), "{answer:?}");
        database.execute("DROP TRIGGER fails");
    };
    fails_on("users");
    assert_eq!(client.choose_password(&mail, PASSWORD).location(), "/account", "the link is used up");
    // The password is set, and the mail about it cannot be promised: neither happens.
    let mail = client.mail_after("/api/auth/forgot-password", &[("email", ALICE)], ALICE);
    let mut database = Database::open(&server.url());
    database.execute("CREATE TRIGGER fails BEFORE INSERT ON outbox BEGIN SELECT raise(ABORT, 'as after a crash'); END");
    assert!(server.client().choose_password(&mail, "another good password").says_come_back());
    database.execute("DROP TRIGGER fails");
    assert_eq!(server.client().log_in(ALICE).location(), "/account", "the old password is gone");
    assert_eq!(server.client().choose_password(&mail, "another good password").location(), "/account");
}

#[test]
fn an_operator_lists_users_ends_sessions_disables_and_hands_out_a_link() {
    let server = Server::start(&[]);
    let alice = server.signed_up(ALICE);
    server.signed_up("bob@example.com");
    let database = server.url();
    let origin = format!("http://{}", server.address);
    let settings = [("DATABASE_URL", database.as_str()), ("PUBLIC_URL", &origin)];
    let operate = |arguments: &[&str]| {
        let output = run(&settings, arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let log = text(&output.stderr);
        assert!(log.contains("security: event=") && log.contains("client=command_line"), "{log}");
        assert!(!log.contains(ALICE) && !log.contains("token="), "{log}");
        text(&output.stdout)
    };
    // What is in memory counts for a few seconds.
    let is_out = || until("signed out", || alice.copy().token().status != StatusCode::OK);
    let listed = operate(&["users"]);
    assert!(listed.contains(ALICE) && listed.contains("bob@example.com") && listed.contains("2 users."), "{listed}");
    let listed = operate(&["users", "Alice@"]);
    let id = listed.split_whitespace().next().unwrap();
    assert!(listed.contains("1 users.") && operate(&["users", &id[..20]]).contains(ALICE), "{listed}");

    assert!(operate(&["end-sessions", ALICE]).contains("Sessions ended: 1."));
    is_out();
    alice.log_in(ALICE);
    let unchanged = run(&settings, &["remove-factors", ALICE]);
    assert!(text(&unchanged.stdout).contains("has no second factor"), "{}", text(&unchanged.stderr));
    assert!(alice.is_signed_in());
    assert!(operate(&["disable", id]).contains("is disabled"));
    is_out();
    let refused = alice.post_and_follow("/api/auth/log-in", &[("email", ALICE), ("password", PASSWORD)]);
    assert!(refused.body.contains("This account is disabled"));
    assert!(operate(&["users", ALICE]).contains("disabled"));
    let in_vain = run(&settings, &["reset-link", ALICE]);
    assert!(in_vain.status.code() == Some(1) && text(&in_vain.stderr).contains("`enable` first"));
    assert!(operate(&["enable", ALICE]).contains("can log in"));
    assert_eq!(alice.log_in(ALICE).location(), "/account");

    let printed = operate(&["reset-link", ALICE]);
    let token = printed.split("/choose-password?token=").nth(1).unwrap().trim();
    let fields = [("token", token), ("password", "another good password")];
    assert_eq!(server.client().post("/api/auth/choose-password", &fields).location(), "/account");
    assert_eq!(server.client().log_in_with(ALICE, "another good password").location(), "/account");

    let mistyped = run(&[("DATABASE_URL", "sqlite:///tmp/no-such/app.db")], &["users"]);
    assert!(
        mistyped.status.code() == Some(1)
            && text(&mistyped.stderr).contains("there is no database of this server at /tmp/no-such/app.db")
    );
    let unknown = run(&settings, &["disable", "nobody@example.com"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("there is no user"), "{}", text(&unknown.stderr));
}
