//! Everything that is kept about a user, read for them from every table, but for what opens the account, and for a change of
//! address that is under way: how long its mail takes would tell whether the address has an account.

use serde_json::{Value, json};

use super::{
    AuthSession,
    second_factor::{Factor, FactorKind},
    sessions::SessionRow,
    was_confirmed,
};
use crate::error::AppError;

/// A change of address, as links and mails call it.
const CHANGE_EMAIL: &str = "change_email";

/// The file that `/account` offers. Times are in seconds since 1970.
pub async fn export(auth: AuthSession) -> Result<Value, AppError> {
    let user = auth.user.ok_or(AppError::NotSignedIn)?;
    let stores = &auth.backend;
    let factors = stores.factors.of_user(&user.id).await?;
    if factors.is_on() && !was_confirmed(&auth.session).await {
        return Err(AppError::ConfirmFirst);
    }
    let (created_at, updated_at) = stores.users.times(&user.id).await?.ok_or(AppError::NotSignedIn)?;
    let sessions = stores.sessions.list_for_user(&user.id).await?;
    let links = stores.links.list_for_user(&user.id).await?;
    let mails = stores.outbox.list_for_user(&user.id).await?;
    Ok(json!({
        "id": user.id,
        "email": user.email.as_str(),
        "name": user.name,
        "created_at": created_at,
        "updated_at": updated_at,
        "sessions": sessions.iter().map(session).collect::<Value>(),
        "factors": factors.0.iter().map(factor).collect::<Value>(),
        "links": links.iter().filter(|(purpose, ..)| purpose != CHANGE_EMAIL).map(link).collect::<Value>(),
        "mails": mails.iter().filter(|(kind, ..)| kind != CHANGE_EMAIL).map(mail).collect::<Value>(),
    }))
}

/// When it was last used is said to ten minutes.
fn session(row: &SessionRow) -> Value {
    json!({
        "browser": row.browser,
        "created_at": row.created_at,
        "last_seen_at": row.last_seen_at,
        "expires_at": row.expires_at,
    })
}

/// Only a passkey has a name.
fn factor(row: &Factor) -> Value {
    // While an app or recovery codes are being set up, the row has its session there.
    let name = if row.kind == FactorKind::Passkey { row.name.as_str() } else { "" };
    json!({ "kind": row.kind.as_str(), "name": name, "created_at": row.created_at })
}

fn link((purpose, email, expires_at): &(String, String, i64)) -> Value {
    json!({ "purpose": purpose, "email": email, "expires_at": expires_at })
}

fn mail((kind, email, created_at): &(String, String, i64)) -> Value {
    json!({ "kind": kind, "email": email, "created_at": created_at })
}
