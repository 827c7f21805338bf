//! Headers, and forms from other sites.

use std::{
    io::{self, Read},
    net::SocketAddr,
    sync::{
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc,
    },
    thread,
};

use ::http::{Method, Request, StatusCode, header};
use axum::{body::Body, extract::ConnectInfo};

use crate::support::{Client, PASSWORD, TestApp, until};

fn post_from(app: &TestApp, headers: &[(&str, &str)]) -> StatusCode {
    let client = app.client();
    let mut request = client
        .request(Method::POST, "/api/auth/sign-up")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request.body("email=alice@example.com")).status
}

/// What a form says above its fields when a limit has refused it.
const TOO_MANY: &str = r#"class="form-summary">Too many attempts."#;

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
    assert!(app.query::<i64>("SELECT count(*) FROM outbox") == [0] && app.mailbox.mails().is_empty());
    // No browser sends neither; a program that does carries no visitor's cookie.
    assert_eq!(post_from(&app, &[]), StatusCode::SEE_OTHER);
}

#[test]
fn a_form_that_another_site_sends_ends_nothing_of_the_users_chat() {
    let app = TestApp::new();
    let alice = app.client();
    alice.sign_up("alice@example.com");
    let request = alice.request(Method::POST, "/api/auth/log-in").header("sec-fetch-site", "cross-site");
    let page = alice.send(request.header(header::ORIGIN, "https://evil.example").header(header::ACCEPT, "text/html"));
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("came from another site"), "{}", page.body);
    assert!(!page.body.contains("ticketping-page-data"), "the chat takes the page for nobody's");
    assert!(alice.get("/").body.contains("ticketping-page-data"));
}

/// A form of which half comes now, and the rest when it is told.
struct SlowForm {
    rest: mpsc::Receiver<Vec<u8>>,
    half: Option<Vec<u8>>,
    half_is_sent: mpsc::Sender<()>,
}

impl Read for SlowForm {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let part = self.half.take().unwrap_or_else(|| {
            self.half_is_sent.send(()).unwrap();
            self.rest.recv().unwrap_or_default()
        });
        room[..part.len()].copy_from_slice(&part);
        Ok(part.len())
    }
}

#[test]
fn a_form_that_is_on_its_way_while_its_session_ends_does_nothing() {
    let app = TestApp::new();
    let thief = app.client();
    thief.sign_up("alice@example.com");
    let form = b"name=Thief";
    let (send_rest, rest) = mpsc::channel();
    let (half_is_sent, is_half_sent) = mpsc::channel();
    let slow = SlowForm { rest, half: Some(form[..5].to_vec()), half_is_sent };
    let answer = thread::scope(|scope| {
        let sending =
            scope.spawn(|| thief.send(thief.form("/api/auth/change-name", reqwest::blocking::Body::new(slow))));
        is_half_sent.recv().unwrap();
        let owner = app.client();
        let mail =
            owner.mail_after("/api/auth/forgot-password", &[("email", "alice@example.com")], "alice@example.com");
        assert_eq!(owner.choose_password(&mail, "another good password").location(), "/account");
        send_rest.send(form[5..].to_vec()).unwrap();
        drop(send_rest);
        sending.join().unwrap()
    });
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
    assert_eq!(app.query::<Option<String>>("SELECT name FROM users"), [Some("Alice".to_owned())]);
}

#[test]
fn a_form_that_waits_for_a_free_core_while_its_session_ends_does_nothing() {
    let app = TestApp::with(&[("TRUSTED_PROXIES", "127.0.0.1/32")]);
    let thief = app.client();
    thief.sign_up("alice@example.com");
    app.client().sign_up("bob@example.com");
    let owner = thief.copy();
    let form = |path: &str, network: usize, fields: &str| {
        let request = Request::post(path)
            .extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))))
            .header("x-forwarded-for", format!("2001:db8:{network:x}::1"))
            .header(header::COOKIE, format!("session={}", thief.cookie("session").unwrap()))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        request.body(Body::from(fields.replace(' ', "+"))).unwrap()
    };
    assert!(owner.is_signed_in());
    // They take all cores for a while.
    for n in 0..60.min(6 * thread::available_parallelism().unwrap().get()) {
        app.send_and_leave(form("/api/auth/log-in", n, &format!("email=nobody{n}@example.com&password=a guess")));
    }
    app.send_and_leave(form("/api/auth/change-email", 99, &format!("email=thief@example.com&current={PASSWORD}")));
    owner.log_out();
    // These wait behind it.
    for _ in 0..2 {
        assert_eq!(app.client().log_in("bob@example.com").location(), "/account");
    }
    // Promised is what is to be sent, and what was sent.
    let promised = "SELECT (SELECT count(*) FROM outbox WHERE kind = 'change_email') \
                    + (SELECT count(*) FROM links WHERE purpose = 'change_email')";
    assert_eq!(app.query::<i64>(promised), [0]);
}

#[test]
fn guesses_at_the_current_password_are_few_and_the_owner_hears_of_them() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "1")]);
    let thief = app.client();
    thief.sign_up("alice@example.com");
    // Right ones are no guesses.
    for n in 0..12 {
        let page = thief.post_and_follow("/api/auth/start-recovery-codes", &[("current", PASSWORD)]);
        assert_eq!(page.status, StatusCode::OK, "{n}");
    }
    let guess =
        || thief.post("/api/auth/change-password", &[("current", "a guess"), ("password", "kitchen window blue")]);
    for n in 0..10 {
        assert_eq!(guess().status, StatusCode::SEE_OTHER, "{n}");
    }
    let refused = guess();
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = refused.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((500..=601).contains(&seconds), "{seconds}");
    let mail = thief.next_mail("alice@example.com", 1);
    assert!(mail.says("several wrong passwords"), "{}", mail.text);
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
        let directives: Vec<_> = policy.split("; ").collect();
        let scripts = format!("script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'");
        for directive in
            ["default-src 'none'", &scripts, "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"]
        {
            assert!(directives.contains(&directive), "{path}: {directive} is not in {policy}");
        }
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
        assert_eq!(page.headers["cross-origin-resource-policy"], "same-origin", "{path}");
        assert_eq!(page.headers["x-frame-options"], "DENY", "{path}");
        assert!(page.headers["permissions-policy"].to_str().unwrap().contains("camera=(), "), "{path}");
        assert!(
            page.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'; "),
            "{path}"
        );
        assert!(!page.headers.contains_key("strict-transport-security") && !page.headers.contains_key("server"));
    }
    let secure = TestApp::with(&[("PUBLIC_URL", "https://app.example.com")]);
    let hsts = &secure.client().get("/").headers["strict-transport-security"];
    assert_eq!(hsts, "max-age=63072000; includeSubDomains");
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
fn the_sandbox_answers_no_site_whose_name_was_made_to_lead_to_this_machine_and_nobody_by_a_proxy() {
    let app = TestApp::with(&[
        ("TICKETPING_SANDBOX", "true"),
        ("TICKETPING_JWT_SECRET", ""),
        ("MAIL_URL", ""),
        ("PUBLIC_URL", "http://named.example:3000"),
    ]);
    for (host, status) in [
        ("named.example:3000", StatusCode::OK),
        ("evil.example", StatusCode::MISDIRECTED_REQUEST),
        ("localhost.evil.example:3000", StatusCode::MISDIRECTED_REQUEST),
        ("localhost:3000", StatusCode::OK),
        ("[::1]:3000", StatusCode::OK),
    ] {
        let client = app.client();
        let request = client.request(Method::GET, "/sandbox/mail").header(header::HOST, host);
        assert_eq!(client.send(request).status, status, "{host}");
    }
    let client = app.client();
    let forwarded = client.request(Method::GET, "/sandbox/mail").header(header::HOST, "localhost:3000");
    assert_eq!(client.send(forwarded.header("x-forwarded-for", "203.0.113.9")).status, StatusCode::FORBIDDEN);
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
fn what_was_sent_is_not_sent_back() {
    let app = TestApp::new();
    let client = app.client();
    assert_eq!(client.send(client.request(Method::TRACE, "/")).status, StatusCode::METHOD_NOT_ALLOWED);
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
    let alice = app.client();
    alice.sign_up("alice@example.com");
    for path in ["/api/auth/export", "/api/ticketping/chat-jwt"] {
        let head = alice.send(alice.request(Method::HEAD, path));
        assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""), "{path}");
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
    assert!((1..=901).contains(&seconds), "{seconds}");
    // The form again, with what was typed.
    for part in [
        TOO_MANY,
        "Try again in 15 minutes.",
        r#"value="alice@example.com""#,
        r#"name="password""#,
        "Forgot your password?",
    ] {
        assert!(refused.body.contains(part), "{part} in {}", refused.body);
    }
    assert_eq!(refused.set_cookie("form").map(|cookie| cookie.contains("Max-Age=0")), Some(true));
    let program = app.client();
    let form = program.request(Method::POST, "/api/auth/log-in").header(header::ACCEPT, "application/json");
    let form = form.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let refused = program.send(form.body("email=alice%40example.com&password=a+wrong+guess"));
    assert_eq!((refused.status, refused.set_cookie("form")), (StatusCode::TOO_MANY_REQUESTS, None));
    assert_eq!(app.client().log_in("bob@example.com").status, StatusCode::SEE_OTHER);
}

#[test]
fn a_user_makes_so_many_changes_with_the_right_password_and_then_a_few_an_hour() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "1")]);
    let thief = app.client();
    thief.sign_up("alice@example.com");
    let change = || thief.post("/api/auth/start-app", &[("current", PASSWORD)]);
    for n in 0..30 {
        assert_eq!(change().location(), "/account/app", "{n}");
    }
    let refused = change();
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = refused.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((300..=361).contains(&seconds), "{seconds}");
    assert!(refused.body.contains(TOO_MANY) && refused.body.contains("Add an authenticator app"), "{}", refused.body);
}

#[test]
fn a_limit_inside_the_account_shows_its_form_again_with_what_was_typed() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "1")]);
    let alice = app.client();
    alice.sign_up("alice@example.com");
    let refused_at_last = |path: &str, fields: &[(&str, &str)], shown: &[&str]| {
        let answers = (0..100).map(|_| alice.post(path, fields));
        let refused = answers.into_iter().find(|answer| answer.status != StatusCode::SEE_OTHER).expect("a refusal");
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.headers.contains_key(header::RETRY_AFTER));
        assert_eq!(refused.headers[header::CACHE_CONTROL], "no-store");
        for part in [TOO_MANY, "Log out"].iter().chain(shown) {
            assert!(refused.body.contains(part), "{part} in {}", refused.body);
        }
        assert_eq!(refused.set_cookie("form").map(|cookie| cookie.contains("Max-Age=0")), Some(true));
    };
    alice.post("/api/auth/start-app", &[("current", PASSWORD)]);
    refused_at_last("/api/auth/confirm-app", &[("code", "000000")], &[r#"<code class="secret">"#]);
    let fields = [("email", "alice.new@example.com"), ("current", "a wrong guess")];
    refused_at_last("/api/auth/change-email", &fields, &[r#"value="alice.new@example.com""#, "Remove account"]);
    assert_eq!(alice.get("/account").status, StatusCode::OK);
}

#[test]
fn guesses_by_others_lock_nobody_out_of_a_browser_that_knows_the_account_and_the_owner_hears_of_them_once() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "1")]);
    let alice = app.client();
    alice.sign_up("alice@example.com");
    for n in 0..15 {
        let guess = app.client().log_in_with("alice@example.com", "a wrong guess");
        assert_eq!(guess.status == StatusCode::TOO_MANY_REQUESTS, n >= 10, "{n}");
    }
    let notice = alice.next_mail("alice@example.com", 1);
    assert!(notice.says("Someone tried several wrong passwords"), "{}", notice.text);
    // The forms of a user who is logged in count for themselves.
    let fields = [("current", PASSWORD), ("password", "another good password")];
    assert!(alice.post_and_follow("/api/auth/change-password", &fields).body.contains("Changed."));
    alice.next_mail("alice@example.com", 2);
    alice.log_out();
    assert_eq!(alice.log_in_with("alice@example.com", "another good password").location(), "/account");
    // Another account's browser is a stranger.
    let bob = app.client();
    bob.sign_up("bob@example.com");
    assert_eq!(bob.log_in("alice@example.com").status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(app.mailbox.to("alice@example.com").len(), 3, "one notice");
}

#[test]
fn a_network_that_guesses_while_others_wait_keeps_neither_them_out_nor_browsers_that_are_known() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "0.1"), ("TRUSTED_PROXIES", "127.0.0.1/32")]);
    let alice = app.client();
    alice.sign_up("alice@example.com");
    alice.log_out();
    let log_in = |browser: &Client, email: &str, from: String| {
        let form = browser.form("/api/auth/log-in", format!("email={email}&password={}", PASSWORD.replace(' ', "+")));
        browser.send(form.header("x-forwarded-for", from)).status
    };
    let stranger = |site: usize, n: usize| {
        log_in(&app.client(), &format!("p{site}.{n}@example.com"), format!("2001:db8:{site:x}:{n:x}::1"))
    };
    let is_over = AtomicBool::new(false);
    let (tries, other, known) = thread::scope(|scope| {
        // So many, each from another network, that there is always somebody who waits.
        for n in 0..8 * thread::available_parallelism().unwrap().get() {
            let (is_over, stranger) = (&is_over, &stranger);
            scope.spawn(move || {
                for turn in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    stranger(0x100 + n * 0x80 + turn % 0x80, turn);
                }
            });
        }
        let tries = (0..100).take_while(|n| stranger(1, *n) != StatusCode::TOO_MANY_REQUESTS).count();
        let other = stranger(2, 0);
        let known = log_in(&alice, "alice@example.com", "2001:db8:1:ffff::1".into());
        is_over.store(true, Ordering::Relaxed);
        (tries, other, known)
    });
    assert!((20..60).contains(&tries), "{tries}");
    assert_eq!((other, known), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
}

#[test]
fn a_client_that_is_refused_causes_no_mail() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "1")]);
    let alice = app.client();
    alice.sign_up("alice@example.com");
    until("refused", || app.client().log_in_with("", "").status == StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(app.client().log_in("alice@example.com").status, StatusCode::TOO_MANY_REQUESTS);
    app.client().post("/api/auth/forgot-password", &[("email", "alice@example.com")]);
    let mail = alice.next_mail("alice@example.com", 1);
    assert!(!mail.says("Someone tried several wrong passwords"), "{}", mail.text);
}

#[test]
fn forms_without_a_password_are_no_guesses() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "1")]);
    app.client().sign_up("alice@example.com");
    for email in ["", "alice@example.com"] {
        for n in 0..11 {
            assert_eq!(app.client().log_in_with(email, "").location(), "/login", "{n}");
        }
    }
    assert_eq!(app.client().log_in("alice@example.com").location(), "/account");
}

#[test]
fn a_try_that_the_server_is_too_busy_for_is_no_guess() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "2"), ("TRUSTED_PROXIES", "127.0.0.1/32")]);
    app.client().sign_up("alice@example.com");
    // Each from another network.
    let count = AtomicU32::new(0);
    let try_to_log_in = |email: Option<&str>| {
        let client = app.client();
        let n = count.fetch_add(1, Ordering::Relaxed);
        let (address, other) = (format!("2001:db8:{n:x}::1"), format!("other{n}@example.com"));
        let form = client.form("/api/auth/log-in", format!("email={}&password=a+guess", email.unwrap_or(&other)));
        client.send(form.header("x-forwarded-for", address)).status
    };
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    try_to_log_in(None);
                }
            });
        }
        let mut too_busy = 0;
        while too_busy < 25 {
            match try_to_log_in(Some("alice@example.com")) {
                StatusCode::SERVICE_UNAVAILABLE => too_busy += 1,
                status if status != StatusCode::SEE_OTHER => {
                    is_over.store(true, Ordering::Relaxed);
                    panic!("{status} after {too_busy}");
                }
                _ => {}
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(app.client().log_in("alice@example.com").location(), "/account");
}

#[test]
fn a_cookie_of_another_installation_is_worth_nothing() {
    // Both have the same JWT secret.
    let apps = [TestApp::with(&[("RATE_LIMIT_FACTOR", "1")]), TestApp::new()];
    let [_, theirs] = apps.each_ref().map(|app| {
        let alice = app.client();
        alice.sign_up("alice@example.com");
        alice
    });
    let password = &apps[1].query::<String>("SELECT password_id FROM users")[0];
    apps[0].query::<String>(&format!("UPDATE users SET password_id = '{password}' RETURNING id"));
    until("refused", || {
        apps[0].client().log_in_with("alice@example.com", "a guess").status == StatusCode::TOO_MANY_REQUESTS
    });
    let forged = apps[0].client();
    forged.set_cookie("device", &theirs.cookie("device").unwrap());
    assert_eq!(forged.log_in("alice@example.com").status, StatusCode::TOO_MANY_REQUESTS);
}

#[test]
fn a_browser_that_knew_the_old_password_is_a_stranger_to_the_new_one_and_the_owner_hears_of_its_guesses() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "1")]);
    let alice = app.client();
    alice.sign_up("alice@example.com");
    let knew = app.client();
    knew.log_in("alice@example.com");
    let fields = [("current", PASSWORD), ("password", "another good password")];
    assert!(alice.post_and_follow("/api/auth/change-password", &fields).body.contains("Changed."));
    alice.next_mail("alice@example.com", 1);
    alice.log_out();
    until("refused", || app.client().log_in("alice@example.com").status == StatusCode::TOO_MANY_REQUESTS);
    alice.next_mail("alice@example.com", 2);
    assert_eq!(knew.log_in("alice@example.com").status, StatusCode::TOO_MANY_REQUESTS, "it has guesses of its own");
    assert_eq!(alice.log_in_with("alice@example.com", "another good password").location(), "/account");

    // Guesses in a browser of the owner's own are no secret from them.
    let bob = app.client();
    bob.sign_up("bob@example.com");
    bob.log_out();
    until("refused", || bob.log_in_with("bob@example.com", "a wrong guess").status == StatusCode::TOO_MANY_REQUESTS);
    assert!(bob.next_mail("bob@example.com", 1).says("Someone tried several wrong passwords"));
}

#[test]
fn another_sites_page_gets_no_token_and_no_file_of_the_account() {
    let app = TestApp::new();
    let browser = app.client();
    browser.sign_up("alice@example.com");
    for path in ["/api/ticketping/chat-jwt", "/api/auth/export"] {
        for site in ["cross-site", "same-site"] {
            let answer = browser.send(browser.request(Method::GET, path).header("sec-fetch-site", site));
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {site}");
        }
        for site in ["same-origin", "none"] {
            let answer = browser.send(browser.request(Method::GET, path).header("sec-fetch-site", site));
            assert_eq!(answer.status, StatusCode::OK, "{path} {site}");
        }
    }
}

#[test]
fn well_known_addresses_say_where_to_change_a_password_and_whom_to_tell_of_a_vulnerability() {
    let app = TestApp::new();
    assert_eq!(app.client().get("/.well-known/change-password").location(), "/account");
    let text = app.client().get("/.well-known/security.txt").body;
    assert!(text.starts_with("Contact: mailto:support@example.com\nExpires: 20"), "{text}");
    assert!(text.contains(&format!("Canonical: {}/.well-known/security.txt", app.origin())), "{text}");
}

#[test]
fn tokens_and_mails_are_limited_too() {
    let app = TestApp::with(&[("RATE_LIMIT_FACTOR", "0.05")]);
    let browser = app.client();
    assert_eq!(browser.sign_up("alice@example.com").location(), "/account");
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.push(browser.get_json("/api/ticketping/chat-jwt").status.as_u16());
    }
    assert_eq!((answers[0], answers[4]), (200, 429), "{answers:?}");
    let mut answers = Vec::new();
    for n in 0..5 {
        let fields = [("email", format!("user{n}@example.com"))];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        answers.push(app.client().post("/api/auth/sign-up", &fields).status.as_u16());
    }
    assert_eq!((answers[0], answers[4]), (303, 429), "{answers:?}");
}
