//! The account page: profile, password, devices, removal. All of it forms.

use ::http::StatusCode;

use crate::support::{Client, PASSWORD, TestApp, until};

const NEW_PASSWORD: &str = "another good password";

fn signed_in(app: &TestApp) -> Client {
    let client = app.client();
    client.log_in("alice@example.com");
    client
}

#[test]
fn a_new_password_ends_every_other_session_and_keeps_this_one_under_a_new_id() {
    let app = TestApp::new();
    let here = app.client();
    here.sign_up("alice@example.com");
    let (there, copy) = (signed_in(&app), here.copy());
    let fields = [("current", PASSWORD), ("password", NEW_PASSWORD)];
    let page = here.post_and_follow("/api/auth/change-password", &fields);
    assert!(page.body.contains("Changed. Every other device was logged out."), "{}", page.body);
    assert_ne!(here.cookie("session"), copy.cookie("session"));
    assert!(here.is_signed_in());
    assert!(!there.is_signed_in());
    assert!(!copy.is_signed_in(), "the old id still works");
    assert_eq!(app.client().log_in_with("alice@example.com", NEW_PASSWORD).location(), "/account");
    assert_eq!(app.client().log_in("alice@example.com").location(), "/login");
}

#[test]
fn a_new_password_needs_the_current_one_and_keeps_the_rules() {
    let app = TestApp::new();
    let browser = app.client();
    browser.sign_up("alice@example.com");
    for (current, password, sentence) in [
        ("not the password", NEW_PASSWORD, "This is not your password"),
        (PASSWORD, "short", "Use at least 8 characters"),
        (PASSWORD, "alice@example.com", "not your email"),
    ] {
        let fields = [("current", current), ("password", password)];
        let page = browser.post_and_follow("/api/auth/change-password", &fields);
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.body.contains(sentence) && page.body.contains(r#"role="alert""#), "{sentence}");
    }
    assert_eq!(app.client().log_in("alice@example.com").location(), "/account");
}

#[test]
fn the_name_changes_and_one_that_deceives_is_refused() {
    let app = TestApp::new();
    let browser = app.client();
    browser.sign_up("alice@example.com");
    let page = browser.post_and_follow("/api/auth/change-name", &[("name", " Alice B ")]);
    assert!(page.body.contains("Saved.") && page.body.contains(r#"value="Alice B""#), "{}", page.body);
    let page = browser.post_and_follow("/api/auth/change-name", &[("name", "Support\u{202e}team")]);
    assert!(page.body.contains("without invisible characters"), "{}", page.body);
    assert_eq!(app.query::<Option<String>>("SELECT name FROM users"), [Some("Alice B".to_owned())]);
    browser.post_and_follow("/api/auth/change-name", &[("name", "")]);
    assert_eq!(app.query::<Option<String>>("SELECT name FROM users"), [None]);
}

#[test]
fn everything_that_is_kept_about_the_user_is_in_their_file_and_nothing_that_opens_the_account() {
    let app = TestApp::new();
    let browser = app.client();
    browser.sign_up("alice@example.com");
    app.client().sign_up("bob@example.com");
    let change = [("email", "new@example.com"), ("current", PASSWORD)];
    let mail = browser.mail_after("/api/auth/change-email", &change, "new@example.com");
    browser.next_mail("alice@example.com", 1);
    let file = browser.get("/api/auth/export");
    assert_eq!(file.headers["content-disposition"], r#"attachment; filename="account.json""#);
    assert_eq!(file.headers["cache-control"], "no-store");
    let account: serde_json::Value = serde_json::from_str(&file.body).unwrap();
    assert_eq!((&account["email"], &account["name"]), (&"alice@example.com".into(), &"Alice".into()));
    assert_eq!(account["sessions"][0]["browser"], "A browser on an unknown system");
    // That of the notice. How long a mail to the new address takes would tell whether it has an account.
    assert_eq!((&account["links"][0]["purpose"], &account["links"][1]), (&"reset".into(), &serde_json::Value::Null));
    for secret in ["argon2", "new@example.com", "bob@", &mail.token(), &browser.cookie("session").unwrap()] {
        assert!(!file.body.contains(secret), "{secret}");
    }
    assert_eq!(app.client().get("/api/auth/export").status, StatusCode::UNAUTHORIZED);
}

#[test]
fn the_list_of_sessions_ends_one_or_all_others_at_once() {
    let app = TestApp::new();
    let here = app.client();
    here.sign_up("alice@example.com");
    let (second, third) = (signed_in(&app), signed_in(&app));
    let page = here.get("/account");
    assert_eq!(page.body.matches("This device").count(), 1);
    let others: Vec<&str> = page.body.split(r#"name="session" value=""#).skip(1).map(|rest| &rest[..64]).collect();
    assert_eq!(others.len(), 2);
    for browser in [&here, &second, &third] {
        let id = browser.cookie("session").unwrap();
        assert!(!page.body.contains(&id), "a session id is in the page");
        assert!(!app.query::<String>("SELECT id FROM sessions").contains(&id), "a session id is in the database");
    }
    here.post_and_follow("/api/auth/end-sessions", &[("session", others[0])]);
    assert_eq!(u8::from(second.is_signed_in()) + u8::from(third.is_signed_in()), 1);
    here.post_and_follow("/api/auth/end-sessions", &[]);
    assert!(!second.is_signed_in() && !third.is_signed_in());
    assert!(here.is_signed_in());
}

#[test]
fn a_user_is_logged_in_in_fifty_browsers_at_most_and_one_more_ends_what_was_unused_for_the_longest() {
    let app = TestApp::new();
    let unused = app.client();
    unused.sign_up("alice@example.com");
    app.query::<String>("UPDATE sessions SET last_seen_at = last_seen_at - 300 RETURNING id");
    let used = signed_in(&app);
    for n in 2..50 {
        app.query::<String>(&format!(
            "INSERT INTO sessions SELECT '{n:064x}', user_id, browser, data, created_at, last_seen_at, expires_at \
             FROM sessions ORDER BY last_seen_at DESC LIMIT 1 RETURNING id"
        ));
    }
    assert!(unused.is_signed_in());
    let one_more = signed_in(&app);
    assert_eq!(app.query::<i64>("SELECT count(*) FROM sessions"), [50]);
    assert!(!unused.is_signed_in() && used.is_signed_in() && one_more.is_signed_in());
}

#[test]
fn nobody_ends_another_users_session() {
    let app = TestApp::new();
    let (alice, bob) = (app.client(), app.client());
    alice.sign_up("alice@example.com");
    bob.sign_up("bob@example.com");
    let session = app.query::<String>(
        "SELECT sessions.id FROM sessions JOIN users ON users.id = user_id WHERE email = 'alice@example.com'",
    );
    bob.post_and_follow("/api/auth/end-sessions", &[("session", &session[0])]);
    assert!(alice.is_signed_in());
}

#[test]
fn removing_the_account_takes_every_trace_and_needs_the_password() {
    let app = TestApp::new();
    let here = app.client();
    here.sign_up("alice@example.com");
    let there = signed_in(&app);
    let id = app.query::<String>("SELECT id FROM users");
    let page = here.post_and_follow("/api/auth/remove-account", &[("current", "not the password")]);
    assert!(page.body.contains("This is not your password"));
    assert_eq!(app.users(), 1);
    let gone = here.post("/api/auth/remove-account", &[("current", PASSWORD)]);
    assert_eq!(gone.location(), "/");
    assert!(here.get("/").body.contains("Your account was removed."));
    assert!(gone.set_cookie("ticketping_chat_jwt").is_some_and(|cookie| cookie.contains("Max-Age=0")));
    assert!(!here.is_signed_in() && !there.is_signed_in());
    let mail = here.next_mail("alice@example.com", 1);
    assert!(mail.subject.contains("was removed") && mail.text.contains(&id[0]), "{}", mail.text);
    for table in ["users", "sessions", "links WHERE user_id IS NOT NULL", "outbox"] {
        let count = format!("SELECT count(*) FROM {table}");
        // The mail is deleted once it is sent.
        until(table, || table != "outbox" || app.query::<i64>(&count) == [0]);
        assert_eq!(app.query::<i64>(&count), [0], "{table}");
    }
}

#[test]
fn logging_out_and_in_again_leaves_one_session() {
    let app = TestApp::new();
    let browser = app.client();
    browser.sign_up("alice@example.com");
    browser.post("/api/auth/log-out", &[]);
    browser.log_in("alice@example.com");
    browser.log_in("alice@example.com");
    assert_eq!(app.query::<i64>("SELECT count(*) FROM sessions"), [1]);
}

#[test]
fn without_a_session_none_of_it_does_anything() {
    let app = TestApp::new();
    app.client().sign_up("alice@example.com");
    for form in ["change-name", "change-email", "change-password", "end-sessions", "remove-account", "sessions"] {
        let fields = [("current", PASSWORD), ("password", NEW_PASSWORD), ("email", "new@example.com")];
        let page = app.client().post(&format!("/api/auth/{form}"), &fields);
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{form}");
    }
    assert_eq!(app.client().log_in("alice@example.com").location(), "/account");
}

#[test]
fn a_form_of_an_account_that_was_just_removed_elsewhere_says_so() {
    let app = TestApp::new();
    let alice = app.client();
    alice.sign_up("alice@example.com");
    assert_eq!(alice.token().status, StatusCode::OK);
    app.query::<String>("DELETE FROM users RETURNING id");
    // For some seconds she is in memory.
    assert_eq!(alice.post("/api/auth/start-app", &[("current", PASSWORD)]).status, StatusCode::UNAUTHORIZED);
}

#[test]
fn of_two_new_passwords_at_once_one_counts_and_only_one_is_told_so() {
    let app = TestApp::new();
    let one = app.client();
    one.sign_up("alice@example.com");
    let other = signed_in(&app);
    let change = |client: &Client, password: &str| {
        let answer = client.post("/api/auth/change-password", &[("current", PASSWORD), ("password", password)]);
        answer.status == StatusCode::SEE_OTHER
    };
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| change(&one, NEW_PASSWORD));
        let second = scope.spawn(|| change(&other, "kitchen window blue"));
        (first.join().unwrap(), second.join().unwrap())
    });
    assert!(first != second, "{first} {second}");
    let works = |password: &str| app.client().log_in_with("alice@example.com", password).location() == "/account";
    assert_eq!((works(NEW_PASSWORD), works("kitchen window blue")), (first, second));
}
