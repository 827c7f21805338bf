//! Sign up, log in, log out, over HTTP and without JavaScript.

use std::{collections::HashMap, thread};

use ::http::{HeaderValue, Method, StatusCode, header};
use ticketping_leptos::accounts::server::{Sessions, Users, second_factor::Factors};
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
};

use crate::support::{Answer, PASSWORD, TestApp, until};

#[test]
fn signing_up_logs_in_and_goes_to_the_account() {
    let app = TestApp::new();
    let browser = app.client();
    let posted = browser.sign_up("alice@example.com");
    assert_eq!((posted.status, posted.location()), (StatusCode::SEE_OTHER, "/account"));
    let account = browser.get("/account");
    assert_eq!(account.status, StatusCode::OK);
    assert!(account.body.contains("alice@example.com") && account.body.contains("Alice"));
    assert_eq!(account.headers["cache-control"], "no-store");
}

#[test]
fn the_account_page_sends_strangers_to_the_log_in_and_back() {
    let app = TestApp::new();
    let browser = app.client();
    browser.sign_up("alice@example.com");
    browser.post("/api/auth/log-out", &[]);
    let turned_away = browser.get("/account");
    assert_eq!((turned_away.status, turned_away.location()), (StatusCode::SEE_OTHER, "/login?next=/account"));
    assert!(!turned_away.body.contains("alice@example.com"));
    let form = browser.get("/login?next=/account");
    assert!(form.body.contains(r#"name="next" value="/account""#), "{}", form.body);
}

#[test]
fn who_has_logged_in_without_cookies_is_told_what_is_wrong() {
    let app = TestApp::new();
    let browser = app.client();
    let asked = || browser.request(Method::GET, "/account").header(header::ACCEPT, "text/html");
    let sent_on = browser.send(asked().header("sec-fetch-site", "same-origin"));
    assert_eq!(sent_on.location(), "/login?next=/account&cookies=refused");
    assert!(browser.get(sent_on.location()).body.contains("Your browser did not send our cookie back"));
    assert_eq!(browser.send(asked().header("sec-fetch-site", "none")).location(), "/login?next=/account");
    let known = asked().header("sec-fetch-site", "same-origin").header(header::COOKIE, "device=x");
    assert_eq!(browser.send(known).location(), "/login?next=/account");
}

#[test]
fn an_address_is_one_account_in_any_case() {
    let app = TestApp::new();
    app.client().sign_up("Alice@Example.com");
    assert_eq!(app.query::<String>("SELECT email FROM users"), ["alice@example.com"]);
    assert_eq!(app.client().log_in(" ALICE@example.com").location(), "/account");
}

#[test]
fn an_unknown_email_and_a_wrong_password_look_the_same() {
    let app = TestApp::new();
    app.client().sign_up("alice@example.com");
    let mut pages = Vec::new();
    for email in ["alice@example.com", "nobody@example.com"] {
        let browser = app.client();
        let posted = browser.log_in_with(email, "not the password");
        let page = browser.get(posted.location());
        assert!(page.body.contains("Email or password is wrong"), "{}", page.body);
        assert!(!page.body.contains("not the password"));
        pages.push((posted.status, posted.location().to_owned(), page.status, page.body.contains(r#"role="alert""#)));
    }
    assert_eq!(pages[0], pages[1]);
}

#[test]
fn a_failed_form_keeps_what_was_typed_for_one_view_but_never_the_password() {
    let app = TestApp::new();
    let browser = app.client();
    let page = browser.post_and_follow("/api/auth/sign-up", &[("name", "<Zoë>"), ("email", "zoe at example")]);
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains(r#"value="&lt;Zoë&gt;""#) && page.body.contains(r#"value="zoe at example""#));
    assert!(
        page.body.contains(r#"aria-invalid="true""#)
            && page.body.contains(r#"aria-describedby="email-hint email-error""#)
    );
    let again = browser.get("/signup");
    assert_eq!(again.status, StatusCode::OK);
    assert!(!again.body.contains("zoe at example"));
    let page = browser.post_and_follow("/api/auth/log-in", &[("email", "zoe at"), ("password", "kX7short")]);
    assert!(page.body.contains(r#"value="zoe at""#) && !page.body.contains("kX7short"));
}

#[test]
fn logging_out_ends_the_session_for_anyone_who_kept_its_cookie() {
    let app = TestApp::new();
    let browser = app.client();
    browser.sign_up("alice@example.com");
    let thief = browser.copy();
    assert_eq!(thief.get("/account").status, StatusCode::OK);
    let posted = browser.post("/api/auth/log-out", &[]);
    assert_eq!((posted.status, posted.location()), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(thief.get("/account").status, StatusCode::SEE_OTHER);
}

#[test]
fn the_error_page_of_a_session_that_has_ended_removes_its_cookies_and_that_of_a_live_one_is_in_no_cache() {
    let app = TestApp::new();
    let alice = app.client();
    alice.sign_up("alice@example.com");
    let page = alice.send(alice.request(Method::GET, "/api/auth/change-name").header(header::ACCEPT, "text/html"));
    assert_eq!(
        (page.status, &page.headers[header::CACHE_CONTROL]),
        (StatusCode::METHOD_NOT_ALLOWED, &HeaderValue::from_static("no-store"))
    );
    let copy = alice.copy();
    alice.log_out();
    let page = copy.post("/api/auth/change-name", &[("name", "A")]);
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(page.set_cookie("session").unwrap().contains("Max-Age=0"), "{:?}", page.headers);
    assert!(page.set_cookie("ticketping_chat_jwt").unwrap().contains("Max-Age=0"), "{:?}", page.headers);
}

#[test]
fn a_session_of_a_user_who_was_removed_in_the_meantime_is_nobodys() {
    let app = TestApp::new();
    let log_in = serde_json::json!({ "user_id": "removed", "auth_hash": [] });
    let data = HashMap::from([("axum-login.data".to_owned(), log_in)]);
    let mut record = Record { id: Id::default(), data, expiry_date: OffsetDateTime::now_utc() + time::Duration::DAY };
    let _within = app.runtime.enter();
    let sessions = Sessions::new(app.pool.clone(), Users::new(app.pool.clone()));
    app.runtime.block_on(sessions.create(&mut record)).unwrap();
    assert!(app.query::<String>("SELECT id FROM sessions").is_empty());
}

#[test]
fn logging_out_needs_a_post() {
    let app = TestApp::new();
    let browser = app.client();
    browser.sign_up("alice@example.com");
    assert_eq!(browser.get("/api/auth/log-out").status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(browser.get("/account").status, StatusCode::OK);
}

#[test]
fn every_log_in_gets_a_new_session_id() {
    let app = TestApp::new();
    let browser = app.client();
    browser.sign_up("alice@example.com");
    let first = browser.cookie("session");
    browser.log_in("alice@example.com");
    let second = browser.cookie("session");
    assert_ne!(first, second);
    let old = app.client();
    old.set_cookie("session", &first.unwrap());
    assert_eq!(old.get("/account").status, StatusCode::SEE_OTHER, "the old id still works");
}

#[test]
fn remember_me_is_kept_through_a_new_password_and_without_it_the_cookie_ends_with_the_browser() {
    let app = TestApp::new();
    app.client().sign_up("alice@example.com");
    let fields = [("email", "alice@example.com"), ("password", PASSWORD), ("remember", "true")];
    let browser = app.client();
    let remembered = browser.post("/api/auth/log-in", &fields);
    let changed = browser.post("/api/auth/change-password", &[("current", PASSWORD), ("password", PASSWORD)]);
    for answer in [remembered, changed] {
        let cookie = answer.set_cookie("session").unwrap();
        let seconds: i64 = cookie.split("Max-Age=").nth(1).unwrap().split(';').next().unwrap().parse().unwrap();
        assert!((7_775_990..=7_776_000).contains(&seconds), "{cookie}");
    }
    let forgotten = app.client().post("/api/auth/log-in", &fields[..2]);
    let cookie = forgotten.set_cookie("session").unwrap();
    assert!(!cookie.contains("Max-Age") && !cookie.contains("Expires"), "{cookie}");
}

#[test]
fn a_session_ends_when_it_was_idle_and_after_its_absolute_life_whatever_it_does() {
    let app = TestApp::new();
    app.client().sign_up("alice@example.com");
    for (remember, idle, absolute) in [(false, 12 * 3_600, 24 * 3_600), (true, 30 * 86_400, 90 * 86_400)] {
        let fields = [("email", "alice@example.com"), ("password", PASSWORD), ("remember", "true")];
        let set = |sql: &str| {
            let statement = sqlx::query(sqlx::AssertSqlSafe(format!("UPDATE sessions SET {sql}"))).execute(&app.pool);
            app.runtime.block_on(statement).unwrap();
        };
        let left = || app.query::<i64>("SELECT max(expires_at - last_seen_at) FROM sessions")[0];
        app.runtime.block_on(sqlx::query("DELETE FROM sessions").execute(&app.pool)).unwrap();
        let browser = app.client();
        browser.post("/api/auth/log-in", if remember { &fields } else { &fields[..2] });
        assert_eq!(left(), idle);
        // Used again after an hour: the end is put off.
        set("last_seen_at = last_seen_at - 3600, expires_at = expires_at - 3600");
        let seen = || app.query::<i64>("SELECT last_seen_at - created_at FROM sessions")[0];
        until("noted", || {
            assert!(browser.copy().is_signed_in());
            seen() >= 0
        });
        assert_eq!(left(), idle);
        // Used again shortly before its absolute end: not beyond it.
        set(&format!("created_at = created_at - {absolute} + 600, last_seen_at = last_seen_at - 3600"));
        until("put off", || {
            assert!(browser.copy().is_signed_in());
            left() <= 600
        });
        // And then it is over.
        set("expires_at = created_at");
        until("the end", || !browser.copy().is_signed_in());
    }
}

#[test]
fn the_session_cookie_is_out_of_reach_of_scripts_and_of_plain_http() {
    let app = TestApp::with(&[("PUBLIC_URL", "https://app.example.com")]);
    let browser = app.client();
    let page = browser.sign_up("alice@example.com");
    for name in ["__Host-session", "__Host-device"] {
        let cookie = page.set_cookie(name).unwrap();
        for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
            assert!(cookie.contains(attribute), "{attribute} in {cookie}");
        }
    }
    // Browsers ignore a removal that is not Secure.
    let out = browser.log_out();
    let removed = out.set_cookie("__Host-session").unwrap();
    assert!(removed.contains("Max-Age=0") && removed.contains("Secure") && removed.contains("Path=/"), "{removed}");
    assert!(browser.post("/api/auth/log-in", &[]).set_cookie("__Host-form").unwrap().contains("Secure"));
    let plain = TestApp::new().client().sign_up("alice@example.com");
    assert!(!plain.set_cookie("session").unwrap().contains("Secure"));
}

#[test]
fn a_change_of_user_expires_the_chat_cookie_and_a_failed_log_in_does_not() {
    let app = TestApp::new();
    let browser = app.client();
    let expires = |page: &Answer| {
        let names = ["ticketping_chat_jwt", "__Host-ticketping_chat_jwt"];
        names.map(|name| page.set_cookie(name).is_some_and(|cookie| cookie.contains("Max-Age=0"))) == [true; 2]
    };
    assert!(expires(&browser.sign_up("alice@example.com")));
    assert!(expires(&browser.post("/api/auth/log-out", &[])));
    assert!(!expires(&browser.log_in_with("alice@example.com", "not the password")));
    assert!(expires(&browser.log_in("alice@example.com")));
    // The widget's own token has the name and the address of when it came.
    assert!(expires(&browser.post("/api/auth/change-name", &[("name", "Alice B.")])));
    assert!(!expires(&browser.post("/api/auth/change-name", &[("name", "\u{202e}")])));
    let change = [("email", "new@example.com"), ("current", PASSWORD)];
    let mail = browser.mail_after("/api/auth/change-email", &change, "new@example.com");
    assert!(expires(&browser.post("/api/auth/confirm-email", &[("token", &mail.token())])));
}

#[test]
fn after_log_in_only_a_path_on_this_site_is_gone_to() {
    let app = TestApp::new();
    app.client().sign_up("alice@example.com");
    for (next, goes_to) in [
        ("/?from=mail", "/?from=mail"),
        ("//evil.example", "/account"),
        ("https:evil.example", "/account"),
        ("/\\evil.example", "/account"),
    ] {
        let fields = [("email", "alice@example.com"), ("password", PASSWORD), ("next", next)];
        assert_eq!(app.client().post("/api/auth/log-in", &fields).location(), goes_to);
        let query: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let form = app.client().get(&format!("/login?next={query}"));
        assert!(!form.body.contains("evil.example"), "{next}");
    }
}

#[test]
fn no_form_sends_a_browser_to_where_its_referrer_says() {
    let app = TestApp::new();
    let alice = app.client();
    alice.sign_up("alice@example.com");
    let request = alice.form("/api/auth/sessions", "").header(header::REFERER, "https://evil.example/phish");
    let answer = alice.send(request);
    assert_eq!(answer.location(), "/");
}

#[test]
fn pages_can_be_rendered_on_one_thread_and_dropped_on_another() {
    let app = TestApp::new();
    let browser = app.client();
    browser.sign_up("alice@example.com");
    thread::scope(|scope| {
        for n in 0..100 {
            let visitor = browser.copy();
            scope.spawn(move || {
                let status = visitor.get(["/account", "/", "/nope"][n % 3]).status;
                assert_eq!(status.as_u16(), [200, 200, 404][n % 3]);
            });
        }
    });
}

#[test]
fn a_log_out_takes_the_cookies_away_also_when_the_session_cannot_be_read() {
    let app = TestApp::new();
    let browser = app.client();
    // It is in the memory of no server.
    browser.set_cookie("session", "AAAAAAAAAAAAAAAAAAAAAA");
    app.query::<String>("ALTER TABLE sessions RENAME TO away");
    let page = browser.get("/account");
    assert_eq!((page.status, page.set_cookie("session")), (StatusCode::SERVICE_UNAVAILABLE, None));
    let answer = browser.log_out();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    for cookie in ["session", "ticketping_chat_jwt"] {
        assert!(answer.set_cookie(cookie).is_some_and(|cookie| cookie.contains("Max-Age=0")), "{:?}", answer.headers);
    }
}

#[test]
fn a_user_who_is_logged_in_already_is_sent_on_and_nothing_of_the_address_stands_beside_their_name() {
    let app = TestApp::new();
    let browser = app.client();
    browser.sign_up("alice@example.com");
    for page in ["/login", "/login/passkey"] {
        let answer = browser.get(&format!("{page}?next=/guess@example.com"));
        assert_eq!(answer.location(), "/guess@example.com");
        assert!(!answer.body.contains("guess"), "{}", answer.body);
    }
}

#[test]
fn a_passkeys_answer_is_remembered_to_the_end_of_its_last_second() {
    let app = TestApp::new();
    let now = || OffsetDateTime::now_utc().unix_timestamp();
    loop {
        let before = now();
        app.query::<String>(&format!(
            "INSERT INTO used_challenges VALUES ('{before}', {before}), ('{before} and ended', {}) RETURNING id",
            before - 1
        ));
        app.runtime.block_on(Factors::new(app.pool.clone()).delete_expired()).unwrap();
        // Else the second has passed meanwhile.
        if now() == before {
            assert_eq!(app.query::<i64>("SELECT expires_at FROM used_challenges"), [before]);
            break;
        }
        app.query::<String>("DELETE FROM used_challenges RETURNING id");
    }
}

#[test]
fn expired_sessions_are_deleted_and_no_others() {
    let app = TestApp::new();
    let alice = app.client();
    alice.sign_up("alice@example.com");
    // More than are deleted at once.
    app.runtime.block_on(async {
        for n in 0..1_200 {
            let expired = "INSERT INTO sessions SELECT $1, id, '', '{}', 0, 0, 1 FROM users";
            sqlx::query(expired).bind(n.to_string()).execute(&app.pool).await.unwrap();
        }
        let sessions = Sessions::new(app.pool.clone(), Users::new(app.pool.clone()));
        assert_eq!(sessions.delete_expired().await.unwrap(), 1_200);
        assert_eq!(sessions.delete_expired().await.unwrap(), 0);
    });
    assert_eq!(app.query::<i64>("SELECT count(*) FROM sessions"), [1]);
}

#[test]
fn a_hash_by_old_parameters_is_renewed_at_log_in_and_no_session_ends() {
    use argon2::PasswordHasher as _;

    let app = TestApp::new();
    let elsewhere = app.client();
    elsewhere.sign_up("alice@example.com");
    let old = argon2::Params::new(8 * 1024, 1, 1, None).unwrap();
    let old = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, old);
    let old = old.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
    app.query::<String>(&format!("UPDATE users SET password_hash = '{old}' RETURNING id"));
    assert_eq!(app.client().log_in_with("alice@example.com", "wrong password").location(), "/login");
    assert_eq!(app.query::<String>("SELECT password_hash FROM users"), [old]);
    assert_eq!(app.client().log_in("alice@example.com").location(), "/account");
    let renewed = &app.query::<String>("SELECT password_hash FROM users")[0];
    assert!(renewed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{renewed}");
    assert_eq!(app.client().log_in("alice@example.com").location(), "/account");
    assert!(elsewhere.is_signed_in());
}
