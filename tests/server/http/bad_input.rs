//! Requests that no form of ours sends: a 4xx with a sentence, never a 500, nothing half-written.

use std::time::{Duration, Instant};

use ::http::{Method, Request, StatusCode, header};
use axum::body::Body;

use crate::support::{PASSWORD, TestApp};

const FORMS: [&str; 4] =
    ["/api/auth/sign-up", "/api/auth/log-in", "/api/auth/forgot-password", "/api/auth/choose-password"];

#[test]
fn bodies_that_cannot_be_read_are_a_400_with_a_sentence() {
    let app = TestApp::new();
    let bodies: [&[u8]; 6] = [
        b"email=a@example.com&email=b@example.com&token=a&token=b",
        b"email=%ff%fe&token=%ff%fe",
        b"email=\xff\xfe&token=\xff",
        b"email[x]=1&token[]=2",
        // PostgreSQL keeps no text with a zero in it.
        b"email=a%00@example.com&token=a%00",
        b"name=%00&email=a%00@example.com&password=correct%00horse+battery&token=a%00",
    ];
    for form in FORMS {
        for body in bodies {
            let client = app.client();
            let page = client.send(client.form(form, body.to_vec()));
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{form} {body:?}");
            assert!(page.body.contains("We could not read that request"), "{}", page.body);
        }
    }
    assert_eq!(app.users(), 0);
}

#[test]
fn what_is_asked_of_a_proxy_is_a_400() {
    let app = TestApp::new();
    for method in [Method::GET, Method::CONNECT] {
        let request =
            Request::builder().method(method.clone()).uri("evil.example:80").header(header::ACCEPT, "text/html");
        assert_eq!(app.send_raw(request.body(Body::empty()).unwrap()).0.status, StatusCode::BAD_REQUEST, "{method}");
    }
}

#[test]
fn a_form_does_all_of_its_work_although_its_client_has_gone() {
    let app = TestApp::new();
    let alice = app.client();
    alice.sign_up("alice@example.com");
    let request = Request::post("/api/auth/change-password")
        .header(header::COOKIE, format!("session={}", alice.cookie("session").unwrap()))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin");
    let form = format!("current={PASSWORD}&password=blue kitchen window").replace(' ', "+");
    let before = app.query::<String>("SELECT password_hash FROM users");
    app.send_and_leave(request.body(Body::from(form)).unwrap());
    let begin = Instant::now();
    while app.query::<String>("SELECT password_hash FROM users") == before {
        assert!(begin.elapsed() < Duration::from_secs(10), "the password was not changed");
    }
    alice.next_mail("alice@example.com", 1);
}

#[test]
fn a_form_is_known_however_its_type_is_written() {
    let app = TestApp::new();
    let client = app.client();
    let request = client.request(Method::POST, "/api/auth/sign-up").header("sec-fetch-site", "same-origin");
    let request = request.header(header::CONTENT_TYPE, "Application/X-WWW-Form-URLEncoded; charset=UTF-8");
    assert_eq!(client.send(request.body("email=a@example.com")).location(), "/check-mail");
}

#[test]
fn an_unknown_content_type_changes_nothing() {
    let app = TestApp::new();
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
        let client = app.client();
        let request = client.request(Method::POST, "/api/auth/sign-up").header(header::ACCEPT, "text/html");
        let body = "email=a@example.com&password=correct+horse+battery";
        let page =
            client.send(request.header("sec-fetch-site", "same-origin").header(header::CONTENT_TYPE, kind).body(body));
        assert_eq!(page.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        assert!(page.body.contains("We could not read that request"));
    }
    assert_eq!(app.users(), 0);
}

#[test]
fn empty_and_missing_fields_are_named() {
    let app = TestApp::new();
    for fields in [&[][..], &[("email", ""), ("password", "")], &[("email", "  "), ("unknown", "x")]] {
        for form in ["/api/auth/sign-up", "/api/auth/forgot-password"] {
            let page = app.client().post_and_follow(form, fields);
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(page.body.contains("Enter your email address."));
        }
        let page = app.client().post_and_follow("/api/auth/log-in", fields);
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.body.contains("Enter your email address.") && page.body.contains("Enter a password."));
    }
}

#[test]
fn fields_that_are_too_long_are_refused_by_the_form() {
    let app = TestApp::new();
    let (name, email) = ("n".repeat(101), format!("{}@example.com", "a".repeat(250)));
    let page = app.client().post_and_follow("/api/auth/sign-up", &[("name", &name), ("email", &email)]);
    for sentence in ["at most 100 characters", "such as alice@example.com"] {
        assert!(page.body.contains(sentence), "{sentence}");
    }
    assert_eq!(app.query::<i64>("SELECT count(*) FROM outbox"), [0]);
}

#[test]
fn a_body_that_is_too_large_is_a_413() {
    let app = TestApp::new();
    let body = format!("email={}", "a".repeat(100_000));
    let client = app.client();
    let page = client.send(client.form("/api/auth/log-in", body));
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.body.contains("What you sent is too large"));
}

#[test]
fn programs_get_their_errors_as_json() {
    let app = TestApp::new();
    let client = app.client();
    let request = client.request(Method::POST, "/api/auth/log-in").header("sec-fetch-site", "same-origin");
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let page = client.send(request.header(header::ACCEPT, "application/json").body("email=a&email=b"));
    assert_eq!((page.status, page.body.as_str()), (StatusCode::BAD_REQUEST, r#"{"error":"bad_request"}"#));
    let page = app.client().get_json("/api/no-such-thing");
    assert_eq!((page.status, page.body.as_str()), (StatusCode::NOT_FOUND, r#"{"error":"not_found"}"#));
}

#[test]
fn a_page_that_is_not_there_is_a_404_in_the_same_look() {
    let app = TestApp::new();
    let page = app.client().get("/no-such-page");
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.body.contains("There is no page at this address") && page.body.contains("site-header"));
}

#[test]
fn the_wrong_verb_is_a_405_in_the_same_look() {
    let app = TestApp::new();
    let page = app.client().post("/login", &[]);
    assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(page.body.contains("site-header"));
    let client = app.client();
    let for_programs = client.send(client.request(Method::POST, "/healthz"));
    for allows in [page, for_programs] {
        assert_eq!(allows.headers[header::ALLOW], "GET,HEAD");
    }
}

#[test]
fn a_forged_form_cookie_is_an_empty_form() {
    let app = TestApp::new();
    let browser = app.client();
    browser.set_cookie("form", "%7B%22email%22%3A1%7D%ff");
    let page = browser.get("/login");
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains(r#"role="alert""#), "{}", page.body);
}
