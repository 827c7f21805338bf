//! A whole app in this process, with a database of its own, and a browser's cookie jar.

use std::{collections::BTreeMap, convert::Infallible};

use axum::{body::Body, response::Response};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use sqlx::{Connection, Executor};
use tempfile::TempDir;
use ticketping_leptos::server::{
    config::Config,
    run::{self, Server},
};
use tower::{ServiceExt, util::BoxCloneSyncService};

/// The secret of every test that needs a known one.
pub const SECRET: &str = "k3Vb9qLw7Zt1Xy5Rm2Np8Hs4Jd6Fg0Ac";
pub const PASSWORD: &str = "correct horse battery";

/// What answers requests, in a box with a name.
type Service = BoxCloneSyncService<Request<Body>, Response, Infallible>;

pub struct TestApp {
    pub service: Service,
    pub pool: sqlx::AnyPool,
    _folder: TempDir,
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = match std::env::var("POSTGRES_URL") {
            Ok(server) => new_database(&server).await,
            Err(_) => format!("sqlite://{}", folder.path().join("app.db").display()),
        };
        let mut all = BTreeMap::from([
            ("DATABASE_URL", database.as_str()),
            ("TICKETPING_APP_ID", "app-1"),
            ("TICKETPING_TEAM_SLUG", "acme"),
            ("TICKETPING_JWT_SECRET", SECRET),
            ("RATE_LIMIT_FACTOR", "1000"),
        ]);
        all.extend(settings.iter().copied());
        let config = Config::read(|name| all.get(name).map(|value| (*value).to_owned())).unwrap();
        let Server { service, database, .. } = run::build(config).await.unwrap();
        Self { service: Service::new(service), pool: database.pool, _folder: folder }
    }

    pub fn browser(&self) -> Browser {
        Browser { service: self.service.clone(), cookies: BTreeMap::new() }
    }

    pub async fn users(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&self.pool).await.unwrap()
    }
}

/// A database of its own on a PostgreSQL server (`scripts/postgres.sh` runs one).
async fn new_database(server: &str) -> String {
    sqlx::any::install_default_drivers();
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    let mut connection = sqlx::AnyConnection::connect(server).await.unwrap();
    connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    connection.close().await.unwrap();
    server.replace("/postgres", &format!("/{name}"))
}

pub struct Browser {
    service: Service,
    pub cookies: BTreeMap<String, String>,
}

pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Page {
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    /// The `Set-Cookie` of this name.
    pub fn set_cookie(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap());
        all.find(|cookie| cookie.starts_with(&format!("{name}=")))
    }
}

impl Browser {
    pub async fn send(&mut self, request: http::request::Builder, body: impl Into<Body>) -> Page {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.body(body.into()).unwrap();
        if !cookies.is_empty() {
            request.headers_mut().insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        let response = self.service.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = body.collect().await.unwrap().to_bytes();
        Page { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        let request = Request::builder().uri(path).header(header::HOST, HOST).header(header::ACCEPT, "text/html");
        self.send(request, Body::empty()).await
    }

    pub async fn get_json(&mut self, path: &str) -> Page {
        let request = Request::builder().uri(path).header(header::HOST, HOST).header(header::ACCEPT, "*/*");
        self.send(request, Body::empty()).await
    }

    /// Posts a form as a browser does, without following its redirect.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(form_request(path), form).await
    }

    /// Posts a form and looks at the page it leads to.
    pub async fn post_and_follow(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.post(path, fields).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
        self.get(page.location()).await
    }

    pub async fn sign_up(&mut self, email: &str) -> Page {
        self.post("/api/auth/sign-up", &[("name", "Alice"), ("email", email), ("password", PASSWORD)]).await
    }

    pub async fn log_in(&mut self, email: &str, password: &str) -> Page {
        self.post("/api/auth/log-in", &[("email", email), ("password", password)]).await
    }
}

pub const HOST: &str = "127.0.0.1:3000";

pub fn form_request(path: &str) -> http::request::Builder {
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::HOST, HOST)
        .header(header::ACCEPT, "text/html,application/xhtml+xml")
        .header(header::ORIGIN, format!("http://{HOST}"))
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}
