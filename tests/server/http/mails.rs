//! The mails themselves: who gets which, and what is in it.

use std::thread;

use ::http::StatusCode;

use ticketping_leptos::site::APP_NAME;

use crate::support::{PASSWORD, TestApp, until};

const ALICE: &str = "alice@example.com";

#[test]
fn every_mail_is_plain_text_with_one_link_and_the_same_in_html() {
    let app = TestApp::new();
    let alice = app.client();
    alice.sign_up(ALICE);
    alice.mail_after("/api/auth/sign-up", &[("email", ALICE)], ALICE);
    alice.mail_after("/api/auth/forgot-password", &[("email", ALICE)], ALICE);
    let change = [("email", "new@example.com"), ("current", PASSWORD)];
    alice.mail_after("/api/auth/change-email", &change, "new@example.com");
    alice.post("/api/auth/change-password", &[("current", PASSWORD), ("password", "another good password")]);
    alice.post("/api/auth/remove-account", &[("current", "another good password")]);
    // Sign-up, known address, reset, notice of the change, new password, removal.
    alice.next_mail(ALICE, 5);
    let mails = app.mailbox.mails();
    assert_eq!(mails.len(), 7);
    for mail in &mails {
        let (url, raw) = (mail.url(), &mail.raw);
        assert!(url.starts_with(&format!("{}/", app.origin())) && url.contains("?token="), "{url}");
        assert!(mail.html.contains(&format!("href=\"{url}\"")), "{}", mail.html);
        // As it is, so that no program breaks it.
        assert!(raw.contains(&format!("\r\n{url}\r\n")), "{raw}");
        assert!(raw.contains(&format!("From: \"{APP_NAME}\" <no-reply@")) && raw.contains("Auto-Submitted: "), "{raw}");
        assert_eq!(raw.matches("Message-ID: <").count(), 1, "{raw}");
    }
    let mut tokens: Vec<String> = mails.iter().map(|mail| mail.token()).collect();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 7);
    assert!(tokens.iter().all(|token| token.len() == 43));
}

#[test]
fn the_mail_about_a_removed_account_leads_back_and_ends_no_link_of_somebody_who_has_come_back() {
    let app = TestApp::new();
    let alice = app.client();
    alice.sign_up(ALICE);
    alice.post("/api/auth/remove-account", &[("current", PASSWORD)]);
    let mail = alice.next_mail(ALICE, 1);
    assert!(mail.says("was removed"), "{}", mail.text);
    assert_eq!(alice.choose_password(&mail, PASSWORD).location(), "/account");
    // They ask for an account before the mail about the removal of theirs is sent.
    alice.post("/api/auth/remove-account", &[("current", PASSWORD)]);
    alice.next_mail(ALICE, 2);
    let back = app.client().mail_after("/api/auth/sign-up", &[("email", ALICE)], ALICE);
    let late = "INSERT INTO outbox VALUES ('late', 'account_removed', 'alice@example.com', 'an id', NULL, 0, 0, 0)";
    app.runtime.block_on(sqlx::query(late).execute(&app.pool)).unwrap();
    let before = app.mailbox.to(ALICE).len();
    assert!(app.client().next_mail(ALICE, before).url().ends_with("/signup"));
    assert_eq!(app.client().choose_password(&back, PASSWORD).location(), "/account");
}

#[test]
fn a_known_address_hears_that_it_has_an_account_and_nothing_a_stranger_typed() {
    let app = TestApp::new();
    app.client().sign_up(ALICE);
    let fields = [("name", "Win a prize at evil.example"), ("email", ALICE)];
    let known = app.client().mail_after("/api/auth/sign-up", &fields, ALICE);
    assert!(known.says("It already has an account: log in"), "{}", known.text);
    let new = [("name", "Win a prize at evil.example"), ("email", "bob@example.com")];
    let new = app.client().mail_after("/api/auth/sign-up", &new, "bob@example.com");
    for mail in [known, new] {
        assert!(!mail.raw.contains("prize") && !mail.raw.contains("evil.example"), "{}", mail.raw);
    }
    assert_eq!(app.users(), 1);
}

#[test]
fn nothing_that_is_typed_writes_a_header() {
    let app = TestApp::new();
    for email in [
        "alice@example.com\r\nBcc: eve@example.com",
        "\"a\r\nBcc: eve@example.com\"@example.com",
        "Alice <alice@example.com>",
        "alice@example.com, eve@example.com",
    ] {
        let page = app.client().post_and_follow("/api/auth/sign-up", &[("email", email)]);
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{email}");
    }
    let page = app.client().post_and_follow("/api/auth/sign-up", &[("name", "A\r\nBcc: eve"), ("email", ALICE)]);
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(app.query::<i64>("SELECT count(*) FROM outbox"), [0]);
    assert!(app.mailbox.mails().is_empty());
}

#[test]
fn a_mailbox_is_not_flooded_and_the_refusal_is_the_same_for_everyone() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "1")]);
    app.client().sign_up(ALICE);
    let refusals = [ALICE, "nobody@example.com"].map(|email| {
        for n in 0..5 {
            let answer = app.client().post("/api/auth/forgot-password", &[("email", email)]);
            assert_eq!(answer.location(), "/check-mail", "{email} {n}");
        }
        let refused = app.client().post("/api/auth/forgot-password", &[("email", email)]);
        assert!(refused.body.contains("Too many attempts"), "{}", refused.body);
        (refused.status, refused.headers.contains_key("retry-after"))
    });
    assert_eq!(refusals, [(StatusCode::TOO_MANY_REQUESTS, true); 2]);
    // Nobody keeps a newcomer from signing up.
    assert_eq!(app.client().sign_up("nobody@example.com").location(), "/account");
}

#[test]
fn mails_that_are_too_many_for_now_wait_and_an_owner_hears_of_changes_at_once() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "0.05"), ("TRUSTED_PROXIES", "127.0.0.1/32")]);
    let alice = app.client();
    alice.sign_up(ALICE);
    for n in 0..40 {
        let client = app.client();
        let form = client.form("/api/auth/sign-up", format!("email=person{n}@example.com"));
        let answer = client.send(form.header("x-forwarded-for", format!("2001:db8:{n:x}::1")));
        assert_eq!(answer.location(), "/check-mail", "{answer:?}");
    }
    until("thirty mails have left", || app.mailbox.mails().len() >= 30);
    alice.post("/api/auth/change-password", &[("current", PASSWORD), ("password", "another good password")]);
    assert!(alice.next_mail(ALICE, 1).subject.contains("was changed"));
    assert!(app.mailbox.mails().len() < 35, "all have left");
    let waiting = app.query::<i64>("SELECT count(*) FROM outbox WHERE kind = 'sign_up' AND tries = 0");
    assert!(waiting[0] > 5, "{waiting:?}");
}

#[test]
fn the_sandbox_has_a_mailbox_and_no_other_server_has() {
    let sandbox = TestApp::sandbox();
    let browser = sandbox.client();
    assert!(browser.get("/sandbox/mail").body.contains("No mail yet."));
    assert_eq!(browser.post("/api/auth/sign-up", &[("email", ALICE)]).location(), "/check-mail");
    assert!(browser.get("/check-mail").body.contains("Open the mailbox"));
    // Without waiting: the mailbox sends what was promised first.
    let mailbox = browser.get("/sandbox/mail");
    assert!(mailbox.body.contains(ALICE) && mailbox.headers["cache-control"] == "no-store", "{}", mailbox.body);
    let path = mailbox.body.split(&format!("href=\"{}", sandbox.origin())).nth(1).unwrap().split('"').next().unwrap();
    assert!(browser.get(path).body.contains("Choose a password"), "{path}");
    assert_eq!(TestApp::new().client().get("/sandbox/mail").status, StatusCode::NOT_FOUND);
}

#[test]
fn everyone_finds_their_mail_in_the_mailbox_although_many_look_at_once() {
    let sandbox = TestApp::sandbox();
    // Again and again: it depends on who comes first.
    for round in 0..15 {
        thread::scope(|scope| {
            for n in 0..4 {
                let browser = sandbox.client();
                scope.spawn(move || {
                    let email = format!("person{n}.{round}@example.com");
                    browser.post("/api/auth/sign-up", &[("email", &email)]);
                    assert!(browser.get("/sandbox/mail").body.contains(&email), "{email}");
                });
            }
        });
    }
}
