//! Headers, and forms from other sites.

use ::http::{Method, Request, StatusCode, header};
use axum::body::Body;

use crate::support::{PASSWORD, TestApp};

fn post_from(app: &TestApp, headers: &[(&str, &str)]) -> StatusCode {
    let client = app.client();
    let mut request = client
        .request(Method::POST, "/api/auth/sign-up")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request.body(format!("email=alice@example.com&password={}", PASSWORD.replace(' ', "+")))).status
}

#[test]
fn forms_from_other_sites_change_nothing() {
    let app = TestApp::new();
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", "null")],
        &[("sec-fetch-site", "same-site"), ("origin", "http://other.127.0.0.1:3000")],
    ] {
        assert_eq!(post_from(&app, headers), StatusCode::FORBIDDEN, "{headers:?}");
    }
    assert_eq!(app.users(), 0);
    // No browser sends neither; a program that does carries no visitor's cookie.
    assert_eq!(post_from(&app, &[]), StatusCode::SEE_OTHER);
}

#[test]
fn every_page_has_a_policy_with_a_nonce_of_its_own() {
    let app = TestApp::new();
    let mut seen = std::collections::HashSet::new();
    for path in ["/", "/", "/login", "/signup", "/no-such-page"] {
        let page = app.client().get(path);
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert!(page.body.contains(&format!(r#"nonce="{nonce}""#)), "{path}");
        assert!(!policy.contains("'unsafe-eval'") && !policy.contains("script-src 'unsafe-inline'"));
        assert!(policy.contains("style-src 'self';") && policy.contains("frame-ancestors 'none'"));
        assert!(seen.insert(nonce), "the nonce of {path} was used before");
    }
}

#[test]
fn the_policy_names_the_configured_hosts_and_no_path() {
    let app = TestApp::with(&[
        ("TICKETPING_API_BASE", "https://api.example.com/v2"),
        ("TICKETPING_WS_BASE", "wss://ws.example.com:8443"),
        ("TICKETPING_TEAM_LOGO_ICON", "https://cdn.example.com/logo.png"),
    ]);
    let page = app.client().get("/");
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.contains("connect-src 'self' https://api.example.com wss://ws.example.com:8443"), "{policy}");
    assert!(policy.contains("img-src 'self' data: https://api.example.com https://cdn.example.com"), "{policy}");
}

#[test]
fn every_response_has_the_fixed_headers_and_https_adds_hsts() {
    let plain = TestApp::new();
    for path in ["/", "/healthz", "/api/ticketping/chat-jwt", "/no-such-page"] {
        let page = plain.client().get(path);
        assert_eq!(page.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(page.headers["referrer-policy"], "same-origin", "{path}");
        assert_eq!(page.headers["cross-origin-opener-policy"], "same-origin", "{path}");
        assert!(
            page.headers.contains_key("permissions-policy") && page.headers.contains_key("content-security-policy")
        );
        assert!(!page.headers.contains_key("strict-transport-security"));
    }
    let secure = TestApp::with(&[("PUBLIC_URL", "https://app.example.com")]);
    assert!(secure.client().get("/").headers["strict-transport-security"].to_str().unwrap().contains("63072000"));
}

#[test]
fn every_response_names_its_request_for_the_log() {
    let app = TestApp::new();
    let (first, second) = (app.client().get("/"), app.client().get("/no-such-page"));
    assert_ne!(first.headers["x-request-id"], second.headers["x-request-id"]);
}

#[test]
fn an_error_page_names_its_request_and_a_client_cannot() {
    let app = TestApp::new();
    let page = app.client().get("/no-such-page");
    let id = page.headers["x-request-id"].to_str().unwrap();
    assert!(page.body.contains(&format!(r#"<code class="request-id">{id}</code>"#)), "{}", page.body);
    let client = app.client();
    let page = client.send(client.request(Method::GET, "/no-such-page").header("x-request-id", "made-up"));
    assert_ne!(page.headers["x-request-id"], "made-up");
}

#[test]
fn no_host_header_finds_its_way_into_an_answer() {
    let app = TestApp::new();
    for path in ["/", "/login", "/account", "/no-such-page", "/favicon.ico"] {
        let client = app.client();
        let request = client.request(Method::GET, path).header(header::HOST, "evil.example");
        let request = request.header("x-forwarded-host", "evil.example").header(header::ACCEPT, "text/html");
        let page = client.send(request);
        assert!(
            !page.body.contains("evil.example") && !format!("{:?}", page.headers).contains("evil.example"),
            "{path}"
        );
    }
}

#[test]
fn no_path_leads_out_of_the_sites_files() {
    let app = TestApp::new();
    for path in
        ["/../Cargo.toml", "/..%2fCargo.toml", "/%2e%2e/%2e%2e/Cargo.toml", "/pkg/../../../Cargo.toml", "//etc/passwd"]
    {
        // A client would resolve the dots itself.
        let request = Request::builder().uri(format!("/assets/dev{path}")).body(Body::empty()).unwrap();
        assert_eq!(app.send_raw(request).0.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[test]
fn head_says_what_get_says_without_the_page() {
    let app = TestApp::new();
    for path in ["/", "/login", "/healthz", "/no-such-page"] {
        let get = app.client().get(path);
        let client = app.client();
        let head = client.send(client.request(Method::HEAD, path).header(header::ACCEPT, "text/html"));
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.headers.get(header::CONTENT_TYPE), get.headers.get(header::CONTENT_TYPE), "{path}");
    }
}

#[test]
fn signed_in_pages_are_kept_by_no_cache() {
    let app = TestApp::new();
    let browser = app.client();
    assert_eq!(browser.get("/").headers[header::CACHE_CONTROL], "private, no-cache");
    browser.sign_up("alice@example.com");
    for path in ["/", "/account", "/no-such-page"] {
        assert_eq!(browser.get(path).headers[header::CACHE_CONTROL], "no-store", "{path}");
    }
}

#[test]
fn a_page_that_history_brings_back_is_asked_for_again_after_log_in() {
    let app = TestApp::new();
    let browser = app.client();
    for path in ["/", "/login", "/signup", "/no-such-page"] {
        // Browsers heed `Vary` where history ignores `no-cache`.
        let vary = browser.get(path).headers.get_all(header::VARY).iter().any(|names| names == "cookie");
        assert!(vary, "{path}");
    }
}

#[test]
fn guessing_a_password_ends_in_a_429_that_says_when_to_come_back() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "1")]);
    app.client().sign_up("alice@example.com");
    for _ in 0..10 {
        assert_eq!(app.client().log_in_with("alice@example.com", "a wrong guess").status, StatusCode::SEE_OTHER);
    }
    let refused = app.client().log_in("alice@example.com");
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = refused.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=11).contains(&seconds), "{seconds}");
    assert!(refused.body.contains(&format!("Wait {seconds} seconds")) && refused.body.contains("site-header"));
    assert_eq!(app.client().log_in("bob@example.com").status, StatusCode::SEE_OTHER);
}

#[test]
fn tokens_and_sign_ups_are_limited_too() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "0.05")]);
    let browser = app.client();
    browser.sign_up("alice@example.com");
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.push(browser.get_json("/api/ticketping/chat-jwt").status.as_u16());
    }
    assert_eq!((answers[0], answers[4]), (200, 429), "{answers:?}");
    let mut answers = Vec::new();
    for n in 0..5 {
        answers.push(app.client().sign_up(&format!("user{n}@example.com")).status.as_u16());
    }
    assert_eq!((answers[0], answers[4]), (303, 429), "{answers:?}");
}
