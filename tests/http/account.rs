//! The account page: profile, password, devices, removal. All of it forms.

use crate::test_app::{Browser, PASSWORD, TestApp};
use http::StatusCode;

const NEW_PASSWORD: &str = "another good password";

async fn signed_in(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    browser.log_in("alice@example.com", PASSWORD).await;
    browser
}

async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/account").await.status == StatusCode::OK
}

#[tokio::test]
async fn a_new_password_ends_every_other_session_and_keeps_this_one_under_a_new_id() {
    let app = TestApp::new().await;
    let mut here = app.browser();
    here.sign_up("alice@example.com").await;
    let (mut there, mut copy) = (signed_in(&app).await, app.browser());
    copy.cookies = here.cookies.clone();
    let fields = [("current", PASSWORD), ("password", NEW_PASSWORD)];
    let page = here.post_and_follow("/api/auth/change-password", &fields).await;
    assert!(page.body.contains("Changed. Every other device was signed out."), "{}", page.body);
    assert_ne!(here.cookies["session"], copy.cookies["session"]);
    assert!(is_signed_in(&mut here).await);
    assert!(!is_signed_in(&mut there).await);
    assert!(!is_signed_in(&mut copy).await, "the old id still works");
    assert_eq!(app.browser().log_in("alice@example.com", NEW_PASSWORD).await.location(), "/account");
    assert_eq!(app.browser().log_in("alice@example.com", PASSWORD).await.location(), "/login");
}

#[tokio::test]
async fn a_new_password_needs_the_current_one_and_keeps_the_rules() {
    let app = TestApp::new().await;
    let mut browser = app.browser();
    browser.sign_up("alice@example.com").await;
    for (current, password, sentence) in [
        ("not the password", NEW_PASSWORD, "This is not your password"),
        (PASSWORD, "short", "Use at least 8 characters"),
        (PASSWORD, "alice@example.com", "not your e-mail"),
    ] {
        let fields = [("current", current), ("password", password)];
        let page = browser.post_and_follow("/api/auth/change-password", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.body.contains(sentence) && page.body.contains(r#"role="alert""#), "{sentence}");
    }
    assert_eq!(app.browser().log_in("alice@example.com", PASSWORD).await.location(), "/account");
}

#[tokio::test]
async fn name_and_email_change_and_the_id_in_the_token_does_not() {
    let app = TestApp::new().await;
    let mut browser = app.browser();
    browser.sign_up("alice@example.com").await;
    let id: String = sqlx::query_scalar("SELECT id FROM users").fetch_one(&app.pool).await.unwrap();
    let fields = [("name", "Alice B"), ("email", " Alice.B@example.com ")];
    let page = browser.post_and_follow("/api/auth/change-profile", &fields).await;
    assert!(page.body.contains("Saved.") && page.body.contains("Alice.B@example.com") && page.body.contains("Alice B"));
    assert_eq!(sqlx::query_scalar::<_, String>("SELECT id FROM users").fetch_one(&app.pool).await.unwrap(), id);
    assert_eq!(app.browser().log_in("alice.b@example.com", PASSWORD).await.location(), "/account");
}

#[tokio::test]
async fn a_profile_that_cannot_be_saved_says_why_and_keeps_what_was_typed() {
    let app = TestApp::new().await;
    app.browser().sign_up("bob@example.com").await;
    let mut browser = app.browser();
    browser.sign_up("alice@example.com").await;
    for (email, sentence) in
        [("BOB@example.com", "There is an account with this e-mail"), ("nonsense", "such as alice@")]
    {
        let fields = [("name", "Typed"), ("email", email)];
        let page = browser.post_and_follow("/api/auth/change-profile", &fields).await;
        assert!(page.body.contains(sentence) && page.body.contains(r#"value="Typed""#), "{sentence}");
    }
    let names: Vec<Option<String>> = sqlx::query_scalar("SELECT name FROM users").fetch_all(&app.pool).await.unwrap();
    assert!(!names.contains(&Some("Typed".to_owned())));
}

#[tokio::test]
async fn the_list_of_sessions_ends_one_or_all_others_at_once() {
    let app = TestApp::new().await;
    let mut here = app.browser();
    here.sign_up("alice@example.com").await;
    let (mut second, mut third) = (signed_in(&app).await, signed_in(&app).await);
    let page = here.get("/account").await;
    assert_eq!(page.body.matches("This device").count(), 1);
    let others: Vec<&str> = page.body.split(r#"name="session" value=""#).skip(1).map(|rest| &rest[..64]).collect();
    assert_eq!(others.len(), 2);
    for browser in [&here, &second, &third] {
        assert!(!page.body.contains(&browser.cookies["session"]), "a session id is in the page");
    }
    here.post_and_follow("/api/auth/end-sessions", &[("session", others[0])]).await;
    assert_eq!(u8::from(is_signed_in(&mut second).await) + u8::from(is_signed_in(&mut third).await), 1);
    here.post_and_follow("/api/auth/end-sessions", &[]).await;
    assert!(!is_signed_in(&mut second).await && !is_signed_in(&mut third).await);
    assert!(is_signed_in(&mut here).await);
}

#[tokio::test]
async fn nobody_ends_another_users_session() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.browser(), app.browser());
    alice.sign_up("alice@example.com").await;
    bob.sign_up("bob@example.com").await;
    let session: String = sqlx::query_scalar(
        "SELECT sessions.id FROM sessions JOIN users ON users.id = user_id WHERE email_key = 'alice@example.com'",
    )
    .fetch_one(&app.pool)
    .await
    .unwrap();
    bob.post_and_follow("/api/auth/end-sessions", &[("session", &session)]).await;
    assert!(is_signed_in(&mut alice).await);
}

#[tokio::test]
async fn removing_the_account_takes_every_trace_and_needs_the_password() {
    let app = TestApp::new().await;
    let mut here = app.browser();
    here.sign_up("alice@example.com").await;
    let mut there = signed_in(&app).await;
    let page = here.post_and_follow("/api/auth/remove-account", &[("current", "not the password")]).await;
    assert!(page.body.contains("This is not your password"));
    assert_eq!(app.users().await, 1);
    let gone = here.post("/api/auth/remove-account", &[("current", PASSWORD)]).await;
    assert_eq!(gone.location(), "/");
    assert!(gone.set_cookie("ticketping_chat_jwt").is_some_and(|cookie| cookie.contains("Max-Age=0")));
    assert!(!is_signed_in(&mut here).await && !is_signed_in(&mut there).await);
    for table in ["users", "sessions"] {
        let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&app.pool)
            .await
            .unwrap();
        assert_eq!(left, 0, "{table}");
    }
}

#[tokio::test]
async fn logging_out_and_in_again_leaves_one_session() {
    let app = TestApp::new().await;
    let mut browser = app.browser();
    browser.sign_up("alice@example.com").await;
    browser.post("/api/auth/log-out", &[]).await;
    browser.log_in("alice@example.com", PASSWORD).await;
    browser.log_in("alice@example.com", PASSWORD).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions").fetch_one(&app.pool).await.unwrap();
    assert_eq!(left, 1);
}

#[tokio::test]
async fn without_a_session_none_of_it_does_anything() {
    let app = TestApp::new().await;
    app.browser().sign_up("alice@example.com").await;
    for form in ["change-profile", "change-password", "end-sessions", "remove-account", "sessions"] {
        let fields = [("current", PASSWORD), ("password", NEW_PASSWORD), ("email", "new@example.com")];
        let page = app.browser().post(&format!("/api/auth/{form}"), &fields).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{form}");
    }
    assert_eq!(app.browser().log_in("alice@example.com", PASSWORD).await.location(), "/account");
}
