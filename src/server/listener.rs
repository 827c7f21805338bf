//! Where connections come from. When the server stops, no more are taken while those that were go on: axum-server alone
//! would stop both at once, and close connections that were taken but had not yet been read from.

use std::{future, io, net::SocketAddr, time::Duration};

use axum::extract::connect_info::Connected;
use axum_server::{AddrListener, Address};
use listenfd::ListenFd;
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Mutex,
};
use tokio_util::sync::CancellationToken;

/// How long a client may take nothing of an answer.
const TAKE_TIMEOUT: Duration = Duration::from_secs(30);

/// The other end of a connection.
#[derive(Clone, Debug)]
pub struct Peer(SocketAddr);

impl Address for Peer {
    type Stream = TcpStream;
    type Listener = StoppableListener;
}

impl Connected<Peer> for SocketAddr {
    fn connect_info(peer: Peer) -> Self {
        peer.0
    }
}

/// Why the socket that systemd handed over cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HeldSocketError {
    #[error("systemd handed over {0} sockets: leave one ListenStream= in ticketping-leptos.socket")]
    Several(usize),
    #[error(
        "the socket that systemd handed over is not a TCP socket: {0}. Set ListenStream= to an address with a port."
    )]
    NotTcp(#[from] io::Error),
    #[error("systemd's socket is at {0}, and LEPTOS_SITE_ADDR is {1}: set both to the same address")]
    Elsewhere(SocketAddr, SocketAddr),
}

/// The socket that systemd holds, if there is one. It stays open while one version follows another: clients wait and none
/// is refused. What is allowed and said about `address` holds for it too.
pub fn held_socket(address: SocketAddr) -> Result<Option<std::net::TcpListener>, HeldSocketError> {
    let mut sockets = ListenFd::from_env();
    if sockets.len() > 1 {
        return Err(HeldSocketError::Several(sockets.len()));
    }
    let Some(held) = sockets.take_tcp_listener(0)? else { return Ok(None) };
    held.set_nonblocking(true)?;
    let held_at = held.local_addr()?;
    if held_at == address { Ok(Some(held)) } else { Err(HeldSocketError::Elsewhere(held_at, address)) }
}

/// A socket that takes connections until it is stopped.
pub struct StoppableListener {
    socket: Mutex<Option<TcpListener>>,
    address: SocketAddr,
    stopping: CancellationToken,
}

impl StoppableListener {
    /// The socket that systemd holds; without one, a socket of our own at `address`. It is closed when `stopping` is
    /// cancelled.
    pub async fn open(
        held: Option<std::net::TcpListener>,
        address: SocketAddr,
        stopping: CancellationToken,
    ) -> io::Result<Self> {
        let socket = match held {
            Some(held) => TcpListener::from_std(held)?,
            // Tokio's own: the standard library's lets far fewer connections wait to be accepted.
            None => TcpListener::bind(address).await?,
        };
        // Each connection has it from here: a client that takes nothing of its answer is given up.
        #[cfg(target_os = "linux")]
        SockRef::from(&socket).set_tcp_user_timeout(Some(TAKE_TIMEOUT))?;
        Ok(Self { socket: Mutex::new(Some(socket)), address, stopping })
    }
}

impl AddrListener<TcpStream, Peer> for StoppableListener {
    async fn bind_to(address: Peer) -> io::Result<Self> {
        Self::open(None, address.0, CancellationToken::new()).await
    }

    async fn accept_stream(&self) -> io::Result<(TcpStream, Peer)> {
        let mut socket = self.socket.lock().await;
        if let Some(open) = &*socket {
            tokio::select! {
                biased;
                // Those who have come are still answered.
                accepted = open.accept() => return accepted.map(|(stream, peer)| (stream, Peer(peer))),
                () = self.stopping.cancelled() => *socket = None,
            }
        }
        future::pending().await
    }

    fn get_local_addr(&self) -> io::Result<Peer> {
        Ok(Peer(self.address))
    }
}
