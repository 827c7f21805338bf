//! Everything that is kept about a user, read for them from every table, but for what opens the account.

use serde_json::{Value, json};

use super::{AuthSession, was_confirmed};
use crate::error::AppError;

/// The file that `/account` offers. Times are in seconds since 1970.
pub async fn export(auth: AuthSession) -> Result<Value, AppError> {
    let user = auth.user.ok_or(AppError::NotSignedIn)?;
    let stores = &auth.backend;
    let factors = stores.factors.of_user(&user.id).await?;
    if factors.is_on() && !was_confirmed(&auth.session).await {
        return Err(AppError::ConfirmFirst);
    }
    let (created_at, updated_at) = stores.users.times(&user.id).await?.ok_or(AppError::NotSignedIn)?;
    let sessions = stores.sessions.list_for_user(&user.id).await?.into_iter().map(|row| {
        json!({
            "browser": row.browser,
            "created_at": row.created_at,
            "last_seen_at": row.last_seen_at,
            "expires_at": row.expires_at,
        })
    });
    let factors = factors
        .all()
        .map(|factor| json!({ "kind": factor.kind.as_str(), "name": factor.name, "created_at": factor.created_at }));
    let links =
        stores.links.list_for_user(&user.id).await?.into_iter().map(
            |(purpose, email, expires_at)| json!({ "purpose": purpose, "email": email, "expires_at": expires_at }),
        );
    let mails = stores
        .outbox
        .list_for_user(&user.id)
        .await?
        .into_iter()
        .map(|(kind, email, created_at)| json!({ "kind": kind, "email": email, "created_at": created_at }));
    Ok(json!({
        "id": user.id,
        "email": user.email.as_str(),
        "name": user.name,
        "created_at": created_at,
        "updated_at": updated_at,
        "sessions": sessions.collect::<Vec<_>>(),
        "factors": factors.collect::<Vec<_>>(),
        "links": links.collect::<Vec<_>>(),
        "mails": mails.collect::<Vec<_>>(),
    }))
}
