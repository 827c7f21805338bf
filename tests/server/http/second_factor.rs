//! Authenticator apps, recovery codes, and what a user does who has lost them. Passkeys need a browser: `passkeys.spec.ts`.

use ::http::{Method, StatusCode, header};
use ticketping_leptos::server::command_line::OperatorCommand;

use crate::support::{Client, PASSWORD, TestApp, between, code, code_at, until};

const ALICE: &str = "alice@example.com";
const HALF_A_MINUTE: u64 = 30;

/// Alice with an app and recovery codes. The code of now is used up: her next one is that of half a minute later.
fn with_app(app: &TestApp) -> (Client, String, Vec<String>) {
    let alice = app.client();
    alice.sign_up(ALICE);
    let before = app.mailbox.to(ALICE).len();
    let (secret, page) = alice.turn_on_app();
    // Each change has its mail, and a test that waits for another one is not to take it for that.
    alice.next_mail(ALICE, before);
    let codes: Vec<String> = page.body.split("<li><code>").skip(1).map(|rest| rest[..27].to_owned()).collect();
    assert_eq!(codes.len(), 8, "{}", page.body);
    let page = alice.post_and_follow("/api/auth/confirm-recovery-codes", &[]);
    assert!(page.body.contains("You have 8 recovery codes left."), "{}", page.body);
    alice.next_mail(ALICE, before + 1);
    (alice, secret, codes)
}

fn enter(client: &Client, code: &str) -> String {
    client.post("/api/auth/enter-code", &[("code", code)]).location().to_owned()
}

#[test]
fn with_an_app_the_password_alone_opens_no_session_and_a_code_works_once() {
    let app = TestApp::new();
    let (_, secret, _) = with_app(&app);
    let browser = app.client();
    assert_eq!(browser.log_in(ALICE).location(), "/second-factor");
    assert!(!browser.is_signed_in());
    assert_eq!(browser.token().status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.get("/account").location(), "/login?next=/account");
    assert_eq!(enter(&browser, "000000"), "/second-factor");
    let page = browser.get("/second-factor");
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("This code is wrong") && page.body.contains(r#"role="alert""#), "{}", page.body);
    let step = app.query::<i64>("SELECT last_step FROM factors WHERE kind = 'app'")[0].unsigned_abs();
    let used_before = code_at(&secret, step * HALF_A_MINUTE);
    assert_eq!(enter(&browser, &used_before), "/second-factor", "the code that turned it on works again");
    browser.get("/second-factor");
    let right = code(&secret, HALF_A_MINUTE);
    assert_eq!(enter(&browser, &right), "/account");
    assert!(browser.is_signed_in());
    assert_eq!(browser.cookie("pending"), None);

    let thief = app.client();
    thief.log_in(ALICE);
    assert_eq!(enter(&thief, &right), "/second-factor", "a code that was seen works again");
    assert!(!thief.is_signed_in());
}

#[test]
fn where_the_user_was_going_and_remember_me_outlast_the_second_step() {
    let app = TestApp::new();
    let (_, _, codes) = with_app(&app);
    let browser = app.client();
    let fields = [("email", ALICE), ("password", PASSWORD), ("remember", "true"), ("next", "/?from=mail")];
    assert_eq!(browser.post("/api/auth/log-in", &fields).location(), "/second-factor");
    let answer = browser.post("/api/auth/enter-code", &[("code", &codes[0])]);
    assert_eq!(answer.location(), "/?from=mail");
    assert!(answer.set_cookie("session").unwrap().contains("Max-Age="));
}

#[test]
fn a_recovery_code_works_once_however_it_is_typed_and_for_its_user_only() {
    let app = TestApp::new();
    let (_, _, codes) = with_app(&app);
    let browser = app.client();
    browser.log_in(ALICE);
    assert_eq!(enter(&browser, &codes[0].to_uppercase().replace('-', " ")), "/account");
    assert!(browser.get("/account").body.contains("You have 7 recovery codes left."));
    let thief = app.client();
    thief.log_in(ALICE);
    assert_eq!(enter(&thief, &codes[0]), "/second-factor");
    assert!(!thief.is_signed_in());

    let bob = app.client();
    bob.sign_up("bob@example.com");
    bob.post("/api/auth/start-app", &[("current", PASSWORD)]);
    assert_eq!(enter(&bob, &codes[1]), "/second-factor", "Alice's code is good for Bob");
    let stored = app.query::<String>("SELECT id FROM factors WHERE kind = 'recovery_code'");
    assert!(stored.len() == 7 && !stored.iter().any(|id| codes.iter().any(|code| id.contains(&code[..6]))));
}

#[test]
fn a_log_in_that_waits_for_its_code_ends_with_a_new_password_and_cannot_be_made_up() {
    let app = TestApp::new();
    let (alice, _, codes) = with_app(&app);
    let thief = app.client();
    thief.log_in(ALICE);
    let page = alice
        .post_and_follow("/api/auth/change-password", &[("current", PASSWORD), ("password", "blue kitchen window")]);
    assert!(page.body.contains("Changed."), "{}", page.body);
    assert_eq!(enter(&thief, &codes[0]), "/login");
    assert!(thief.get("/login").body.contains("Log in again"));
    assert_eq!(thief.post("/api/auth/lose-factors", &[]).location(), "/login");
    assert!(thief.get("/login").body.contains("Log in again"));
    let forger = app.client();
    forger.set_cookie("pending", "eyJhbGciOiJub25lIn0.e30.");
    assert_eq!(enter(&forger, &codes[0]), "/login");
    assert_eq!(forger.get("/second-factor").location(), "/login");
}

#[test]
fn a_log_in_that_waits_for_its_code_ends_with_the_sessions_that_an_operator_ends() {
    let app = TestApp::new();
    let (_, _, codes) = with_app(&app);
    let thief = app.client();
    thief.log_in(ALICE);
    app.operate(&OperatorCommand::EndSessions(ALICE.to_owned()));
    assert_eq!(enter(&thief, &codes[0]), "/login");
    assert_eq!(app.client().log_in(ALICE).location(), "/second-factor");
}

#[test]
fn what_is_dangerous_needs_the_second_factor_again_after_ten_minutes() {
    let app = TestApp::new();
    let (alice, _, codes) = with_app(&app);
    // They are shown and made valid within the same ten minutes.
    assert_eq!(
        alice.post("/api/auth/start-recovery-codes", &[("current", PASSWORD)]).location(),
        "/account/recovery-codes"
    );
    assert!(alice.get("/account/recovery-codes").body.contains("<li><code>"));
    let age = "UPDATE sessions SET data = replace(data, 'confirmed_at', 'confirmed_once') RETURNING id";
    assert_eq!(app.query::<String>(age).len(), 1);
    // For some seconds the session is in memory as it was.
    until("asked to confirm", || alice.get("/account").body.contains("Confirm that it is you"));
    let page = alice.get("/account");
    assert!(!page.body.contains("New email"), "{}", page.body);
    for (form, fields) in [
        ("change-password", vec![("current", PASSWORD), ("password", "blue kitchen window")]),
        ("change-email", vec![("current", PASSWORD), ("email", "eve@example.com")]),
        ("remove-account", vec![("current", PASSWORD)]),
        ("start-app", vec![("current", PASSWORD)]),
        ("start-recovery-codes", vec![("current", PASSWORD)]),
        ("remove-factor", vec![("current", PASSWORD), ("factor", "app x")]),
        ("end-sessions", vec![]),
        ("keep-factors", vec![]),
    ] {
        let page = alice.post_and_follow(&format!("/api/auth/{form}"), &fields);
        assert!(page.body.contains("First confirm that it is you"), "{form}: {}", page.body);
    }
    let second_step = "/second-factor?next=%2Faccount%2Frecovery%2Dcodes";
    assert_eq!(alice.get("/account/recovery-codes").location(), second_step);
    assert_eq!(alice.post("/api/auth/confirm-recovery-codes", &[]).location(), second_step);
    assert!(!page.body.contains("Download"), "{}", page.body);
    assert_eq!(alice.get("/api/auth/export").status, StatusCode::FORBIDDEN);
    assert_eq!(app.users(), 1);
    let before = alice.cookie("session");
    let answer = alice.post("/api/auth/enter-code", &[("code", &codes[0]), ("next", "/account/recovery-codes")]);
    assert_eq!(answer.location(), "/account/recovery-codes");
    assert_ne!(alice.cookie("session"), before, "the session keeps its id");
    let page = alice.get("/account/recovery-codes");
    let new = page.body.split("<li><code>").nth(1).unwrap()[..27].to_owned();
    assert_eq!(alice.post("/api/auth/confirm-recovery-codes", &[]).location(), "/account");
    alice.log_out();
    alice.log_in(ALICE);
    assert_eq!(enter(&alice, &new), "/account");
    assert!(alice.get("/account").body.contains("New email"));
}

#[test]
fn a_new_password_by_mail_does_not_get_past_the_second_factor() {
    let app = TestApp::new();
    let (_, _, codes) = with_app(&app);
    let reader_of_mail = app.client();
    let mail = reader_of_mail.mail_after("/api/auth/forgot-password", &[("email", ALICE)], ALICE);
    let fields = [("token", mail.token()), ("password", "blue kitchen window".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(reader_of_mail.post("/api/auth/choose-password", &fields).location(), "/second-factor");
    assert!(!reader_of_mail.is_signed_in());
    assert_eq!(enter(&reader_of_mail, &codes[0]), "/account");
}

#[test]
fn lost_factors_end_after_three_days_and_the_owner_hears_of_it_and_can_stop_it() {
    let app = TestApp::new();
    let (alice, secret, _) = with_app(&app);
    let somebody = app.client();
    somebody.log_in(ALICE);
    let lose = || {
        let before = app.mailbox.to(ALICE).len();
        assert_eq!(somebody.post("/api/auth/lose-factors", &[]).location(), "/second-factor");
        somebody.next_mail(ALICE, before)
    };
    let mail = lose();
    assert!(mail.subject.contains("was reported lost"), "{}", mail.subject);
    assert!(somebody.get("/second-factor").body.contains("the password alone will open this account"));
    assert!(alice.get("/account").body.contains("Someone who knows your password reported your second factor as lost"));
    assert_eq!(app.client().log_in(ALICE).location(), "/second-factor", "at once");

    let pass = |seconds: i64| {
        let sql =
            format!("UPDATE factors SET created_at = created_at - {seconds} WHERE kind = 'recovery' RETURNING id");
        assert_eq!(app.query::<String>(&sql).len(), 1);
    };
    pass(3 * 24 * 60 * 60 - 60);
    assert_eq!(app.client().log_in(ALICE).location(), "/second-factor", "a minute too early");
    // The owner shows a code: nothing is lost.
    let owner = app.client();
    owner.log_in(ALICE);
    assert_eq!(enter(&owner, &code(&secret, HALF_A_MINUTE)), "/account");
    let said = "someone who knew your password reported your second factor as lost";
    assert!(owner.get("/account").body.contains(said), "the owner is not told that it was said");
    assert_eq!(app.client().log_in(ALICE).location(), "/second-factor");
    owner.post("/api/auth/keep-factors", &[]);
    assert!(!owner.get("/account").body.contains(said), "it is said again after it was read");

    lose();
    alice.post("/api/auth/keep-factors", &[]);
    assert!(app.query::<String>("SELECT id FROM factors WHERE kind = 'recovery'").is_empty());

    // A new password ends it too, and its owner still reads that it was said: two of it leave one line.
    lose();
    let before = app.mailbox.to(ALICE).len();
    app.client().post("/api/auth/forgot-password", &[("email", ALICE)]);
    let reset = app.client();
    let mail = reset.next_mail(ALICE, before);
    reset.choose_password(&mail, PASSWORD);
    assert!(app.query::<String>("SELECT id FROM factors WHERE kind = 'recovery'").is_empty());
    assert_eq!(app.query::<String>("SELECT id FROM factors WHERE kind = 'stopped_recovery'").len(), 1);
    somebody.log_in(ALICE);

    lose();
    pass(3 * 24 * 60 * 60);
    let (late, before) = (app.client(), app.mailbox.to(ALICE).len());
    assert_eq!(late.log_in(ALICE).location(), "/account");
    assert!(late.next_mail(ALICE, before).subject.contains("second factor"));
    assert!(app.query::<String>("SELECT id FROM factors").is_empty());
}

#[test]
fn codes_are_limited_by_account_and_the_owner_hears_that_the_password_is_known() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "1")]);
    let (alice, _, codes) = with_app(&app);
    let thief = app.client();
    thief.log_in(ALICE);
    let before = app.mailbox.to(ALICE).len();
    for n in 0..10 {
        assert_eq!(enter(&thief, "000000"), "/second-factor");
        if n == 2 {
            assert!(alice.next_mail(ALICE, before).subject.contains("is trying codes"));
        }
    }
    let refused = thief.post("/api/auth/enter-code", &[("code", &codes[0])]);
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    // The form again: who has lost their app sees where else to go.
    assert!(refused.body.contains("Too many attempts.") && refused.body.contains(r#"name="code""#), "{}", refused.body);
    assert_eq!(app.mailbox.to(ALICE).len(), before + 1);
}

#[test]
fn the_owner_hears_of_codes_that_are_tried_in_a_session() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "1")]);
    let (alice, _, _) = with_app(&app);
    let thief = alice.copy();
    let before = app.mailbox.to(ALICE).len();
    for _ in 0..3 {
        assert_eq!(enter(&thief, "000000"), "/second-factor");
    }
    assert!(alice.next_mail(ALICE, before).says("in a browser that is logged in"));
}

#[test]
fn a_browser_in_which_the_factor_was_shown_has_a_budget_of_its_own_and_no_other_has() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "1")]);
    // A browser that knows the password from before the factor was there.
    let (owner, before) = (app.client(), app.client());
    owner.sign_up(ALICE);
    before.set_cookie("device", &owner.cookie("device").unwrap());
    let (_, page) = owner.turn_on_app();
    let codes: Vec<&str> = page.body.split("<li><code>").skip(1).map(|rest| &rest[..27]).collect();
    owner.post("/api/auth/confirm-recovery-codes", &[]);
    owner.post("/api/auth/log-out", &[]);
    owner.log_in(ALICE);
    assert_eq!(enter(&owner, codes[0]), "/account");
    owner.post("/api/auth/log-out", &[]);
    let thief = app.client();
    thief.log_in(ALICE);
    until("refused", || {
        thief.post("/api/auth/enter-code", &[("code", "000000")]).status == StatusCode::TOO_MANY_REQUESTS
    });
    before.log_in(ALICE);
    let refused = before.post("/api/auth/enter-code", &[("code", "000000")]);
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "a browser from before has a budget of its own");
    owner.log_in(ALICE);
    assert_eq!(enter(&owner, codes[1]), "/account");
}

#[test]
fn what_is_being_set_up_is_seen_and_confirmed_in_its_own_session_only() {
    let app = TestApp::new();
    let owner = app.client();
    owner.sign_up(ALICE);
    let thief = app.client();
    thief.log_in(ALICE);
    let page = owner.post_and_follow("/api/auth/start-app", &[("current", PASSWORD)]);
    let secret = between(&page.body, r#"<code class="secret">"#, "</code>").replace(' ', "");
    assert_eq!(thief.get("/account/app").location(), "/account");
    assert_eq!(thief.post("/api/auth/confirm-app", &[("code", &code(&secret, 0))]).location(), "/account");
    assert!(app.query::<String>("SELECT id FROM factors WHERE kind = 'app'").is_empty());
    owner.post("/api/auth/confirm-app", &[("code", &code(&secret, 0))]);
    assert_eq!(thief.get("/account/recovery-codes").location(), "/account");
    thief.post("/api/auth/confirm-recovery-codes", &[]);
    assert!(app.query::<String>("SELECT id FROM factors WHERE kind = 'recovery_code'").is_empty());
    assert!(owner.get("/account/recovery-codes").body.contains("<li><code>"));
}

#[test]
fn wrong_codes_for_one_users_new_app_keep_nobody_else_from_setting_one_up() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "1")]);
    let bob = app.client();
    bob.sign_up("bob@example.com");
    until("refused", || {
        bob.post("/api/auth/confirm-app", &[("code", "000000")]).status == StatusCode::TOO_MANY_REQUESTS
    });
    with_app(&app);
}

#[test]
fn who_changes_factors_or_uses_a_recovery_code_hears_of_it_and_has_lost_nothing() {
    let app = TestApp::new();
    let (alice, _, codes) = with_app(&app);
    let somebody = app.client();
    somebody.log_in(ALICE);
    let lose = || {
        let before = app.mailbox.to(ALICE).len();
        somebody.post("/api/auth/lose-factors", &[]);
        somebody.next_mail(ALICE, before);
        app.mailbox.to(ALICE).len()
    };
    let before = lose();
    let page = alice.post_and_follow("/api/auth/start-recovery-codes", &[("current", PASSWORD)]);
    let new_code = between(&page.body, "<li><code>", "</code>");
    alice.post("/api/auth/confirm-recovery-codes", &[]);
    assert!(alice.next_mail(ALICE, before).says("recovery codes were added or removed"));
    assert!(app.query::<String>("SELECT id FROM factors WHERE kind = 'recovery'").is_empty());
    let used = app.client();
    used.log_in(ALICE);
    assert_eq!(enter(&used, &codes[0]), "/second-factor", "the old codes still work");
    let before = lose();
    assert_eq!(enter(&used, new_code), "/account");
    assert!(used.next_mail(ALICE, before).says("recovery code was used"));
    assert!(app.query::<String>("SELECT id FROM factors WHERE kind = 'recovery'").is_empty());
}

#[test]
fn removing_the_last_factor_turns_it_off_and_leaves_nothing() {
    let app = TestApp::new();
    let (alice, ..) = with_app(&app);
    let id = &app.query::<String>("SELECT id FROM users")[0];
    let wrong =
        alice.post_and_follow("/api/auth/remove-factor", &[("current", "wrong"), ("factor", &format!("app {id}"))]);
    assert!(wrong.body.contains("This is not your password"));
    let before = app.mailbox.to(ALICE).len();
    let page =
        alice.post_and_follow("/api/auth/remove-factor", &[("current", PASSWORD), ("factor", &format!("app {id}"))]);
    assert!(page.body.contains("your password alone no longer opens"), "{}", page.body);
    assert!(alice.next_mail(ALICE, before).subject.contains("second factor"));
    assert!(app.query::<String>("SELECT id FROM factors").is_empty());
    assert_eq!(app.client().log_in(ALICE).location(), "/account");
}

#[test]
fn nobody_sets_up_or_removes_a_factor_of_somebody_else() {
    let app = TestApp::new();
    let (_, secret, _) = with_app(&app);
    let bob = app.client();
    bob.sign_up("bob@example.com");
    let alice_id = &app.query::<String>("SELECT id FROM users WHERE email = 'alice@example.com'")[0];
    bob.post("/api/auth/remove-factor", &[("current", PASSWORD), ("factor", &format!("app {alice_id}"))]);
    assert_eq!(app.query::<String>("SELECT user_id FROM factors WHERE kind = 'app'"), std::slice::from_ref(alice_id));
    assert_eq!(bob.get("/account/app").location(), "/account");
    assert_eq!(bob.get("/account/recovery-codes").location(), "/account");
    let page = bob.post_and_follow("/api/auth/confirm-app", &[("code", &code(&secret, 0))]);
    assert!(page.body.contains("Nothing was changed"), "{}", page.body);
    assert_eq!(app.client().get("/account/app").location(), "/account");
    assert_eq!(app.client().post("/api/auth/start-app", &[("current", PASSWORD)]).status, StatusCode::UNAUTHORIZED);
}

#[test]
fn the_pages_that_show_secrets_have_no_chat_and_are_kept_by_nobody() {
    let app = TestApp::new();
    let alice = app.client();
    alice.sign_up(ALICE);
    assert!(alice.get("/account").body.contains("SupportChat_"), "what the chat is recognised by");
    let page = alice.post_and_follow("/api/auth/start-app", &[("current", PASSWORD)]);
    assert_eq!(page.headers["cache-control"], "no-store");
    assert!(!page.body.contains("SupportChat_"), "{}", page.body);
    let (_, page) = alice.turn_on_app();
    assert!(page.body.contains("<li><code>"), "{}", page.body);
    assert_eq!(page.headers["cache-control"], "no-store");
    assert!(!page.body.contains("SupportChat_"), "{}", page.body);
    alice.post("/api/auth/start-app", &[("current", PASSWORD)]);
    // How small a page gets tells how much of a guess in its address is right.
    for (path, is_compressed) in [("/account/app?next=/x", false), ("/", true)] {
        let request = alice.request(Method::GET, path).header(header::ACCEPT_ENCODING, "gzip");
        let answer = alice.send(request);
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers.contains_key(header::CONTENT_ENCODING), is_compressed, "{path}");
    }
}

#[test]
fn the_users_file_names_the_factors_and_holds_nothing_that_is_one() {
    let app = TestApp::new();
    let (alice, secret, codes) = with_app(&app);
    let file = alice.get("/api/auth/export").body;
    assert!(file.contains(r#""kind":"app""#) && file.contains(r#""kind":"recovery_code""#), "{file}");
    let stored = app.query::<String>("SELECT id FROM factors WHERE kind = 'recovery_code'");
    // What is being set up is bound to its session.
    alice.post("/api/auth/start-app", &[("current", PASSWORD)]);
    let sessions = app.query::<String>("SELECT id FROM sessions");
    let file = alice.get("/api/auth/export").body;
    assert!(file.contains(r#""kind":"new_app""#) && sessions.iter().all(|id| !file.contains(id)), "{file}");
    for opens in codes.iter().chain(&stored).chain([&secret]) {
        assert!(!file.contains(opens.as_str()), "{opens}");
    }
}

#[test]
fn what_a_session_without_the_factor_has_begun_ends_when_there_is_one() {
    let app = TestApp::new();
    let owner = app.client();
    owner.sign_up(ALICE);
    let thief = app.client();
    thief.log_in(ALICE);
    let change = [("email", "eve@example.com"), ("current", PASSWORD)];
    let mail = thief.mail_after("/api/auth/change-email", &change, "eve@example.com");
    let secret_of = |client: &Client| {
        let page = client.post_and_follow("/api/auth/start-app", &[("current", PASSWORD)]);
        between(&page.body, r#"<code class="secret">"#, "</code>").replace(' ', "")
    };
    let secret = secret_of(&owner);
    owner.post("/api/auth/confirm-app", &[("code", &code(&secret, 0))]);
    thief.post("/api/auth/confirm-email", &[("token", &mail.token())]);
    assert_eq!(app.query::<String>("SELECT email FROM users"), [ALICE]);

    // As if the thief's set-up had begun a moment before the owner's was confirmed.
    let theirs = secret_of(&owner);
    let session = app.query::<String>("SELECT id FROM sessions ORDER BY created_at, id");
    for id in session {
        app.query::<String>(&format!("UPDATE factors SET name = '{id}' WHERE kind = 'new_app' RETURNING id"));
        thief.post("/api/auth/confirm-app", &[("code", &code(&theirs, HALF_A_MINUTE))]);
    }
    let kept = app.query::<String>("SELECT secret FROM factors WHERE kind = 'app'");
    assert_eq!(kept, [secret]);
}

#[test]
fn logging_in_as_somebody_else_who_has_a_factor_ends_the_session_that_was_there() {
    let app = TestApp::new();
    let (_, _, codes) = with_app(&app);
    let browser = app.client();
    browser.sign_up("bob@example.com");
    let bobs = browser.copy();
    assert_eq!(browser.log_in(ALICE).location(), "/second-factor");
    assert!(browser.get("/second-factor").body.contains(ALICE));
    assert!(!bobs.is_signed_in(), "Bob's session goes on beside it");
    assert_eq!(enter(&browser, &codes[0]), "/account");
    assert!(browser.get("/account").body.contains(ALICE));
}

#[test]
fn a_user_has_twenty_passkeys_at_most() {
    let app = TestApp::new();
    let (alice, ..) = with_app(&app);
    for n in 0..20 {
        app.query::<String>(&format!(
            "INSERT INTO factors (kind, id, user_id, secret, name, last_step, created_at) \
             SELECT 'passkey', 'key {n}', id, '{{}}', 'A browser', 0, created_at FROM users RETURNING id"
        ));
    }
    let fields = [("state", "any"), ("credential", "any"), ("current", PASSWORD)];
    let page = alice.post_and_follow("/api/auth/add-passkey", &fields);
    assert!(page.body.contains("You have 20 passkeys."), "{}", page.body);
}

#[test]
fn the_link_in_the_mail_about_new_factors_removes_them_and_leaves_older_ones() {
    let app = TestApp::new();
    let owner = app.client();
    owner.sign_up(ALICE);
    let thief = app.client();
    thief.log_in(ALICE);
    let before = app.mailbox.to(ALICE).len();
    thief.turn_on_app();
    let mail = owner.next_mail(ALICE, before);
    // What the thief does then does not end the link.
    thief.post("/api/auth/confirm-recovery-codes", &[]);
    owner.next_mail(ALICE, before + 1);
    thief.post("/api/auth/change-password", &[("current", PASSWORD), ("password", "blue kitchen window")]);
    let owner = app.client();
    assert!(owner.get(&mail.path()).body.contains("This also removes the app"));
    assert_eq!(owner.choose_password(&mail, PASSWORD).location(), "/account");
    assert!(app.query::<String>("SELECT id FROM factors").is_empty());
    assert!(!thief.is_signed_in());

    owner.turn_on_app();
    owner.post("/api/auth/confirm-recovery-codes", &[]);
    let age = "UPDATE factors SET created_at = created_at - 29 * 60 * 60 WHERE kind = 'app' RETURNING id";
    assert_eq!(app.query::<String>(age).len(), 1);
    // The mails about the app and the codes have come.
    let is_last = || app.mailbox.to(ALICE).last().is_some_and(|mail| mail.says("recovery codes were added or removed"));
    until("the mail", || app.query::<String>("SELECT id FROM outbox").is_empty() && is_last());
    let mail = app.mailbox.to(ALICE).pop().unwrap();
    assert_eq!(app.client().choose_password(&mail, PASSWORD).location(), "/second-factor");
    assert_eq!(app.query::<String>("SELECT kind FROM factors"), ["app"]);
}

#[test]
fn a_session_that_turns_a_factor_on_is_remembered_as_before_and_keeps_what_it_sets_up() {
    let app = TestApp::new();
    app.client().sign_up(ALICE);
    let alice = app.client();
    alice.post("/api/auth/log-in", &[("email", ALICE), ("password", PASSWORD), ("remember", "true")]);
    let page = alice.post_and_follow("/api/auth/start-app", &[("current", PASSWORD)]);
    let secret = between(&page.body, r#"<code class="secret">"#, "</code>").replace(' ', "");
    let answer = alice.post("/api/auth/confirm-app", &[("code", &code(&secret, 0))]);
    assert!(answer.set_cookie("session").is_some_and(|cookie| cookie.contains("Max-Age=")), "{answer:?}");
    alice.post("/api/auth/confirm-recovery-codes", &[]);
    let codes = alice.post_and_follow("/api/auth/start-recovery-codes", &[("current", PASSWORD)]).body;
    // In another tab, before the codes are confirmed.
    alice.turn_on_app();
    alice.post("/api/auth/confirm-recovery-codes", &[]);
    let browser = app.client();
    browser.log_in(ALICE);
    assert_eq!(enter(&browser, between(&codes, "<li><code>", "</code>")), "/account");
}

#[test]
fn a_second_factor_that_is_shown_again_makes_no_session_last_longer() {
    let app = TestApp::new();
    let (alice, _, codes) = with_app(&app);
    let began = "SELECT created_at FROM sessions";
    let began_at = app.query::<i64>(began)[0];
    let earlier = format!(
        "UPDATE sessions SET data = replace(replace(data, '\"began_at\":{began_at}', '\"began_at\":{}'), \
         'confirmed_at', 'confirmed_once') RETURNING id",
        began_at - 1_000
    );
    assert_eq!(app.query::<String>(&earlier).len(), 1);
    // For some seconds the session is in memory as it was.
    until("asked to confirm", || alice.get("/account").body.contains("Confirm that it is you"));
    assert_eq!(enter(&alice, &codes[0]), "/account");
    assert_eq!(app.query::<i64>(began), [began_at - 1_000]);
}

#[test]
fn an_empty_password_or_code_is_no_guess() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "1")]);
    let (alice, ..) = with_app(&app);
    for _ in 0..12 {
        let page = alice.post_and_follow("/api/auth/start-app", &[("current", "")]);
        assert!(page.body.contains("Enter your current password."), "{}", page.body);
    }
    let browser = app.client();
    browser.log_in(ALICE);
    for _ in 0..12 {
        assert!(browser.post_and_follow("/api/auth/enter-code", &[("code", " ")]).body.contains("Enter a code."));
    }
}

#[test]
fn an_operator_lets_a_user_in_who_has_lost_everything_and_ends_their_sessions() {
    let app = TestApp::new();
    let (alice, ..) = with_app(&app);
    let before = app.mailbox.to(ALICE).len();
    app.operate(&OperatorCommand::RemoveFactors(ALICE.to_owned()));
    assert!(alice.next_mail(ALICE, before).subject.contains("second factor"));
    // What is in memory counts for a few seconds.
    until("signed out", || !alice.copy().is_signed_in());
    assert_eq!(app.client().log_in(ALICE).location(), "/account");
}
