//! nginx in front of servers, and a load that goes on while something happens to them.

use std::{
    fs,
    process::{Child, Command},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use http::Method;

use super::{Answer, Client, free_address, send_bytes};

/// Asks until the answer is as wanted, and how long that took.
pub fn until(what: &str, mut ask: impl FnMut() -> bool) -> Duration {
    let begin = Instant::now();
    while !ask() {
        assert!(begin.elapsed() < Duration::from_secs(30), "{what} never happened");
        thread::sleep(Duration::from_millis(20));
    }
    begin.elapsed()
}

/// nginx in front of one server or of two, with deploy/nginx.conf.
pub struct Balancer {
    process: Child,
    pub address: String,
    _folder: tempfile::TempDir,
}

impl Balancer {
    pub fn before(machines: &[&str]) -> Self {
        let address = free_address();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display();
        let machines: String = machines.iter().map(|machine| format!("server {machine} max_fails=0; ")).collect();
        let site = include_str!("../../../deploy/nginx.conf");
        // Without TLS and IPv6; `scripts/deploy.sh` tries all of it.
        let site =
            site.lines().filter(|line| !line.contains("ssl_") && !line.contains("[::]")).collect::<Vec<_>>().join("\n");
        let site = site.replace("server 127.0.0.1:3000 max_fails=0;", &machines);
        let site = site
            .replace("listen 443 ssl http2;", &format!("listen {address};"))
            .replace("listen 80;", &format!("listen unix:{path}/plain;"))
            .replace("/var/log/nginx", &path.to_string());
        let configuration = format!(
            "daemon off; pid {path}/pid; error_log {path}/error.log; events {{ }}
             http {{
                 access_log off;
                 client_body_temp_path {path}/a; proxy_temp_path {path}/b; fastcgi_temp_path {path}/c;
                 uwsgi_temp_path {path}/d; scgi_temp_path {path}/e;
                 {site}
             }}"
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration).unwrap();
        let process = Command::new("/usr/sbin/nginx").arg("-c").arg(&file).spawn().unwrap();
        until("nginx's start", || !send_bytes(&address, "GET /healthz HTTP/1.0\r\n\r\n").is_empty());
        Self { process, address, _folder: folder }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _asked = Command::new("kill").arg(self.process.id().to_string()).status();
        let _status = self.process.wait();
    }
}

/// What came of the requests of a load.
#[derive(Debug, Default)]
pub struct Outcome {
    pub served: usize,
    /// Told to come back, where that is what should happen.
    pub excused: usize,
    /// Everything else, as it came.
    pub failed: Vec<String>,
}

/// Asks for a token, and whether it came.
type Ask = fn(&Client) -> reqwest::Result<Answer>;

/// Runs `events` while tokens and a page are asked for and forms are posted through nginx. `is_excused` is told whether it
/// was a form.
pub fn under_load(
    balancer: &Balancer,
    user: &Client,
    is_excused: impl Fn(bool, &Answer) -> bool + Sync,
    events: impl FnOnce(&dyn Fn(usize)),
) -> Outcome {
    let token: Ask = |client| client.try_send(client.request(Method::GET, "/api/ticketping/chat-jwt"));
    let page: Ask = |client| client.try_send(client.request(Method::GET, "/account"));
    let log_in: Ask = |client| client.try_log_in("alice@example.com");
    let is_right = [
        |answer: &Answer| answer.body.starts_with(r#"{"jwt":"ey"#),
        |answer: &Answer| answer.body.contains("alice@example.com"),
        |answer: &Answer| answer.set_cookie("session").is_some(),
    ];
    let asked = [
        (token, is_right[0], false),
        (token, is_right[0], false),
        (page, is_right[1], false),
        (log_in, is_right[2], true),
    ];
    let (stop, outcome) = (AtomicBool::new(false), Mutex::new(Outcome::default()));
    // Enough is enough: the test fails then.
    let hopeless = || outcome.lock().unwrap().failed.len() >= 20;
    thread::scope(|scope| {
        for (ask, is_right, is_form) in asked {
            let (stop, hopeless, is_excused, outcome) = (&stop, &hopeless, &is_excused, &outcome);
            let client = if is_form { user.stranger_at(&balancer.address) } else { user.copy_to(&balancer.address) };
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) && !hopeless() {
                    let answer = ask(&client);
                    let mut outcome = outcome.lock().unwrap();
                    match answer {
                        Ok(answer) if is_right(&answer) => outcome.served += 1,
                        Ok(answer) if is_excused(is_form, &answer) => outcome.excused += 1,
                        other => outcome.failed.push(format!("{other:?}")),
                    }
                }
            });
        }
        // Goes on when so many more were served.
        let more = |count: usize| {
            let target = outcome.lock().unwrap().served + count;
            until("more answers", || outcome.lock().unwrap().served >= target || hopeless());
        };
        events(&more);
        stop.store(true, Ordering::Relaxed);
    });
    outcome.into_inner().unwrap()
}
