//! A whole app in this process, with a database of its own.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::{Future, poll_fn},
    net::SocketAddr,
    task::Poll,
};

use axum::{
    ServiceExt as _,
    body::{Body, Bytes},
    response::Response,
};
use http::{Request, response::Parts};
use http_body_util::BodyExt as _;
use sqlx::{Any, AssertSqlSafe, Connection, Executor, any::AnyRow};
use tempfile::TempDir;
use ticketping_leptos::{
    accounts::server::operator,
    server::{assemble::assemble, command_line::OperatorCommand, config::Config},
};
use tokio::runtime::Runtime;
use tower::{ServiceExt as _, util::BoxCloneSyncService};

use super::{Client, Mailbox, SECRET};

/// What answers requests, in a box with a name.
type Service = BoxCloneSyncService<Request<Body>, Response, Infallible>;

pub struct TestApp {
    service: Service,
    pub pool: sqlx::AnyPool,
    pub runtime: Runtime,
    pub mailbox: Mailbox,
    address: SocketAddr,
    database: String,
    _folder: TempDir,
}

impl TestApp {
    pub fn new() -> Self {
        Self::with(&[])
    }

    pub fn with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let mail = format!("file://{}", folder.path().join("mail").display());
        let (service, pool, address, database) = runtime.block_on(async {
            let database = match std::env::var("POSTGRES_URL") {
                Ok(server) => new_database(&server).await,
                Err(_) => format!("sqlite://{}", folder.path().join("app.db").display()),
            };
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let site_addr = address.to_string();
            let mut all = BTreeMap::from([
                ("LEPTOS_SITE_ADDR", site_addr.as_str()),
                ("DATABASE_URL", database.as_str()),
                ("TICKETPING_APP_ID", "app-1"),
                ("TICKETPING_TEAM_SLUG", "acme"),
                ("TICKETPING_JWT_SECRET", SECRET),
                ("MAIL_URL", mail.as_str()),
                ("RATE_LIMIT_FACTOR", "1000"),
            ]);
            all.extend(settings.iter().copied());
            let config = Config::read(|name| all.get(name).map(|value| (*value).to_owned())).unwrap();
            let server = assemble(config).await.unwrap();
            let served = server.service.clone().map_request(|request: Request<_>| request.map(Body::new));
            tokio::spawn(async move {
                axum::serve(listener, served.into_make_service_with_connect_info::<SocketAddr>()).await.unwrap();
            });
            (Service::new(server.service), server.database.pool, address, database)
        });
        Self { service, pool, runtime, mailbox: Mailbox::at(&mail), address, database, _folder: folder }
    }

    /// One that stands in for Ticketping, and keeps its mails.
    pub fn sandbox() -> Self {
        Self::with(&[("TICKETPING_SANDBOX", "true"), ("TICKETPING_JWT_SECRET", ""), ("MAIL_URL", "")])
    }

    /// What an operator does beside the running server.
    pub fn operate(&self, command: &OperatorCommand) -> String {
        let config = Config::read(|name| (name == "DATABASE_URL").then(|| self.database.clone())).unwrap();
        self.runtime.block_on(operator::execute(command, &config)).unwrap()
    }

    /// How browsers reach it.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Someone with a browser.
    pub fn client(&self) -> Client {
        Client::new(&self.address.to_string(), &self.mailbox)
    }

    /// Sends what no client would send, past the network.
    pub fn send_raw(&self, request: Request<Body>) -> (Parts, Bytes) {
        self.runtime.block_on(async {
            let (parts, body) = self.service.clone().oneshot(request).await.unwrap().into_parts();
            (parts, body.collect().await.unwrap().to_bytes())
        })
    }

    /// Sends a request, and is gone before there is an answer.
    pub fn send_and_leave(&self, request: Request<Body>) {
        self.runtime.block_on(async {
            let mut answer = Box::pin(self.service.clone().oneshot(request));
            let begun = poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await;
            if let Poll::Ready(answer) = begun {
                panic!("it was answered at once: {answer:?}");
            }
        });
    }

    /// What a query finds.
    pub fn query<T>(&self, sql: &str) -> Vec<T>
    where
        (T,): for<'r> sqlx::FromRow<'r, AnyRow> + Send + Unpin,
        T: sqlx::Type<Any>,
    {
        let rows = sqlx::query_as::<_, (T,)>(AssertSqlSafe(sql.to_owned())).fetch_all(&self.pool);
        self.runtime.block_on(rows).unwrap().into_iter().map(|row| row.0).collect()
    }

    pub fn users(&self) -> i64 {
        self.query("SELECT count(*) FROM users")[0]
    }
}

/// A database of its own on a PostgreSQL server (`scripts/postgres.sh` runs one).
async fn new_database(server: &str) -> String {
    sqlx::any::install_default_drivers();
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    let mut connection = sqlx::AnyConnection::connect(server).await.unwrap();
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    connection.close().await.unwrap();
    server.replace("/postgres", &format!("/{name}"))
}
