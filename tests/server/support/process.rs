//! The binary as an operator meets it, in a process of its own.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::fd::OwnedFd,
    process::{Child, ChildStderr, Command, Output, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use http::{Method, StatusCode};

use super::{Answer, Client, Mailbox, PASSWORD};

/// How long a server may take to say something.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program, with these settings and no others.
pub fn binary(settings: &[(&str, &str)], arguments: &[&str]) -> Command {
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
    /// Where its mails arrive.
    pub mailbox: Mailbox,
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
        let address = free_address();
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}", folder.path().join("app.db").display());
        let mail = format!("file://{}", folder.path().join("mail").display());
        let mut all = vec![("LEPTOS_SITE_ADDR", address.as_str()), ("DATABASE_URL", &database)];
        all.extend_from_slice(&[("MAIL_URL", mail.as_str()), ("RATE_LIMIT_FACTOR", "1000")]);
        // Nobody reads the log of a load test, and lines that nobody takes are dropped.
        all.push(("RUST_LOG", "warn,ticketping_leptos=info"));
        all.extend_from_slice(settings);
        let mail = all.iter().rfind(|(name, _)| *name == "MAIL_URL").map_or("", |(_, url)| url);
        let mailbox = Mailbox::at(mail);
        let mut process = change(binary(&all, &[])).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        Self { process, log, address, mailbox, folder }
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
        Client::new(&self.address, &self.mailbox)
    }

    /// Someone who has just signed up.
    pub fn signed_up(&self, email: &str) -> Client {
        let client = self.client();
        let answer = client.sign_up(email);
        assert_eq!(answer.location(), "/account", "{answer:?}");
        client
    }

    /// Asks for accounts until one is refused: the addresses that were promised a mail, and the refusal.
    pub fn sign_up_until_refused(&self) -> (Vec<String>, Answer) {
        let mut promised = Vec::new();
        for n in 0..3_000 {
            let email = format!("user{n}@example.com");
            let answer = self.client().post("/api/auth/sign-up", &[("email", &email)]);
            if answer.location() != "/check-mail" {
                return (promised, answer);
            }
            promised.push(email);
        }
        panic!("3,000 sign-ups and none was refused");
    }

    /// Everybody who was promised a mail gets it, and an account with it.
    pub fn keeps_its_promises(&self, promised: &[String]) {
        for email in promised {
            let client = self.client();
            let mail = client.next_mail(email, 0);
            assert_eq!(client.choose_password(&mail, PASSWORD).location(), "/account", "{email}");
        }
    }

    /// Reads the log up to a line with this word. A server that does not say it is ended after a while.
    pub fn wait_for(&mut self, word: &str) {
        let (_said, waits) = mpsc::channel::<()>();
        let id = self.id().to_string();
        thread::spawn(move || {
            if waits.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let _gone_already = Command::new("kill").args(["-s", "KILL", &id]).status();
            }
        });
        let mut log = String::new();
        let mut before = 0;
        while !log[before..].contains(word) {
            before = log.len();
            assert!(self.log.read_line(&mut log).unwrap() > 0, "the log ended without {word:?}:\n{log}");
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

    /// Of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn terminate(&self) {
        self.signal("TERM");
    }

    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args(["-s", name, &self.process.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _status = self.process.wait();
    }
}

/// An address at which nobody listens, below those that the system gives to clients: one of them could be taken meanwhile.
pub fn free_address() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id().wrapping_mul(101).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let address = format!("127.0.0.1:{}", 10_000 + next % 20_000);
        if TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
}

/// The same command, which has a socket that is already open, `count` times, as systemd gives it.
pub fn with_socket(command: Command, count: usize, socket: &TcpListener) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", r#"LISTEN_PID=$$ exec "$0" 3<&0 4<&0 0</dev/null"#]).arg(command.get_program());
    shell.env("LISTEN_FDS", count.to_string()).stdin(OwnedFd::from(socket.try_clone().unwrap()));
    in_place_of(&command, shell)
}

/// Another command with the same settings.
pub fn in_place_of(command: &Command, mut other: Command) -> Command {
    let settings = command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    other.envs(settings).current_dir(std::env::temp_dir());
    other
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
