//! Clients that hold connections and send nothing, or nearly nothing.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use ::http::StatusCode;

use crate::support::Server;

#[test]
fn two_thousand_idle_and_two_hundred_slow_connections_do_not_keep_pages_from_others() {
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let server = Server::start(&[]);
    let connect = || TcpStream::connect(&server.address).unwrap();
    let mut idle: Vec<TcpStream> = (0..2_000).map(|_| connect()).collect();
    let mut slow: Vec<TcpStream> = (0..200).map(|_| connect()).collect();
    // One byte a second, each of them, until the server has had enough of all.
    let mut request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Padding: ".bytes().chain(std::iter::repeat(b'x'));
    let mut seconds = 0;
    while !slow.is_empty() {
        let byte = request.next().unwrap();
        slow.retain_mut(|connection| connection.write_all(&[byte]).is_ok());
        for _ in 0..5 {
            let answer = server.client().get("/login");
            assert_eq!(answer.status, StatusCode::OK, "after {seconds} s");
        }
        seconds += 1;
        assert!(seconds < 60, "{} slow connections are still open", slow.len());
        thread::sleep(Duration::from_secs(1));
    }
    // Nobody has said anything on these, so nobody is told anything.
    for connection in &mut idle {
        connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        assert!(matches!(connection.read(&mut [0]), Ok(0) | Err(_)));
    }
    assert!(server.is_ready());
}

#[test]
fn a_client_that_takes_nothing_of_its_answer_is_given_up() {
    let server = Server::start(&[]);
    let sockets = || {
        let files = std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap();
        let links = files.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok());
        links.filter(|link| link.to_string_lossy().starts_with("socket:")).count()
    };
    // Those of its start and of the question whether it is ready are gone once it is three in a row.
    let before = loop {
        let counts = [0; 3].map(|_| {
            thread::sleep(Duration::from_millis(50));
            sockets()
        });
        if counts.iter().all(|count| *count == counts[0]) {
            break counts[0];
        }
    };
    let mut greedy = TcpStream::connect(&server.address).unwrap();
    greedy.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
    // Until both ends of the connection hold all that they can.
    while greedy.write_all(b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").is_ok() {}
    assert!(sockets() > before, "it was not held at all");
    let begin = Instant::now();
    while sockets() > before {
        assert!(begin.elapsed() < Duration::from_secs(100), "it is held still");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn half_a_head_is_small() {
    let server = Server::start(&[]);
    let answer = server.send_bytes(&format!("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Padding: {}", "x".repeat(40_000)));
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[test]
fn http_2_without_tls_is_not_spoken() {
    let account = [
        ("TICKETPING_APP_ID", "app"),
        ("TICKETPING_TEAM_SLUG", "team"),
        ("TICKETPING_JWT_SECRET", crate::support::SECRET),
    ];
    let server = Server::start(&account);
    let mut connection = TcpStream::connect(&server.address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // The preface and an empty SETTINGS frame: a server that speaks it answers with its own frame.
    connection.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let mut answer = Vec::new();
    let _reset = connection.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{answer:?}");
    assert!(server.is_ready());
}

#[test]
fn a_form_that_stops_arriving_is_given_up_with_a_sentence() {
    let server = Server::start(&[]);
    let mut request = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "POST /api/auth/log-in HTTP/1.1\r\nHost: {}\r\nAccept: text/html\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nemail=",
        server.address
    );
    request.write_all(head.as_bytes()).unwrap();
    request.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    let mut answer = String::new();
    match request.read_to_string(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_ne!(error.kind(), ErrorKind::WouldBlock, "the server waits for ever"),
    }
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("We could not read that request"), "{answer}");
}
