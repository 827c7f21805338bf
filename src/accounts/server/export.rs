//! Everything that is kept about a user, read for them from every table.

use http::{HeaderValue, header};

use super::Accounts;
use crate::{
    accounts::{AccountExport, ExportedFactor, ExportedLink, ExportedMail, ExportedSession},
    error::AppError,
};

impl Accounts {
    /// What a browser saves as a file.
    pub async fn export(self) -> Result<AccountExport, AppError> {
        let user = self.user()?;
        let factors = self.factors_of(&user).await?;
        if !self.is_confirmed(&factors).await {
            return Err(AppError::ConfirmFirst);
        }
        let stores = &self.auth.backend;
        let (created_at, updated_at) = stores.users.times(&user.id).await?.ok_or(AppError::NotSignedIn)?;
        let sessions = stores.sessions.list_for_user(&user.id).await?;
        let links = stores.links.list_for_user(&user.id).await?;
        let mails = stores.outbox.list_for_user(&user.id).await?;
        self.set_header(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"account.json\""));
        Ok(AccountExport {
            id: user.id.clone(),
            email: user.email.as_str().to_owned(),
            name: user.name.clone(),
            created_at,
            updated_at,
            sessions: sessions
                .into_iter()
                .map(|row| ExportedSession {
                    browser: row.browser,
                    created_at: row.created_at,
                    last_seen_at: row.last_seen_at,
                    expires_at: row.expires_at,
                })
                .collect(),
            factors: factors
                .all()
                .map(|factor| ExportedFactor {
                    kind: factor.kind.as_str().to_owned(),
                    name: factor.name.clone(),
                    created_at: factor.created_at,
                })
                .collect(),
            links: links
                .into_iter()
                .map(|(purpose, email, expires_at)| ExportedLink { purpose, email, expires_at })
                .collect(),
            mails: mails
                .into_iter()
                .map(|(kind, email, created_at)| ExportedMail { kind, email, created_at })
                .collect(),
        })
    }
}
