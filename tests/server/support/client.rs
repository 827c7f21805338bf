//! A browser without JavaScript: it keeps cookies, posts forms as browsers do, and follows no redirect by itself.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use reqwest::{
    Url,
    blocking::{Body, RequestBuilder},
    cookie::CookieStore,
    redirect::Policy,
};
use totp_rs::{Builder, Secret};

use super::{Mail, Mailbox};

/// The password of everyone who signs up.
pub const PASSWORD: &str = "correct horse battery";

/// A cookie jar that tests can look into. It takes every cookie, whatever its attributes.
#[derive(Default)]
struct Jar(Mutex<BTreeMap<String, String>>);

impl CookieStore for Jar {
    fn set_cookies(&self, cookies: &mut dyn Iterator<Item = &HeaderValue>, _: &Url) {
        for cookie in cookies {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.0.lock().unwrap().remove(name);
            } else {
                self.0.lock().unwrap().insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn cookies(&self, _: &Url) -> Option<HeaderValue> {
        let cookies: Vec<String> =
            self.0.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!cookies.is_empty()).then(|| cookies.join("; ").parse().unwrap())
    }
}

/// Someone with a browser.
pub struct Client {
    http: reqwest::blocking::Client,
    origin: String,
    jar: Arc<Jar>,
    /// Where the mails of the server arrive.
    pub mailbox: Mailbox,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// Where it sends the browser.
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    /// The `Set-Cookie` of this name.
    pub fn set_cookie(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap());
        all.find(|cookie| cookie.starts_with(&format!("{name}=")))
    }

    /// Whether it is a 503 that says when to come back, in a sentence or as JSON.
    pub fn says_come_back(&self) -> bool {
        let says =
            self.body.contains("We cannot reach our database right now") || self.body == r#"{"error":"unavailable"}"#;
        self.status == StatusCode::SERVICE_UNAVAILABLE && self.headers[header::RETRY_AFTER] == "5" && says
    }
}

impl Client {
    /// For the server at this address, without cookies.
    pub fn new(address: &str, mailbox: &Mailbox) -> Self {
        let jar = Arc::new(Jar::default());
        let http = reqwest::blocking::Client::builder()
            .cookie_provider(Arc::clone(&jar))
            .redirect(Policy::none())
            .timeout(Duration::from_secs(60))
            // Each request on a connection of its own: servers come and go here.
            .pool_max_idle_per_host(0)
            .no_proxy()
            .build()
            .unwrap();
        Self { http, origin: format!("http://{address}"), jar, mailbox: mailbox.clone() }
    }

    /// Someone else with a copy of these cookies.
    pub fn copy(&self) -> Self {
        self.copy_to(self.origin.strip_prefix("http://").unwrap())
    }

    /// The same person, at another address.
    pub fn copy_to(&self, address: &str) -> Self {
        let copy = self.stranger_at(address);
        copy.jar.0.lock().unwrap().clone_from(&self.jar.0.lock().unwrap());
        copy
    }

    /// Somebody else, at another address of the same site.
    pub fn stranger_at(&self, address: &str) -> Self {
        Self::new(address, &self.mailbox)
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar.0.lock().unwrap().get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.jar.0.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// A request to be changed and sent with [`Client::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.origin))
    }

    /// A form as a browser posts it, with a body to be set.
    pub fn form(&self, path: &str, body: impl Into<Body>) -> RequestBuilder {
        self.request(Method::POST, path)
            .header(header::ACCEPT, "text/html,application/xhtml+xml")
            .header(header::ORIGIN, self.origin.as_str())
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body)
    }

    /// The answer; an error when the connection broke.
    pub fn try_send(&self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let answer = request.send()?;
        Ok(Answer { status: answer.status(), headers: answer.headers().clone(), body: answer.text()? })
    }

    pub fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request).unwrap()
    }

    /// A page.
    pub fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).header(header::ACCEPT, "text/html"))
    }

    /// What a script asks for.
    pub fn get_json(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).header(header::ACCEPT, "*/*"))
    }

    /// The chat token's endpoint.
    pub fn token(&self) -> Answer {
        self.get_json("/api/ticketping/chat-jwt")
    }

    /// Posts a form.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(self.form(path, encode(fields)))
    }

    /// Posts a form and looks at the page it leads to.
    pub fn post_and_follow(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.post(path, fields);
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        self.get(answer.location())
    }

    /// Asks for an account, opens the link in the mail, and chooses the password. The answer is the last one, or the
    /// one that refused.
    pub fn sign_up(&self, email: &str) -> Answer {
        self.try_sign_up(email).unwrap()
    }

    /// The same; an error when the connection broke.
    pub fn try_sign_up(&self, email: &str) -> reqwest::Result<Answer> {
        let before = self.mailbox.to(email).len();
        let fields = [("name", "Alice"), ("email", email)];
        let asked = self.try_send(self.form("/api/auth/sign-up", encode(&fields)))?;
        if asked.location() != "/check-mail" {
            return Ok(asked);
        }
        let mail = self.try_next_mail(email, before)?;
        let fields = encode(&[("token", &mail.token()), ("password", PASSWORD)]);
        self.try_send(self.form("/api/auth/choose-password", fields))
    }

    /// The mail to this address that arrives after this many.
    pub fn next_mail(&self, email: &str, before: usize) -> Arc<Mail> {
        self.try_next_mail(email, before).unwrap()
    }

    /// The same; an error when the server is gone.
    pub fn try_next_mail(&self, email: &str, before: usize) -> reqwest::Result<Arc<Mail>> {
        let begin = Instant::now();
        loop {
            if let Some(mail) = self.mailbox.to(email).get(before) {
                return Ok(Arc::clone(mail));
            }
            assert!(begin.elapsed() < Duration::from_secs(90), "no mail for {email}");
            thread::sleep(Duration::from_millis(5));
            self.try_send(self.request(Method::GET, "/healthz"))?;
        }
    }

    /// Posts a form that promises a mail, and waits for the mail.
    pub fn mail_after(&self, path: &str, fields: &[(&str, &str)], email: &str) -> Arc<Mail> {
        let before = self.mailbox.to(email).len();
        let answer = self.post(path, fields);
        assert_eq!(answer.location(), "/check-mail", "{answer:?}");
        self.next_mail(email, before)
    }

    /// Uses the link of a mail.
    pub fn choose_password(&self, mail: &Mail, password: &str) -> Answer {
        self.post("/api/auth/choose-password", &[("token", &mail.token()), ("password", password)])
    }

    pub fn log_in(&self, email: &str) -> Answer {
        self.try_log_in(email).unwrap()
    }

    /// The same; an error when the connection broke.
    pub fn try_log_in(&self, email: &str) -> reqwest::Result<Answer> {
        self.try_send(self.form("/api/auth/log-in", encode(&[("email", email), ("password", PASSWORD)])))
    }

    pub fn log_in_with(&self, email: &str, password: &str) -> Answer {
        self.post("/api/auth/log-in", &[("email", email), ("password", password)])
    }

    pub fn log_out(&self) -> Answer {
        self.post("/api/auth/log-out", &[])
    }

    pub fn is_signed_in(&self) -> bool {
        self.get("/account").status == StatusCode::OK
    }

    /// Turns an authenticator app on: its secret, and the page that comes then. The code of now is used up.
    pub fn turn_on_app(&self) -> (String, Answer) {
        let page = self.post_and_follow("/api/auth/start-app", &[("current", PASSWORD)]);
        assert!(page.body.contains("<svg") && page.body.contains("Turn on"), "{}", page.body);
        let secret = between(&page.body, r#"<code class="secret">"#, "</code>").replace(' ', "");
        let page = self.post_and_follow("/api/auth/confirm-app", &[("code", &code(&secret, 0))]);
        (secret, page)
    }
}

/// What stands between two texts of a page.
pub fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    page.split_once(before).unwrap().1.split_once(after).unwrap().0
}

/// What an authenticator app shows now, or so many seconds later.
pub fn code(secret: &str, after: u64) -> String {
    code_at(secret, SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + after)
}

/// What it shows at a time, in seconds since 1970.
pub fn code_at(secret: &str, time: u64) -> String {
    let totp = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap());
    let totp = totp.with_account_name("alice").build().unwrap();
    totp.generate(time).to_string()
}

fn encode(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
