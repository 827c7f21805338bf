//! What signing alone costs: one route on the same axum, no session, no database, no layer. No token
//! endpoint built of these parts can be faster.
//!
//! `ceiling ADDRESS`

use std::{sync::Arc, time::Duration, time::SystemTime};

use axum::{Json, Router, extract::State, routing::get};
use ticketping_leptos::{
    support_chat::SignedToken,
    ticketping::{JwtSecret, Signer, Visitor},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3298".to_owned());
    let signer = Arc::new(Signer::new(&JwtSecret::random(), Duration::from_secs(300)));
    let router = Router::new().route("/api/ticketping/chat-jwt", get(sign)).with_state(signer);
    axum::serve(tokio::net::TcpListener::bind(address).await?, router).await
}

async fn sign(State(signer): State<Arc<Signer>>) -> Json<SignedToken> {
    let visitor = Visitor {
        external_id: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        email: "bench@example.com".to_owned(),
        display_name: Some("Bench".to_owned()),
    };
    Json(SignedToken { jwt: signer.sign(&visitor, SystemTime::now()).unwrap_or_default() })
}
