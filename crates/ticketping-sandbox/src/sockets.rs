//! The two sockets: one for an open conversation, one for what is unread.

use std::time::Duration;

use axum::{
    Router,
    extract::{
        Path, Query, State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use cookie::Cookie;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use crate::{agent, sandbox::Sandbox, store::Listed, tokens::ChatVisitor};

/// The widget pings every 30 seconds: a socket that is silent for longer is closed.
const SILENCE: Duration = Duration::from_secs(90);
/// The widget's cookie with its chat token, under https and http.
const CHAT_COOKIES: [&str; 2] = ["__Host-ticketping_chat_jwt", "ticketping_chat_jwt"];
const FRAME_BYTES: usize = 32 * 1024;
const MAX_TEXT_CHARS: usize = 5_000;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/ws/chat/{team}/{session}/", get(chat))
        .route("/ws/customer-notifs/{team}/", get(notifications))
}

#[derive(Deserialize)]
struct ChatQuery {
    jwt: Option<String>,
}

async fn chat(
    State(sandbox): State<Sandbox>,
    Path((team, session)): Path<(String, String)>,
    Query(query): Query<ChatQuery>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let visitor = query.jwt.as_deref().and_then(|jwt| sandbox.inner.tokens.of_chat(jwt));
    // An anonymous embed sends no token: the id of the conversation is all it has.
    let may = |owner: &ChatVisitor| match &query.jwt {
        Some(_) => visitor.as_ref().is_some_and(|visitor| visitor.key == owner.key),
        None => owner.verified.is_none(),
    };
    let known_team = team == sandbox.inner.team;
    let opened = sandbox.inner.store.open(&session, may).filter(|_| known_team);
    sandbox.inner.store.note("chat", opened.as_ref().map(|(owner, ..)| owner), "");
    let Some((owner, listed, frames)) = opened else { return StatusCode::FORBIDDEN.into_response() };
    upgrade.max_message_size(FRAME_BYTES).on_upgrade(async move |mut socket| {
        if begin(&sandbox, &mut socket, &owner, &listed).await.is_some() {
            talk(&sandbox, socket, &owner, &listed.session_id, frames).await;
        }
    })
}

async fn begin(sandbox: &Sandbox, socket: &mut WebSocket, owner: &ChatVisitor, listed: &Listed) -> Option<()> {
    let id = &listed.session_id;
    send(socket, &json!({"type": "server_session_state", "sessionId": id, "created": listed.created})).await?;
    let history = json!({
        "type": "server_message_history", "sessionId": id, "created": listed.created, "messages": listed.messages,
    });
    send(socket, &history).await?;
    if listed.messages.is_empty() {
        agent::answer(sandbox.clone(), id.clone(), agent::greeting(owner));
    }
    Some(())
}

async fn talk(
    sandbox: &Sandbox,
    mut socket: WebSocket,
    owner: &ChatVisitor,
    session: &str,
    mut frames: tokio::sync::broadcast::Receiver<String>,
) {
    loop {
        let done = tokio::select! {
            frame = frames.recv() => match frame {
                Ok(frame) => socket.send(Message::Text(frame.into())).await.is_err(),
                Err(RecvError::Lagged(_)) => false,
                Err(RecvError::Closed) => true,
            },
            received = tokio::time::timeout(SILENCE, socket.recv()) => match received {
                Ok(Some(Ok(Message::Text(text)))) => {
                    received_in_chat(sandbox, &mut socket, owner, session, &text).await.is_none()
                }
                Ok(Some(Err(_)) | None) | Err(_) => true,
                // Also when the browser closes it: the answer to that is sent as the next frame is waited for.
                Ok(Some(Ok(_))) => false,
            },
        };
        if done {
            return;
        }
    }
}

/// Answers one frame of the widget; `None` when it cannot be told.
async fn received_in_chat(
    sandbox: &Sandbox,
    socket: &mut WebSocket,
    owner: &ChatVisitor,
    session: &str,
    text: &str,
) -> Option<()> {
    let frame: Value = serde_json::from_str(text).unwrap_or_default();
    match frame["type"].as_str().unwrap_or_default() {
        "auth" => {
            let kind = if owner.verified.is_some() { "server_auth_success" } else { "server_anonymous_auth_success" };
            send(socket, &json!({ "type": kind })).await
        }
        "ping" => send(socket, &json!({"type": "pong"})).await,
        "mark_read" => {
            sandbox.inner.store.mark_read(session);
            Some(())
        }
        "user_message" => {
            let said: String = frame["messageText"].as_str().unwrap_or_default().chars().take(MAX_TEXT_CHARS).collect();
            if said.trim().is_empty() {
                return send(socket, &json!({"type": "error", "message": "the message is empty"})).await;
            }
            sandbox.inner.store.note("message", Some(owner), &said);
            let reply = agent::reply(owner, &said);
            sandbox.inner.store.say(session, "USER", said, None)?;
            agent::answer(sandbox.clone(), session.to_owned(), reply);
            Some(())
        }
        "typing_start" | "typing_stop" => Some(()),
        _ => send(socket, &json!({"type": "error", "message": "unknown message type"})).await,
    }
}

/// It carries no token; the widget's cookie, on the same host here, says whose it is.
async fn notifications(
    State(sandbox): State<Sandbox>,
    Path(team): Path<String>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if team != sandbox.inner.team {
        return StatusCode::FORBIDDEN.into_response();
    }
    let cookies = headers.get(header::COOKIE).and_then(|cookies| cookies.to_str().ok()).unwrap_or_default();
    let of_name = |name| Cookie::split_parse(cookies).flatten().find(|cookie| cookie.name() == name);
    let visitor =
        CHAT_COOKIES.into_iter().find_map(of_name).and_then(|cookie| sandbox.inner.tokens.of_chat(cookie.value()));
    let key = visitor.map(|visitor| visitor.key).unwrap_or_default();
    upgrade.max_message_size(FRAME_BYTES).on_upgrade(async move |socket| notify(sandbox, socket, key).await)
}

async fn notify(sandbox: Sandbox, mut socket: WebSocket, key: String) {
    let store = &sandbox.inner.store;
    let mut changes = store.unread_changes();
    let count = |key: &str| json!({"type": "unread_count", "count": store.unread_count(key)});
    loop {
        let sent = tokio::select! {
            changed = changes.recv() => match changed {
                Ok(whose) if whose == key => send(&mut socket, &count(&key)).await,
                Ok(_) | Err(RecvError::Lagged(_)) => Some(()),
                Err(RecvError::Closed) => None,
            },
            received = tokio::time::timeout(SILENCE, socket.recv()) => match received {
                Ok(Some(Ok(Message::Text(text)))) => {
                    let frame: Value = serde_json::from_str(&text).unwrap_or_default();
                    match frame["type"].as_str() {
                        Some("get_unread_count") => send(&mut socket, &count(&key)).await,
                        Some("ping") => send(&mut socket, &json!({"type": "pong"})).await,
                        _ => Some(()),
                    }
                }
                Ok(Some(Err(_)) | None) | Err(_) => None,
                Ok(Some(Ok(_))) => Some(()),
            },
        };
        if sent.is_none() {
            return;
        }
    }
}

async fn send(socket: &mut WebSocket, frame: &Value) -> Option<()> {
    socket.send(Message::Text(frame.to_string().into())).await.ok()
}
