//! Requests that no form of ours sends: a 4xx with a sentence, never a 500, nothing half-written.

use crate::test_app::{TestApp, form_request};
use http::{StatusCode, header};

const FORMS: [&str; 2] = ["/api/auth/sign-up", "/api/auth/log-in"];

#[tokio::test]
async fn bodies_that_cannot_be_read_are_a_400_with_a_sentence() {
    let app = TestApp::new().await;
    let bodies: [&[u8]; 6] = [
        b"email=a@example.com&email=b@example.com&password=correct+horse",
        b"email=%ff%fe&password=correct+horse+battery",
        b"email=\xff\xfe&password=x",
        b"email[x]=1&password[]=2",
        // PostgreSQL keeps no text with a zero in it.
        b"email=a%00@example.com&password=correct+horse+battery",
        b"email=a@example.com&password=correct%00horse+battery",
    ];
    for form in FORMS {
        for body in bodies {
            let page = app.browser().send(form_request(form), body.to_vec()).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{form} {body:?}");
            assert!(page.body.contains("We could not read that request"), "{}", page.body);
        }
    }
    assert_eq!(app.users().await, 0);
}

#[tokio::test]
async fn an_unknown_content_type_changes_nothing() {
    let app = TestApp::new().await;
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
        let mut request = form_request("/api/auth/sign-up");
        request.headers_mut().unwrap().insert(header::CONTENT_TYPE, kind.parse().unwrap());
        let page = app.browser().send(request, "email=a@example.com&password=correct+horse+battery").await;
        assert_eq!(page.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        assert!(page.body.contains("We could not read that request"));
    }
    assert_eq!(app.users().await, 0);
}

#[tokio::test]
async fn empty_and_missing_fields_are_named() {
    let app = TestApp::new().await;
    for fields in [&[][..], &[("email", ""), ("password", "")], &[("email", "  "), ("unknown", "x")]] {
        let page = app.browser().post_and_follow("/api/auth/sign-up", fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.body.contains("Enter your e-mail address.") && page.body.contains("Enter your password."));
    }
}

#[tokio::test]
async fn fields_that_are_too_long_are_refused_by_the_form() {
    let app = TestApp::new().await;
    let (name, email) = ("n".repeat(101), format!("{}@example.com", "a".repeat(250)));
    let password = "xkqzvpwj".repeat(17);
    let fields = [("name", name.as_str()), ("email", &email), ("password", &password)];
    let page = app.browser().post_and_follow("/api/auth/sign-up", &fields).await;
    for sentence in ["at most 100 characters", "such as alice@example.com", "at most 128 characters"] {
        assert!(page.body.contains(sentence), "{sentence}");
    }
    assert_eq!(app.users().await, 0);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_a_413() {
    let app = TestApp::new().await;
    let body = format!("email={}", "a".repeat(100_000));
    let mut request = form_request("/api/auth/log-in");
    request.headers_mut().unwrap().insert(header::CONTENT_LENGTH, body.len().into());
    let page = app.browser().send(request, body).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.body.contains("too much to send at once"));
}

#[tokio::test]
async fn programs_get_their_errors_as_json() {
    let app = TestApp::new().await;
    let mut request = form_request("/api/auth/log-in");
    request.headers_mut().unwrap().insert(header::ACCEPT, "application/json".parse().unwrap());
    let page = app.browser().send(request, "email=a&email=b").await;
    assert_eq!((page.status, page.body.as_str()), (StatusCode::BAD_REQUEST, r#"{"error":"bad_request"}"#));
    let page = app.browser().get_json("/api/no-such-thing").await;
    assert_eq!((page.status, page.body.as_str()), (StatusCode::NOT_FOUND, r#"{"error":"not_found"}"#));
}

#[tokio::test]
async fn a_page_that_is_not_there_is_a_404_in_the_same_look() {
    let app = TestApp::new().await;
    let page = app.browser().get("/no-such-page").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.body.contains("There is no page at this address") && page.body.contains("site-header"));
}

#[tokio::test]
async fn the_wrong_verb_is_a_405_in_the_same_look() {
    let app = TestApp::new().await;
    let page = app.browser().post("/login", &[]).await;
    assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(page.body.contains("site-header"));
}

#[tokio::test]
async fn a_forged_form_cookie_is_an_empty_form() {
    let app = TestApp::new().await;
    let mut browser = app.browser();
    browser.cookies.insert("form".into(), "%7B%22email%22%3A1%7D%ff".into());
    assert!(browser.get("/login").await.status.as_u16() < 500);
}
