//! What signing alone costs: one route on the same axum, with no session, no database and no layer. No token endpoint
//! that is built of these parts can be faster.
//!
//! `ceiling ADDRESS`

use axum::{Json, Router, extract::State, routing::get};
use leptos_ticketping::{JwtSecret, Signer, Visitor};
use ticketping_leptos::support_chat::SignedToken;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3298".to_owned());
    let signer = Signer::new(&JwtSecret::random());
    let router = Router::new().route("/api/ticketping/chat-jwt", get(sign)).with_state(signer);
    axum::serve(tokio::net::TcpListener::bind(address).await?, router).await
}

async fn sign(State(signer): State<Signer>) -> Json<SignedToken> {
    let visitor = Visitor::new("01890a5d-ac96-774b-bcce-b302099a8057", "bench@example.com").with_name(Some("Bench"));
    Json(SignedToken { jwt: signer.sign(&visitor).unwrap_or_default() })
}
