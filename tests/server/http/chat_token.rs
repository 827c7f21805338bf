//! The token endpoint: for the session's user only, and nowhere else.

use std::time::{SystemTime, UNIX_EPOCH};

use ::http::{Method, StatusCode, header};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use crate::support::{SECRET, TestApp};

const URL: &str = "/api/ticketping/chat-jwt";

/// In seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn claims(body: &str) -> Value {
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::decode(body["jwt"].as_str().unwrap(), &key, &Validation::new(Algorithm::HS256)).unwrap().claims
}

#[test]
fn without_a_session_it_is_a_401_in_json_that_no_cache_keeps() {
    let app = TestApp::new();
    let page = app.client().get_json(URL);
    assert_eq!((page.status, page.body.as_str()), (StatusCode::UNAUTHORIZED, r#"{"error":"not_signed_in"}"#));
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(page.headers[header::CONTENT_TYPE], "application/json");
    // For a person who opens the address as well.
    let page = app.client().get(URL);
    assert_eq!((page.status, page.body.as_str()), (StatusCode::UNAUTHORIZED, r#"{"error":"not_signed_in"}"#));
}

#[test]
fn a_token_is_about_the_sessions_user_and_says_exactly_four_things() {
    let app = TestApp::new();
    let browser = app.client();
    browser.sign_up("alice@example.com");
    let before = now();
    let page = browser.get_json(URL);
    let after = now();
    assert_eq!((page.status, page.headers[header::CACHE_CONTROL].as_bytes()), (StatusCode::OK, &b"no-store"[..]));
    let claims = claims(&page.body);
    let mut names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["display_name", "email", "exp", "external_id"]);
    assert_eq!((&claims["email"], &claims["display_name"]), (&"alice@example.com".into(), &"Alice".into()));
    let exp = claims["exp"].as_u64().unwrap();
    assert!((before + 300..=after + 300).contains(&exp), "{exp}");
}

#[test]
fn the_id_stays_and_differs_between_users() {
    let app = TestApp::new();
    let (alice, bob) = (app.client(), app.client());
    alice.sign_up("alice@example.com");
    bob.sign_up("bob@example.com");
    let first = claims(&alice.get_json(URL).body)["external_id"].clone();
    alice.log_in("alice@example.com");
    assert_eq!(claims(&alice.get_json(URL).body)["external_id"], first);
    assert_ne!(claims(&bob.get_json(URL).body)["external_id"], first);
}

#[test]
fn a_browser_that_opens_the_address_gets_the_json_too() {
    let app = TestApp::new();
    let browser = app.client();
    let opened = || {
        let request = browser.request(Method::GET, URL).header(header::ACCEPT, "text/html");
        browser.send(request.header(header::REFERER, "http://127.0.0.1:3000/"))
    };
    assert_eq!(opened().status, StatusCode::UNAUTHORIZED);
    browser.sign_up("alice@example.com");
    let page = opened();
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(claims(&page.body)["email"], "alice@example.com");
}

#[test]
fn no_page_holds_a_token_or_the_secret() {
    let app = TestApp::new();
    let browser = app.client();
    browser.sign_up("alice@example.com");
    for path in ["/", "/account", "/account/app", "/check-mail", "/no-such-page"] {
        let page = browser.get(path);
        assert!(!page.body.contains("eyJ") && !page.body.contains(SECRET), "{path}");
    }
}

#[test]
fn a_name_that_is_html_stays_text() {
    let app = TestApp::new();
    let browser = app.client();
    let name = "<img src=x onerror=alert(1)>";
    browser.sign_up("m@example.com");
    browser.post("/api/auth/change-name", &[("name", name)]);
    for path in ["/", "/account"] {
        let page = browser.get(path).body;
        assert!(page.contains("&lt;img src=x") && !page.contains("<img src=x"), "{path}: {page}");
    }
}

#[test]
fn its_life_follows_the_setting() {
    let app = TestApp::with(&[("TICKETPING_JWT_TTL_SECONDS", "30")]);
    let browser = app.client();
    browser.sign_up("alice@example.com");
    let before = now();
    let exp = claims(&browser.get_json(URL).body)["exp"].as_u64().unwrap();
    assert!((before + 30..=now() + 30).contains(&exp), "{exp}");
}
