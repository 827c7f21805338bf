//! The binary as an operator meets it, in a process of its own.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStderr, Command, Output, Stdio},
    time::Duration,
};

use http::{Method, StatusCode};

use super::{Answer, Client};

fn binary(settings: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ticketping-leptos"));
    command.env_clear().envs(settings.iter().copied()).args(arguments).current_dir(std::env::temp_dir());
    command
}

pub fn run(settings: &[(&str, &str)], arguments: &[&str]) -> Output {
    binary(settings, arguments).output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A server in a process of its own.
pub struct Server {
    pub process: Child,
    pub log: BufReader<ChildStderr>,
    pub address: String,
    /// Where its database is.
    pub folder: tempfile::TempDir,
}

impl Server {
    /// A server of its own on a free port; it is ready.
    pub fn start(settings: &[(&str, &str)]) -> Self {
        let mut server = Self::spawn(settings);
        server.wait_for("serving");
        server
    }

    /// The same, without waiting for it.
    pub fn spawn(settings: &[(&str, &str)]) -> Self {
        Self::spawn_with(settings, |program| program)
    }

    /// The same, started in a way of its own.
    pub fn spawn_with(settings: &[(&str, &str)], change: impl Fn(Command) -> Command) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}", folder.path().join("app.db").display());
        let mut all =
            vec![("LEPTOS_SITE_ADDR", address.as_str()), ("DATABASE_URL", &database), ("RATE_LIMIT_FACTOR", "1000")];
        // Nothing reads the log of a load test, and a pipe that is full stops the server.
        all.push(("RUST_LOG", "warn,ticketping_leptos=info"));
        all.extend_from_slice(settings);
        let mut process = change(binary(&all, &[])).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        Self { process, log, address, folder }
    }

    /// The file of its database.
    pub fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("app.db")
    }

    /// The URL of that file.
    pub fn url(&self) -> String {
        format!("sqlite://{}", self.file().display())
    }

    /// Someone with a browser.
    pub fn client(&self) -> Client {
        Client::new(&self.address)
    }

    /// Someone who has just signed up.
    pub fn signed_up(&self, email: &str) -> Client {
        let client = self.client();
        let answer = client.sign_up(email);
        assert_eq!(answer.location(), "/account", "{answer:?}");
        client
    }

    /// Signs users up until one is refused: those who were told that they have an account, and the refusal.
    pub fn sign_up_until_refused(&self) -> (Vec<String>, Answer) {
        let mut told = Vec::new();
        for n in 0..300 {
            let email = format!("user{n}@example.com");
            let answer = self.client().sign_up(&email);
            if answer.location() != "/account" {
                return (told, answer);
            }
            told.push(email);
        }
        panic!("300 sign-ups and none was refused");
    }

    /// Reads the log up to a line with this word.
    pub fn wait_for(&mut self, word: &str) {
        let mut line = String::new();
        while !line.contains(word) {
            line.clear();
            assert!(self.log.read_line(&mut line).unwrap() > 0, "the log ended without {word:?}");
        }
    }

    /// Sends bytes that no client would send; the answer is empty when the connection broke.
    pub fn send_bytes(&self, request: &str) -> String {
        send_bytes(&self.address, request)
    }

    /// Whether the server can serve.
    pub fn is_ready(&self) -> bool {
        let client = self.client();
        client.try_send(client.request(Method::GET, "/readyz")).is_ok_and(|answer| answer.status == StatusCode::OK)
    }

    pub fn terminate(&self) {
        assert!(Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _status = self.process.wait();
    }
}

/// Sends a request and reads all of the answer; empty when the connection broke.
pub fn send_bytes(address: &str, request: &str) -> String {
    let mut answer = Vec::new();
    if let Ok(mut connection) = TcpStream::connect(address) {
        connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let _broken = connection.write_all(request.as_bytes()).and_then(|()| connection.read_to_end(&mut answer));
    }
    String::from_utf8_lossy(&answer).into_owned()
}
