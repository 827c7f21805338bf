//! Sign up, log in, log out, over HTTP and without JavaScript.

use crate::test_app::{PASSWORD, TestApp};
use http::StatusCode;
use ticketping_leptos::accounts::server::{Sessions, Users};

#[tokio::test]
async fn signing_up_logs_in_and_goes_to_the_account() {
    let app = TestApp::new().await;
    let mut browser = app.browser();
    let posted = browser.sign_up("alice@example.com").await;
    assert_eq!((posted.status, posted.location()), (StatusCode::SEE_OTHER, "/account"));
    let account = browser.get("/account").await;
    assert_eq!(account.status, StatusCode::OK);
    assert!(account.body.contains("alice@example.com") && account.body.contains("Alice"));
    assert_eq!(account.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn the_account_page_sends_strangers_to_the_log_in_and_back() {
    let app = TestApp::new().await;
    let mut browser = app.browser();
    browser.sign_up("alice@example.com").await;
    browser.post("/api/auth/log-out", &[]).await;
    let turned_away = browser.get("/account").await;
    assert_eq!((turned_away.status, turned_away.location()), (StatusCode::SEE_OTHER, "/login?next=/account"));
    assert!(!turned_away.body.contains("alice@example.com"));
    let form = browser.get("/login?next=/account").await;
    assert!(form.body.contains(r#"name="next" value="/account""#), "{}", form.body);
}

#[tokio::test]
async fn an_email_is_one_account_whatever_its_case_and_a_taken_one_says_so() {
    let app = TestApp::new().await;
    app.browser().sign_up("Alice@Example.com").await;
    let mut second = app.browser();
    let page = second
        .post_and_follow("/api/auth/sign-up", &[("email", " alice@example.COM "), ("password", "another good one")])
        .await;
    assert!(page.body.contains("There is an account with this e-mail already"));
    assert_eq!(app.users().await, 1);
    let posted = app.browser().log_in("ALICE@example.com", PASSWORD).await;
    assert_eq!(posted.location(), "/account");
}

#[tokio::test]
async fn an_unknown_email_and_a_wrong_password_look_the_same() {
    let app = TestApp::new().await;
    app.browser().sign_up("alice@example.com").await;
    let mut pages = Vec::new();
    for email in ["alice@example.com", "nobody@example.com"] {
        let mut browser = app.browser();
        let posted = browser.log_in(email, "not the password").await;
        let page = browser.get(posted.location()).await;
        assert!(page.body.contains("E-mail or password is wrong"), "{}", page.body);
        assert!(!page.body.contains("not the password"));
        pages.push((posted.status, posted.location().to_owned(), page.status, page.body.contains(r#"role="alert""#)));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn a_failed_form_keeps_what_was_typed_for_one_view_but_never_the_password() {
    let app = TestApp::new().await;
    let mut browser = app.browser();
    let fields = [("name", "<Zoë>"), ("email", "zoe at example"), ("password", "kX7short")];
    let page = browser.post_and_follow("/api/auth/sign-up", &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains(r#"value="&lt;Zoë&gt;""#) && page.body.contains(r#"value="zoe at example""#));
    assert!(page.body.contains(r#"aria-invalid="true""#) && page.body.contains(r#"aria-describedby="email-error""#));
    assert!(!page.body.contains("kX7short"));
    let again = browser.get("/signup").await;
    assert_eq!(again.status, StatusCode::OK);
    assert!(!again.body.contains("zoe at example"));
}

#[tokio::test]
async fn logging_out_ends_the_session_for_anyone_who_kept_its_cookie() {
    let app = TestApp::new().await;
    let mut browser = app.browser();
    browser.sign_up("alice@example.com").await;
    let mut thief = app.browser();
    thief.cookies = browser.cookies.clone();
    assert_eq!(thief.get("/account").await.status, StatusCode::OK);
    let posted = browser.post("/api/auth/log-out", &[]).await;
    assert_eq!((posted.status, posted.location()), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(thief.get("/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn logging_out_needs_a_post() {
    let app = TestApp::new().await;
    let mut browser = app.browser();
    browser.sign_up("alice@example.com").await;
    assert_eq!(browser.get("/api/auth/log-out").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_log_in_gets_a_new_session_id() {
    let app = TestApp::new().await;
    let mut browser = app.browser();
    browser.sign_up("alice@example.com").await;
    let first = browser.cookies["session"].clone();
    browser.log_in("alice@example.com", PASSWORD).await;
    let second = browser.cookies["session"].clone();
    assert_ne!(first, second);
    let mut old = app.browser();
    old.cookies.insert("session".into(), first);
    assert_eq!(old.get("/account").await.status, StatusCode::SEE_OTHER, "the old id still works");
}

#[tokio::test]
async fn remember_me_lasts_thirty_days_and_without_it_the_cookie_ends_with_the_browser() {
    let app = TestApp::new().await;
    app.browser().sign_up("alice@example.com").await;
    let fields = [("email", "alice@example.com"), ("password", PASSWORD), ("remember", "true")];
    let remembered = app.browser().post("/api/auth/log-in", &fields).await;
    let cookie = remembered.set_cookie("session").unwrap();
    let seconds: i64 = cookie.split("Max-Age=").nth(1).unwrap().split(';').next().unwrap().parse().unwrap();
    assert!((2_591_990..=2_592_000).contains(&seconds), "{cookie}");
    let forgotten = app.browser().post("/api/auth/log-in", &fields[..2]).await;
    let cookie = forgotten.set_cookie("session").unwrap();
    assert!(!cookie.contains("Max-Age") && !cookie.contains("Expires"), "{cookie}");
}

#[tokio::test]
async fn the_session_cookie_is_out_of_reach_of_scripts_and_of_plain_http() {
    let app = TestApp::with(&[("PUBLIC_URL", "https://app.example.com")]).await;
    let page = app.browser().sign_up("alice@example.com").await;
    let cookie = page.set_cookie("session").unwrap();
    for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(cookie.contains(attribute), "{attribute} in {cookie}");
    }
    let plain = TestApp::new().await.browser().sign_up("alice@example.com").await;
    assert!(!plain.set_cookie("session").unwrap().contains("Secure"));
}

#[tokio::test]
async fn a_change_of_user_expires_the_chat_cookie_and_a_failed_log_in_does_not() {
    let app = TestApp::new().await;
    let mut browser = app.browser();
    let expires =
        |page: &crate::test_app::Page| page.set_cookie("ticketping_chat_jwt").is_some_and(|c| c.contains("Max-Age=0"));
    assert!(expires(&browser.sign_up("alice@example.com").await));
    assert!(expires(&browser.post("/api/auth/log-out", &[]).await));
    assert!(!expires(&browser.log_in("alice@example.com", "not the password").await));
    assert!(expires(&browser.log_in("alice@example.com", PASSWORD).await));
}

#[tokio::test]
async fn after_log_in_only_a_path_on_this_site_is_gone_to() {
    let app = TestApp::new().await;
    app.browser().sign_up("alice@example.com").await;
    for (next, goes_to) in [
        ("/?from=mail", "/?from=mail"),
        ("//evil.example", "/account"),
        ("https:evil.example", "/account"),
        ("/\\evil.example", "/account"),
    ] {
        let fields = [("email", "alice@example.com"), ("password", PASSWORD), ("next", next)];
        assert_eq!(app.browser().post("/api/auth/log-in", &fields).await.location(), goes_to);
        let query: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let form = app.browser().get(&format!("/login?next={query}")).await;
        assert!(!form.body.contains("evil.example"), "{next}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_can_be_rendered_on_one_thread_and_dropped_on_another() {
    let app = TestApp::new().await;
    let mut browser = app.browser();
    browser.sign_up("alice@example.com").await;
    let visits: Vec<_> = (0..100)
        .map(|n| {
            let mut visitor = app.browser();
            visitor.cookies = browser.cookies.clone();
            tokio::spawn(async move { visitor.get(["/account", "/", "/nope"][n % 3]).await.status.as_u16() })
        })
        .collect();
    for (n, visit) in visits.into_iter().enumerate() {
        assert_eq!(visit.await.unwrap(), [200, 200, 404][n % 3]);
    }
}

#[tokio::test]
async fn expired_sessions_are_deleted_and_no_others() {
    let app = TestApp::new().await;
    let mut alice = app.browser();
    alice.sign_up("alice@example.com").await;
    // More than are deleted in one go.
    for n in 0..1_200 {
        let expired = "INSERT INTO sessions SELECT $1, id, '', '{}', 0, 0, 1 FROM users";
        sqlx::query(expired).bind(n.to_string()).execute(&app.pool).await.unwrap();
    }
    let sessions = Sessions::new(app.pool.clone(), Users::new(app.pool.clone()));
    assert_eq!(sessions.delete_expired().await.unwrap(), 1_200);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions").fetch_one(&app.pool).await.unwrap();
    assert_eq!(left, 1);
    assert_eq!(sessions.delete_expired().await.unwrap(), 0);
}
