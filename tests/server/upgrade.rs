//! One version follows another, under load: `scripts/postgres.sh scripts/next-version.sh cargo test --test server upgrade
//! -- --ignored --test-threads 1`.

use std::{
    net::TcpListener,
    process::{Command, Output},
};

use crate::{
    support::{Balancer, Client, Database, PASSWORD, SECRET, Server, in_place_of, run, text, under_load, with_socket},
    two_machines::{machine, new_database, replace, settings},
};

/// The same command, of the next version.
fn next_version(command: Command) -> Command {
    let program = std::env::var("NEXT_VERSION").unwrap_or_else(|_| panic!("needs scripts/next-version.sh"));
    in_place_of(&command, Command::new(program))
}

fn is_told_that_the_database_is_newer(refused: &Output) {
    let error = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{error}");
    assert!(error.contains("was made by a newer version of this program"), "{error}");
}

/// What the next version's migration adds.
fn has_migrated(url: &str) -> bool {
    Database::open(url).query::<String>("SELECT next_version FROM users") == ["yes"]
}

#[test]
#[ignore = "needs the next version"]
fn an_upgrade_under_load_fails_no_request_and_the_way_back_is_the_backup_from_before() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (url, mail) = (format!("sqlite://{}", path("app.db")), format!("file://{}", path("mail")));
    let settings = [
        ("LEPTOS_SITE_ADDR", address.as_str()),
        ("DATABASE_URL", &url),
        ("MAIL_URL", &mail),
        ("TICKETPING_APP_ID", "app"),
        ("TICKETPING_TEAM_SLUG", "team"),
        ("TICKETPING_JWT_SECRET", SECRET),
    ];
    let start = |version: fn(Command) -> Command| {
        let mut server = Server::spawn_with(&settings, |command| with_socket(version(command), 1, &socket));
        server.address.clone_from(&address);
        server.wait_for("serving");
        server
    };
    let mut server = start(|old| old);
    let alice = server.signed_up("alice@example.com");
    let backup = run(&settings, &["--backup", &path("backup.db")]);
    assert!(backup.status.success(), "{}", text(&backup.stderr));

    let balancer = Balancer::before(&[&address]);
    let outcome = under_load(
        &balancer,
        &alice,
        |_, _| false,
        |more| {
            more(200);
            server.terminate();
            assert_eq!(server.process.wait().unwrap().code(), Some(0));
            server = start(next_version);
            more(200);
        },
    );
    assert_eq!(outcome.failed, [] as [String; 0]);
    assert!(has_migrated(&url));

    is_told_that_the_database_is_newer(&run(&settings, &[]));
    assert!(alice.is_signed_in(), "the newer version does not mind");

    server.terminate();
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
    std::fs::rename(path("app.db"), path("newer.db")).unwrap();
    let restored = run(&settings, &["--restore", &path("backup.db")]);
    assert!(restored.status.success(), "{}", text(&restored.stderr));
    let server = start(|old| old);
    assert!(!alice.is_signed_in());
    assert_eq!(server.client().log_in_with("alice@example.com", PASSWORD).location(), "/account");
}

#[test]
#[ignore = "needs PostgreSQL and the next version"]
fn machines_are_upgraded_one_after_the_other_under_load_and_no_request_fails() {
    let database = new_database();
    let (mut one, mut other) = (machine(&database), machine(&database));
    let alice = one.signed_up("alice@example.com");
    let everything_works = |server: &Server, email: &str| {
        let somebody: Client = server.signed_up(email);
        let renamed = somebody.post_and_follow("/api/auth/change-name", &[("name", "Somebody Else")]);
        assert!(renamed.body.contains("Somebody Else"), "{renamed:?}");
    };
    let balancer = Balancer::before(&[&one.address, &other.address]);
    let outcome = under_load(
        &balancer,
        &alice,
        |_, _| false,
        |more| {
            replace(&mut one, &database, next_version, more);
            assert!(has_migrated(&database));
            // Both versions on the new schema.
            everything_works(&one, "bob@example.com");
            everything_works(&other, "carol@example.com");
            replace(&mut other, &database, next_version, more);
        },
    );
    assert_eq!(outcome.failed, [] as [String; 0]);
    is_told_that_the_database_is_newer(&run(&settings(&database), &[]));
    assert!(alice.is_signed_in());
}
