//! The links in our mails: what each is worth, to whom, and for how long.

use ::http::{Method, StatusCode, header};

use crate::support::{Client, Mail, PASSWORD, TestApp, until};

const NEW_PASSWORD: &str = "another good password";
const SIGN_UP: &str = "/api/auth/sign-up";
const FORGOT: &str = "/api/auth/forgot-password";
const CHANGE_EMAIL: &str = "/api/auth/change-email";
const ALICE: &str = "alice@example.com";

fn signed_up(app: &TestApp, email: &str) -> Client {
    let client = app.client();
    assert_eq!(client.sign_up(email).location(), "/account");
    client
}

fn reset_mail(app: &TestApp, email: &str) -> std::sync::Arc<Mail> {
    app.client().mail_after(FORGOT, &[("email", email)], email)
}

/// The page says that its link does not work, whatever is wrong with it.
fn is_refused(app: &TestApp, mail: &Mail) -> bool {
    let page = app.client().get(&mail.path());
    let used = app.client().choose_password(mail, NEW_PASSWORD);
    let confirmed = app.client().post("/api/auth/confirm-email", &[("token", &mail.token())]);
    page.status == StatusCode::GONE
        && page.body.contains("This link does not work")
        && [used, confirmed].iter().all(|answer| answer.location() != "/account")
}

fn emails(app: &TestApp) -> Vec<String> {
    app.query("SELECT email FROM users ORDER BY email")
}

#[test]
fn there_is_no_account_and_no_session_before_the_link_is_used_and_then_both() {
    let app = TestApp::new();
    let browser = app.client();
    let fields = [("name", "Alice"), ("email", "Alice@Example.com")];
    let answer = browser.post(SIGN_UP, &fields);
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/check-mail"));
    let told = browser.get("/check-mail");
    assert!(told.body.contains("<strong class=\"address\">alice@example.com</strong>"), "{}", told.body);
    let mail = browser.next_mail(ALICE, 0);
    assert!(app.users() == 0 && browser.cookie("session").is_none());
    let page = browser.get(&mail.path());
    assert!(page.body.contains("Choose a password") && page.body.contains(ALICE), "{}", page.body);
    let done = browser.choose_password(&mail, PASSWORD);
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/account"));
    assert!(browser.get("/account").body.contains(r#"value="Alice""#));
}

#[test]
fn the_owner_of_an_address_sees_and_changes_the_name_that_somebody_signed_up_with() {
    let app = TestApp::new();
    let mail = app.client().mail_after(SIGN_UP, &[("name", "Call +1-555-SCAM"), ("email", ALICE)], ALICE);
    let browser = app.client();
    assert!(browser.get(&mail.path()).body.contains(r#"value="Call +1-555-SCAM""#));
    let token = mail.token();
    let bad = [("token", token.as_str()), ("password", PASSWORD), ("with_name", "true"), ("name", "A\u{202e}")];
    let page = browser.post_and_follow("/api/auth/choose-password", &bad);
    assert!(page.body.contains("without invisible characters"), "{}", page.body);
    let fields = [("token", token.as_str()), ("password", PASSWORD), ("with_name", "true"), ("name", "")];
    assert_eq!(browser.post("/api/auth/choose-password", &fields).location(), "/account");
    assert_eq!(app.query::<Option<String>>("SELECT name FROM users"), [None]);
}

#[test]
fn an_address_is_not_confirmed_by_a_session_from_before_a_new_password() {
    let app = TestApp::new();
    let thief = signed_up(&app, ALICE);
    let change = [("email", "thief@example.com"), ("current", PASSWORD)];
    let mail = thief.mail_after(CHANGE_EMAIL, &change, "thief@example.com");
    assert!(thief.is_signed_in());
    // Another machine has just changed the password, and this one has not heard of it.
    app.query::<String>("UPDATE users SET password_id = 'another' RETURNING id");
    thief.post("/api/auth/confirm-email", &[("token", &mail.token())]);
    assert_eq!(emails(&app), [ALICE]);
}

#[test]
fn verified_by_your_server_is_said_only_of_an_address_whose_owner_was_there() {
    let app = TestApp::new();
    // Somebody who does not read the mail of this address gets no account of it, by any form.
    let thief = signed_up(&app, "thief@example.com");
    thief.post(SIGN_UP, &[("email", "ceo@customer.com"), ("password", PASSWORD)]);
    thief.post(CHANGE_EMAIL, &[("email", "ceo@customer.com"), ("current", PASSWORD)]);
    for (form, fields) in [
        ("/api/auth/change-name", [("name", "Thief"), ("email", "ceo@customer.com")]),
        ("/api/auth/choose-password", [("password", PASSWORD), ("email", "ceo@customer.com")]),
        ("/api/auth/confirm-email", [("token", ""), ("email", "ceo@customer.com")]),
    ] {
        thief.post(form, &fields);
    }
    assert_eq!(emails(&app), ["thief@example.com"]);
    let home = thief.get("/").body;
    assert!(home.contains("verified by your server") && !home.contains("ceo@customer.com"));
    assert!(!app.client().get("/").body.contains("verified by your server"));
}

#[test]
fn looking_at_a_link_uses_nothing_up_and_the_form_uses_it_once() {
    let app = TestApp::new();
    let browser = app.client();
    let mail = browser.mail_after(SIGN_UP, &[("email", ALICE)], ALICE);
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        for _ in 0..3 {
            let scanner = app.client();
            scanner.send(scanner.request(method.clone(), &mail.path()).header(header::ACCEPT, "text/html"));
        }
    }
    assert_eq!(app.users(), 0);
    assert_eq!(browser.choose_password(&mail, "short").location(), mail.path(), "a refused password uses it up");
    // Two tabs with the same link, at once.
    let tabs = [app.client(), app.client()];
    let answers: Vec<String> = std::thread::scope(|scope| {
        let sent =
            tabs.each_ref().map(|tab| scope.spawn(|| tab.choose_password(&mail, PASSWORD).location().to_owned()));
        sent.map(|answer| answer.join().unwrap()).into()
    });
    assert_eq!(answers.iter().filter(|location| *location == "/account").count(), 1, "{answers:?}");
    assert!(is_refused(&app, &mail));
    assert_eq!(app.client().log_in(ALICE).location(), "/account", "the second use changed the password");
}

#[test]
fn a_newer_link_ends_the_older() {
    let app = TestApp::new();
    let older = app.client().mail_after(SIGN_UP, &[("email", ALICE)], ALICE);
    let newer = app.client().mail_after(SIGN_UP, &[("email", ALICE)], ALICE);
    assert!(is_refused(&app, &older));
    assert_eq!(app.client().choose_password(&newer, PASSWORD).location(), "/account");
    let (older, newer) = (reset_mail(&app, ALICE), reset_mail(&app, ALICE));
    assert!(is_refused(&app, &older));
    assert_eq!(app.client().choose_password(&newer, NEW_PASSWORD).location(), "/account");
}

#[test]
fn a_link_works_for_an_hour() {
    let app = TestApp::new();
    let mail = app.client().mail_after(SIGN_UP, &[("email", ALICE)], ALICE);
    let left = app.query::<i64>("SELECT expires_at FROM links")[0]
        - i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    assert!((3_590..=3_600).contains(&left), "{left}");
    app.runtime.block_on(sqlx::query("UPDATE links SET expires_at = expires_at - 3601").execute(&app.pool)).unwrap();
    assert!(is_refused(&app, &mail));
    assert_eq!(app.users(), 0);
}

#[test]
fn malformed_and_foreign_links_lead_to_one_page_with_a_way_to_a_new_one() {
    let app = TestApp::new();
    let alice = signed_up(&app, ALICE);
    let change = [("email", "new@example.com"), ("current", PASSWORD)];
    let change = alice.mail_after(CHANGE_EMAIL, &change, "new@example.com");
    // The notice to the old address has a link of the same kind.
    alice.next_mail(ALICE, 1);
    let reset = reset_mail(&app, ALICE);
    let long = format!("/choose-password?token={}", "a".repeat(5_000));
    for path in [
        "/choose-password",
        "/choose-password?token=",
        "/choose-password?token=%ff%00'\"<script>",
        "/choose-password?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        &long,
        &change.path().replace("confirm-email", "choose-password"),
        &reset.path().replace("choose-password", "confirm-email"),
    ] {
        let page = app.client().get(path);
        assert_eq!(page.status, StatusCode::GONE, "{path}");
        assert!(page.body.contains("This link does not work") && page.body.contains("href=\"/forgot\""), "{path}");
        assert!(!page.body.contains("<script>\"") && !page.body.contains("name=\"token\""), "{path}");
    }
    // Each form leaves the other's link as it is.
    assert_ne!(app.client().choose_password(&change, NEW_PASSWORD).location(), "/account");
    assert_ne!(app.client().post("/api/auth/confirm-email", &[("token", &reset.token())]).location(), "/account");
    assert_eq!(app.client().choose_password(&reset, NEW_PASSWORD).location(), "/account");
}

#[test]
fn an_address_that_was_taken_between_mail_and_click_is_not_taken_again() {
    let app = TestApp::new();
    let mail = app.client().mail_after(SIGN_UP, &[("email", "new@example.com")], "new@example.com");
    let alice = signed_up(&app, ALICE);
    let change = [("email", "new@example.com"), ("current", PASSWORD)];
    let changed = alice.mail_after(CHANGE_EMAIL, &change, "new@example.com");
    alice.post("/api/auth/confirm-email", &[("token", &changed.token())]);
    assert_eq!(emails(&app), ["new@example.com"]);
    assert_ne!(app.client().choose_password(&mail, NEW_PASSWORD).location(), "/account");
    assert!(is_refused(&app, &mail));
    assert_eq!(app.client().log_in("new@example.com").location(), "/account");
    // And the other way round.
    let before = app.mailbox.to("new@example.com").len();
    let change = [("email", "other@example.com"), ("current", PASSWORD)];
    let changed = alice.mail_after(CHANGE_EMAIL, &change, "other@example.com");
    signed_up(&app, "other@example.com");
    alice.next_mail("new@example.com", before);
    let reset = reset_mail(&app, "new@example.com");
    alice.post("/api/auth/confirm-email", &[("token", &changed.token())]);
    assert_eq!(emails(&app), ["new@example.com", "other@example.com"]);
    assert_eq!(app.client().choose_password(&reset, NEW_PASSWORD).location(), "/account", "her other link has ended");
}

#[test]
fn a_reset_ends_every_session_signs_in_and_tells_the_owner() {
    let app = TestApp::new();
    let thief = signed_up(&app, ALICE);
    let change = [("email", "thief@example.com"), ("current", PASSWORD)];
    let stolen = thief.mail_after(CHANGE_EMAIL, &change, "thief@example.com");
    // The notice of it.
    app.client().next_mail(ALICE, 1);
    let mail = reset_mail(&app, ALICE);
    let owner = app.client();
    // Another change that a mail server is slow with.
    let late =
        "INSERT INTO outbox SELECT 'late', 'change_email', 'late@example.com', id, NULL, 1, 0, 9000000000 FROM users";
    app.runtime.block_on(sqlx::query(late).execute(&app.pool)).unwrap();
    let before = app.mailbox.to(ALICE).len();
    assert!(owner.get(&mail.path()).body.contains("Choose a new password"));
    assert_eq!(owner.choose_password(&mail, NEW_PASSWORD).location(), "/account");
    assert!(owner.is_signed_in() && !thief.is_signed_in());
    assert!(owner.next_mail(ALICE, before).subject.contains("was changed"));
    assert_eq!(app.client().log_in(ALICE).location(), "/login");
    assert!(is_refused(&app, &stolen), "a change of address that a thief asked for outlives the reset");
    assert_eq!(app.query::<i64>("SELECT count(*) FROM outbox WHERE kind = 'change_email'"), [0]);
}

#[test]
fn an_unknown_address_gets_no_mail_for_a_forgotten_password() {
    let app = TestApp::new();
    signed_up(&app, ALICE);
    assert_eq!(app.client().post(FORGOT, &[("email", "nobody@example.com")]).location(), "/check-mail");
    // One that was asked for later has arrived.
    reset_mail(&app, ALICE);
    assert!(app.mailbox.to("nobody@example.com").is_empty());
}

#[test]
fn known_and_unknown_addresses_get_the_same_answer() {
    let app = TestApp::new();
    signed_up(&app, ALICE);
    for form in [SIGN_UP, FORGOT] {
        let answers = [ALICE, "nobody@example.com"].map(|email| {
            let browser = app.client();
            let mut answer = browser.post(form, &[("email", email)]);
            let page = browser.get("/check-mail").body.replace(email, "");
            for name in ["date", "x-request-id", "set-cookie"] {
                let value = answer.headers.remove(name).unwrap();
                assert!(name != "set-cookie" || value.to_str().unwrap().starts_with("form="));
            }
            let nonce = page.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
            (answer.status, answer.headers, answer.body, page.replace(&nonce, ""))
        });
        assert_eq!(answers[0].0, answers[1].0);
        assert_eq!(answers[0].1, answers[1].1);
        assert_eq!((&answers[0].2, answers[0].3.len()), (&answers[1].2, answers[1].3.len()));
    }
}

#[test]
fn an_address_changes_once_its_owner_has_confirmed_it_and_the_token_with_it() {
    let app = TestApp::new();
    let alice = signed_up(&app, ALICE);
    let id = app.query::<String>("SELECT id FROM users");
    let page = alice.post_and_follow(CHANGE_EMAIL, &[("email", "new@example.com"), ("current", "not it")]);
    assert!(page.body.contains("This is not your password") && page.body.contains(r#"value="new@example.com""#));
    for (email, sentence) in [(" Alice@example.com", "already your address"), ("nonsense", "such as alice@")] {
        let page = alice.post_and_follow(CHANGE_EMAIL, &[("email", email), ("current", PASSWORD)]);
        assert!(page.body.contains(sentence), "{sentence}");
    }
    assert!(app.mailbox.to("new@example.com").is_empty());
    let before = app.mailbox.to(ALICE).len();
    let fields = [("email", " New@Example.com"), ("current", PASSWORD)];
    let mail = alice.mail_after(CHANGE_EMAIL, &fields, "new@example.com");
    let notice = alice.next_mail(ALICE, before);
    assert!(notice.says("asked to use another address") && notice.url().contains("/choose-password?token="));
    let email_in_token = || {
        let jwt = alice.token().body.split(r#""jwt":""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
        let claims = jsonwebtoken::dangerous::insecure_decode::<serde_json::Value>(jwt).unwrap().claims;
        claims["email"].as_str().unwrap().to_owned()
    };
    assert_eq!(email_in_token(), ALICE);
    // Anyone else who opens the mail would give their address to a stranger's account.
    let bob = signed_up(&app, "bob@example.com");
    for stranger in [&app.client(), &bob] {
        let page = stranger.get(&mail.path());
        assert!(page.status == StatusCode::OK && page.body.contains("Log in first"), "{}", page.body);
        let is_bob = page.body.contains("bob@example.com");
        assert_eq!(page.body.contains("another account asked for"), is_bob, "{}", page.body);
        assert_ne!(stranger.post("/api/auth/confirm-email", &[("token", &mail.token())]).location(), "/account");
    }
    assert_eq!(email_in_token(), ALICE);
    assert!(alice.get(&mail.path()).body.contains("new@example.com"));
    assert_eq!(alice.post("/api/auth/confirm-email", &[("token", &mail.token())]).location(), "/account");
    assert_eq!(email_in_token(), "new@example.com");
    assert_eq!(app.query::<String>("SELECT id FROM users WHERE email = 'new@example.com'"), id);
    assert_eq!(app.client().log_in("new@example.com").location(), "/account");
    assert_eq!(app.client().log_in(ALICE).location(), "/login");
    assert!(is_refused(&app, &notice), "the old address opens the account of the new one");
}

#[test]
fn the_owner_of_the_old_address_stops_a_change_that_was_not_theirs() {
    let app = TestApp::new();
    let thief = signed_up(&app, ALICE);
    let before = app.mailbox.to(ALICE).len();
    let fields = [("email", "thief@example.com"), ("current", PASSWORD)];
    let stolen = thief.mail_after(CHANGE_EMAIL, &fields, "thief@example.com");
    let notice = app.client().next_mail(ALICE, before);
    assert_eq!(app.client().choose_password(&notice, NEW_PASSWORD).location(), "/account");
    assert!(!thief.is_signed_in() && is_refused(&app, &stolen));
    assert_eq!(emails(&app), [ALICE]);
}

#[test]
fn a_change_to_somebody_elses_address_tells_only_them() {
    let app = TestApp::new();
    signed_up(&app, "bob@example.com");
    let alice = signed_up(&app, ALICE);
    let change_to = |email| alice.mail_after(CHANGE_EMAIL, &[("email", email), ("current", PASSWORD)], email);
    let before = change_to("nobody@example.com");
    let mail = change_to("bob@example.com");
    assert!(mail.subject.contains("You already have an account"), "{}", mail.subject);
    // What Alice can see is what she would see of an address without an account: the link before has ended.
    assert!(is_refused(&app, &before));
    assert!(!alice.get("/api/auth/export").body.contains("bob@"));
    // The link is Bob's: it opens his account and leaves Alice's alone.
    let bob = app.client();
    assert_eq!(bob.choose_password(&mail, NEW_PASSWORD).location(), "/account");
    assert!(bob.get("/account").body.contains("bob@example.com") && alice.is_signed_in());
    assert_eq!(emails(&app), [ALICE, "bob@example.com"]);
}

#[test]
fn no_token_is_in_the_database_a_referrer_a_cache_or_a_cookie() {
    let app = TestApp::new();
    let browser = app.client();
    let mail = browser.mail_after(SIGN_UP, &[("email", ALICE)], ALICE);
    let stored = app.query::<String>("SELECT token_hash || purpose || subject FROM links");
    assert!(!stored[0].contains(&mail.token()));
    let page = browser.get(&mail.path());
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["referrer-policy"], "strict-origin");
    // The widget would tell Ticketping the page's address.
    assert!(!page.body.contains("TicketpingPageData") && !page.body.contains("app-1"), "{}", page.body);
    assert!(browser.get("/").body.contains("app-1"));
    // Nor on the pages that stand in for it when something fails.
    let written = [
        ("password?", "password/?"),
        ("?", "%3F"),
        ("token", "%74oken"),
        ("token", "TOKEN"),
        ("choose-password?", "choose%2Dpassword%3F"),
        ("/choose-password?", "//choose-password%3F"),
    ];
    for (right, wrong) in written {
        assert!(!browser.get(&mail.path().replace(right, wrong)).body.contains("app-1"), "{wrong}");
    }
    let refused = browser.choose_password(&mail, "short");
    assert!(!refused.set_cookie("form").unwrap().contains(&mail.token()));
    let again = browser.get(refused.location());
    assert!(again.body.contains("Use at least 8 characters") && again.status == StatusCode::UNPROCESSABLE_ENTITY);
}

#[test]
fn a_link_leads_to_the_public_url_whatever_the_request_said() {
    let app = TestApp::with(&[("PUBLIC_URL", "https://app.example.com")]);
    let client = app.client();
    let request = client.form(SIGN_UP, format!("email={ALICE}")).header("origin", "https://app.example.com");
    let request = request.header(header::HOST, "evil.example").header("x-forwarded-host", "evil.example");
    assert_eq!(client.send(request.header("forwarded", "host=evil.example")).location(), "/check-mail");
    let mail = client.next_mail(ALICE, 0);
    assert!(mail.url().starts_with("https://app.example.com/choose-password?token="), "{}", mail.url());
    assert!(!mail.raw.contains("evil.example"));
}

#[test]
fn an_account_that_is_disabled_is_nobodys_until_it_is_enabled() {
    let app = TestApp::new();
    let alice = signed_up(&app, ALICE);
    let mail = reset_mail(&app, ALICE);
    let set = |sql: &'static str| app.runtime.block_on(sqlx::query(sql).execute(&app.pool)).unwrap();
    set("UPDATE users SET disabled_at = 1");
    // What is in memory counts for a few seconds.
    until("signed out", || alice.copy().token().status != StatusCode::OK);
    let page = app.client().post_and_follow("/api/auth/log-in", &[("email", ALICE), ("password", PASSWORD)]);
    assert!(page.body.contains("This account is disabled"), "{}", page.body);
    let wrong = app.client().post_and_follow("/api/auth/log-in", &[("email", ALICE), ("password", "not it")]);
    assert!(wrong.body.contains("Email or password is wrong"), "a stranger learns that it is disabled");
    assert_ne!(app.client().choose_password(&mail, NEW_PASSWORD).location(), "/account");
    set("UPDATE users SET disabled_at = NULL");
    assert_eq!(app.client().log_in(ALICE).location(), "/account");
}
