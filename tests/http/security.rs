//! Headers, and forms from other sites.

use crate::test_app::{HOST, PASSWORD, TestApp};
use http::{Method, Request, StatusCode, header};

async fn post_from(app: &TestApp, headers: &[(&str, &str)]) -> StatusCode {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri("/api/auth/sign-up")
        .header(header::HOST, HOST)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let form = format!("email=alice@example.com&password={}", PASSWORD.replace(' ', "+"));
    app.browser().send(request, form).await.status
}

#[tokio::test]
async fn forms_from_other_sites_change_nothing() {
    let app = TestApp::new().await;
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", "null")],
        &[("sec-fetch-site", "same-site"), ("origin", "http://other.127.0.0.1:3000")],
    ] {
        assert_eq!(post_from(&app, headers).await, StatusCode::FORBIDDEN, "{headers:?}");
    }
    assert_eq!(app.users().await, 0);
    // No browser sends neither; a program that does carries no visitor's cookie.
    assert_eq!(post_from(&app, &[]).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn every_page_has_a_policy_with_a_nonce_of_its_own() {
    let app = TestApp::new().await;
    let mut seen = std::collections::HashSet::new();
    for path in ["/", "/", "/login", "/signup", "/no-such-page"] {
        let page = app.browser().get(path).await;
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert!(page.body.contains(&format!(r#"nonce="{nonce}""#)), "{path}");
        assert!(!policy.contains("'unsafe-eval'") && !policy.contains("script-src 'unsafe-inline'"));
        assert!(policy.contains("style-src 'self';") && policy.contains("frame-ancestors 'none'"));
        assert!(seen.insert(nonce), "the nonce of {path} was used before");
    }
}

#[tokio::test]
async fn the_policy_names_the_configured_hosts_and_no_path() {
    let app = TestApp::with(&[
        ("TICKETPING_API_BASE", "https://api.example.com/v2"),
        ("TICKETPING_WS_BASE", "wss://ws.example.com:8443"),
        ("TICKETPING_TEAM_LOGO_ICON", "https://cdn.example.com/logo.png"),
    ])
    .await;
    let page = app.browser().get("/").await;
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.contains("connect-src 'self' https://api.example.com wss://ws.example.com:8443"), "{policy}");
    assert!(policy.contains("img-src 'self' data: https://api.example.com https://cdn.example.com"), "{policy}");
}

#[tokio::test]
async fn every_response_has_the_fixed_headers_and_https_adds_hsts() {
    let plain = TestApp::new().await;
    for path in ["/", "/healthz", "/api/ticketping/chat-jwt", "/no-such-page"] {
        let page = plain.browser().get(path).await;
        assert_eq!(page.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(page.headers["referrer-policy"], "same-origin", "{path}");
        assert_eq!(page.headers["cross-origin-opener-policy"], "same-origin", "{path}");
        assert!(
            page.headers.contains_key("permissions-policy") && page.headers.contains_key("content-security-policy")
        );
        assert!(!page.headers.contains_key("strict-transport-security"));
    }
    let secure = TestApp::with(&[("PUBLIC_URL", "https://app.example.com")]).await;
    assert!(
        secure.browser().get("/").await.headers["strict-transport-security"].to_str().unwrap().contains("63072000")
    );
}

#[tokio::test]
async fn every_response_names_its_request_for_the_log() {
    let app = TestApp::new().await;
    let (first, second) = (app.browser().get("/").await, app.browser().get("/no-such-page").await);
    assert_ne!(first.headers["x-request-id"], second.headers["x-request-id"]);
}

#[tokio::test]
async fn an_error_page_names_its_request_and_a_client_cannot() {
    let app = TestApp::new().await;
    let page = app.browser().get("/no-such-page").await;
    let id = page.headers["x-request-id"].to_str().unwrap();
    assert!(page.body.contains(&format!(r#"<code class="request-id">{id}</code>"#)), "{}", page.body);
    let request = Request::builder().uri("/no-such-page").header("x-request-id", "made-up");
    let page = app.browser().send(request, "").await;
    assert_ne!(page.headers["x-request-id"], "made-up");
}

#[tokio::test]
async fn no_host_header_finds_its_way_into_an_answer() {
    let app = TestApp::new().await;
    for path in ["/", "/login", "/account", "/no-such-page", "/favicon.ico"] {
        let request = Request::builder()
            .uri(path)
            .header(header::HOST, "evil.example")
            .header("x-forwarded-host", "evil.example")
            .header(header::ACCEPT, "text/html");
        let page = app.browser().send(request, "").await;
        assert!(
            !page.body.contains("evil.example") && !format!("{:?}", page.headers).contains("evil.example"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn no_path_leads_out_of_the_sites_files() {
    let app = TestApp::new().await;
    for path in
        ["/../Cargo.toml", "/..%2fCargo.toml", "/%2e%2e/%2e%2e/Cargo.toml", "/pkg/../../../Cargo.toml", "//etc/passwd"]
    {
        let page = app.browser().get(&format!("/assets/dev{path}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn head_says_what_get_says_without_the_page() {
    let app = TestApp::new().await;
    for path in ["/", "/login", "/healthz", "/no-such-page"] {
        let get = app.browser().get(path).await;
        let request = Request::builder().method(Method::HEAD).uri(path).header(header::ACCEPT, "text/html");
        let head = app.browser().send(request, "").await;
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.headers.get(header::CONTENT_TYPE), get.headers.get(header::CONTENT_TYPE), "{path}");
    }
}

#[tokio::test]
async fn signed_in_pages_are_kept_by_no_cache() {
    let app = TestApp::new().await;
    let mut browser = app.browser();
    assert_eq!(browser.get("/").await.headers[header::CACHE_CONTROL], "private, no-cache");
    browser.sign_up("alice@example.com").await;
    for path in ["/", "/account", "/no-such-page"] {
        assert_eq!(browser.get(path).await.headers[header::CACHE_CONTROL], "no-store", "{path}");
    }
}

#[tokio::test]
async fn guessing_a_password_ends_in_a_429_that_says_when_to_come_back() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "1")]).await;
    app.browser().sign_up("alice@example.com").await;
    for _ in 0..10 {
        assert_eq!(app.browser().log_in("alice@example.com", "a wrong guess").await.status, StatusCode::SEE_OTHER);
    }
    let refused = app.browser().log_in("alice@example.com", PASSWORD).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = refused.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=11).contains(&seconds), "{seconds}");
    assert!(refused.body.contains(&format!("Wait {seconds} seconds")) && refused.body.contains("site-header"));
    assert_eq!(app.browser().log_in("bob@example.com", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn tokens_and_sign_ups_are_limited_too() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "0.05")]).await;
    let mut browser = app.browser();
    browser.sign_up("alice@example.com").await;
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.push(browser.get_json("/api/ticketping/chat-jwt").await.status.as_u16());
    }
    assert_eq!((answers[0], answers[4]), (200, 429), "{answers:?}");
    let mut answers = Vec::new();
    for n in 0..5 {
        answers.push(app.browser().sign_up(&format!("user{n}@example.com")).await.status.as_u16());
    }
    assert_eq!((answers[0], answers[4]), (303, 429), "{answers:?}");
}
