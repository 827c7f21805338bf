//! The calls: team settings, tokens, conversations, attachments.

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Multipart, Path, Query, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use tower_http::cors::{Any, CorsLayer};
use uuid::Uuid;

use crate::{
    agent,
    sandbox::Sandbox,
    store::{Attachment, Entry},
    tokens::ChatVisitor,
};

/// The largest attachment, in bytes.
const FILE_BYTES: usize = 2 * 1024 * 1024;
const MAX_NAME_CHARS: usize = 100;
const MAX_LISTED: usize = 50;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/api/v1/team/widget/{team}/", get(team))
        .route("/api/v1/jwt/auth/", get(auth))
        .route("/api/v1/chat-sessions/", get(conversations))
        .route("/api/v1/chat-session/create/", post(create))
        .route("/api/v1/chat-session/file-upload/{team}/{session}/", post(upload))
        .route("/files/{id}/{name}", get(file))
        .layer(DefaultBodyLimit::max(FILE_BYTES + 64 * 1024))
}

/// What tests read: not for other origins.
pub fn journal_route() -> Router<Sandbox> {
    Router::new().route("/journal", get(journal))
}

/// Like the real service, it is called from other origins, with the widget's own header.
pub fn cross_origin() -> CorsLayer {
    CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any)
}

async fn team(State(sandbox): State<Sandbox>, Path(team): Path<String>) -> Response {
    if team != sandbox.inner.team {
        return refuse(StatusCode::NOT_FOUND, "no such team");
    }
    Json(json!({
        "teamSlug": team, "isAvailable": true, "widgetBubbleVisible": true, "widgetPosition": "right", "logoUrl": null,
    }))
    .into_response()
}

#[derive(Deserialize)]
struct AuthQuery {
    #[serde(default)]
    jwt: String,
    #[serde(default)]
    team: String,
}

async fn auth(State(sandbox): State<Sandbox>, Query(query): Query<AuthQuery>) -> Response {
    let known_team = query.team == sandbox.inner.team;
    let visitor = sandbox.inner.tokens.visitor(&query.jwt).filter(|_| known_team);
    sandbox.inner.store.note("auth", visitor.as_ref(), "");
    match visitor.and_then(|visitor| sandbox.inner.tokens.issue(visitor)) {
        Some(jwt) => ([(header::CACHE_CONTROL, "no-store")], Json(json!({ "jwt": jwt }))).into_response(),
        None => refuse(StatusCode::UNAUTHORIZED, "the token is not valid"),
    }
}

#[derive(Deserialize)]
struct PageQuery {
    limit: Option<usize>,
    offset: Option<usize>,
}

async fn conversations(State(sandbox): State<Sandbox>, Query(page): Query<PageQuery>, headers: HeaderMap) -> Response {
    let visitor = bearer(&sandbox, &headers);
    sandbox.inner.store.note("list", visitor.as_ref(), "");
    let Some(visitor) = visitor else { return refuse(StatusCode::UNAUTHORIZED, "no valid chat token") };
    let limit = page.limit.unwrap_or(MAX_LISTED).min(MAX_LISTED);
    let results = sandbox.inner.store.list(&visitor, limit, page.offset.unwrap_or(0));
    Json(json!({ "results": results })).into_response()
}

#[derive(Deserialize)]
struct Create {
    team: String,
    jwt: String,
}

async fn create(State(sandbox): State<Sandbox>, Json(body): Json<Create>) -> Response {
    let known_team = body.team == sandbox.inner.team;
    let visitor = sandbox.inner.tokens.of_chat(&body.jwt).filter(|_| known_team);
    sandbox.inner.store.note("create", visitor.as_ref(), "");
    match visitor {
        Some(visitor) => Json(json!({ "sessionId": sandbox.inner.store.start(&visitor) })).into_response(),
        None => refuse(StatusCode::UNAUTHORIZED, "no valid chat token"),
    }
}

async fn upload(
    State(sandbox): State<Sandbox>,
    Path((team, session)): Path<(String, String)>,
    headers: HeaderMap,
    mut form: Multipart,
) -> Response {
    // An anonymous embed sends no token: the id of the conversation is all it has.
    let visitor = bearer(&sandbox, &headers);
    let may = |owner: &ChatVisitor| match &visitor {
        Some(visitor) => owner.key == visitor.key,
        None => owner.verified.is_none(),
    };
    let known_team = team == sandbox.inner.team;
    let opened = sandbox.inner.store.open(&session, may).filter(|_| known_team);
    sandbox.inner.store.note("upload", opened.as_ref().map(|(owner, ..)| owner), "");
    let Some((owner, ..)) = opened else { return refuse(StatusCode::UNAUTHORIZED, "not this visitor's conversation") };
    let field = match form.next_field().await {
        Ok(Some(field)) => field,
        _ => return refuse(StatusCode::BAD_REQUEST, "no file in the form"),
    };
    let name = safe_name(field.file_name().unwrap_or("file"));
    let Ok(bytes) = field.bytes().await else { return refuse(StatusCode::PAYLOAD_TOO_LARGE, "at most 2 MB") };
    let Some(kind) = kind_of(&bytes) else {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "pictures, PDF and plain text only");
    };
    if bytes.len() > FILE_BYTES {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "at most 2 MB");
    }
    let id = sandbox.inner.store.add_file(kind, bytes);
    let url = format!("{}/files/{id}/{name}", sandbox.inner.base);
    let file = Attachment { filename: name.clone(), filepath: url.clone() };
    let _gone = sandbox.inner.store.say(&session, "USER", String::new(), Some(file));
    agent::answer(sandbox, session, agent::reply(&owner, &name));
    Json(json!({ "url": url })).into_response()
}

async fn file(State(sandbox): State<Sandbox>, Path((id, _name)): Path<(Uuid, String)>) -> Response {
    match sandbox.inner.store.file(id) {
        Some((kind, bytes)) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "no such file"),
    }
}

async fn journal(State(sandbox): State<Sandbox>) -> Json<Vec<Entry>> {
    Json(sandbox.inner.store.journal())
}

fn bearer(sandbox: &Sandbox, headers: &HeaderMap) -> Option<ChatVisitor> {
    let token = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    sandbox.inner.tokens.of_chat(token)
}

fn refuse(status: StatusCode, detail: &'static str) -> Response {
    (status, Json(json!({ "detail": detail }))).into_response()
}

/// A name that needs no escaping in a URL or in the widget's HTML.
fn safe_name(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    name.chars().take(MAX_NAME_CHARS).map(safe).collect()
}

/// By its content, not by its name.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'%', b'P', b'D', b'F', ..] => Some("application/pdf"),
        _ => std::str::from_utf8(bytes).is_ok().then_some("text/plain; charset=utf-8"),
    }
}
