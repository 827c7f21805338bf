//! The tables `factors` and `used_challenges`: every statement on them is here.

use std::time::Duration;

use sqlx::{AnyConnection, AnyPool, Connection as _, FromRow};
use time::OffsetDateTime;

use super::RecoveryCode;
use crate::server::database::statement;

/// How long a user has to confirm a new app or new recovery codes.
const CONFIRM_WITHIN: Duration = Duration::from_secs(60 * 60);
/// How long after somebody has said that all factors are lost they are removed: time for the user to say no.
pub const RECOVERY_WAIT: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorKind {
    /// An authenticator app.
    App,
    /// One that its user has not confirmed with a code yet.
    NewApp,
    /// A passkey.
    Passkey,
    /// A recovery code that was not used yet.
    RecoveryCode,
    /// Recovery codes that their user has not confirmed yet.
    NewRecoveryCodes,
    /// Somebody who knows the password has said that the factors are lost.
    Recovery,
    /// The same after it was stopped, until its user has read it.
    StoppedRecovery,
}

impl FactorKind {
    const ALL: [Self; 7] = [
        Self::App,
        Self::NewApp,
        Self::Passkey,
        Self::RecoveryCode,
        Self::NewRecoveryCodes,
        Self::Recovery,
        Self::StoppedRecovery,
    ];

    /// As it stands in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::NewApp => "new_app",
            Self::Passkey => "passkey",
            Self::RecoveryCode => "recovery_code",
            Self::NewRecoveryCodes => "new_recovery_codes",
            Self::Recovery => "recovery",
            Self::StoppedRecovery => "stopped_recovery",
        }
    }
}

/// A row.
#[derive(Clone)]
pub struct Factor {
    /// What it is.
    pub kind: FactorKind,
    /// A passkey's credential id, the hash of a recovery code, else the user's id.
    pub id: String,
    /// The app's secret, the passkey's public key, or the new recovery codes.
    pub secret: String,
    /// What its user knows a passkey by; the session in which an app or recovery codes are being set up.
    pub name: String,
    /// Since when it is there, in seconds since 1970.
    pub created_at: i64,
}

/// Everything of one user.
#[derive(Clone, Default)]
pub struct UserFactors(Vec<Factor>);

impl UserFactors {
    fn of_kind(&self, kind: FactorKind) -> impl Iterator<Item = &Factor> {
        self.0.iter().filter(move |factor| factor.kind == kind)
    }

    /// Whether the user has to show one after the password.
    pub fn is_on(&self) -> bool {
        self.app().is_some() || self.passkeys().next().is_some()
    }

    /// The app.
    pub fn app(&self) -> Option<&Factor> {
        self.of_kind(FactorKind::App).next()
    }

    /// The app that is being set up in this session. No other session sees it.
    pub fn new_app(&self, session: &str) -> Option<&Factor> {
        self.of_kind(FactorKind::NewApp).next().filter(|factor| factor.is_set_up_in(session))
    }

    /// The passkeys, the oldest first.
    pub fn passkeys(&self) -> impl Iterator<Item = &Factor> {
        self.of_kind(FactorKind::Passkey)
    }

    /// How many recovery codes are left.
    pub fn recovery_codes(&self) -> usize {
        self.of_kind(FactorKind::RecoveryCode).count()
    }

    /// The recovery codes that are being set up in this session.
    pub fn new_recovery_codes(&self, session: &str) -> Option<Vec<String>> {
        let new = self.of_kind(FactorKind::NewRecoveryCodes).next().filter(|factor| factor.is_set_up_in(session))?;
        Some(new.secret.split(' ').map(str::to_owned).collect())
    }

    /// When the factors are removed because somebody has said that they are lost, in seconds since 1970.
    pub fn end_at(&self) -> Option<i64> {
        let recovery = self.of_kind(FactorKind::Recovery).next()?;
        Some(recovery.created_at + RECOVERY_WAIT.as_secs().cast_signed())
    }

    /// When somebody said that the factors are lost, if that was stopped, in seconds since 1970.
    pub fn stopped(&self) -> Option<i64> {
        self.of_kind(FactorKind::StoppedRecovery).next().map(|stopped| stopped.created_at)
    }

    /// Everything, for the user's own file.
    pub fn all(&self) -> impl Iterator<Item = &Factor> {
        self.0.iter()
    }
}

impl Factor {
    fn is_set_up_in(&self, session: &str) -> bool {
        let age = OffsetDateTime::now_utc().unix_timestamp() - self.created_at;
        self.name == session && age < CONFIRM_WITHIN.as_secs().cast_signed()
    }
}

#[derive(FromRow)]
struct Row {
    kind: String,
    id: String,
    secret: String,
    name: String,
    created_at: i64,
}

/// The factors in the database.
#[derive(Clone, Debug)]
pub struct Factors {
    pool: AnyPool,
}

impl Factors {
    /// Over a migrated database.
    pub fn new(pool: AnyPool) -> Self {
        Self { pool }
    }

    /// Everything of one user.
    pub async fn of_user(&self, user_id: &str) -> sqlx::Result<UserFactors> {
        let rows: Vec<Row> = statement::run("factors.of_user", &self.pool, async |database| {
            sqlx::query_as(
                "SELECT kind, id, secret, name, created_at FROM factors WHERE user_id = $1 ORDER BY created_at, id",
            )
            .bind(user_id)
            .fetch_all(database)
            .await
        })
        .await?;
        let factor = |row: Row| {
            let kind = FactorKind::ALL.into_iter().find(|kind| kind.as_str() == row.kind)?;
            Some(Factor { kind, id: row.id, secret: row.secret, name: row.name, created_at: row.created_at })
        };
        Ok(UserFactors(rows.into_iter().filter_map(factor).collect()))
    }

    /// Keeps what a user is setting up in this session. What was set up before is forgotten.
    pub async fn set_up(&self, kind: FactorKind, user_id: &str, secret: &str, session: &str) -> sqlx::Result<()> {
        let row = NewFactor { kind, id: user_id, user_id, secret, name: session };
        statement::run("factors.set_up", &self.pool, async |database| put(database, &row, 0).await).await
    }

    /// What is being set up in a session goes with it when it gets another id.
    pub async fn move_set_up(&self, user_id: &str, from: &str, to: &str) -> sqlx::Result<()> {
        statement::run("factors.move_set_up", &self.pool, async |database| {
            sqlx::query("UPDATE factors SET name = $3 WHERE user_id = $1 AND name = $2 AND kind IN ($4, $5)")
                .bind(user_id)
                .bind(from)
                .bind(to)
                .bind(FactorKind::NewApp.as_str())
                .bind(FactorKind::NewRecoveryCodes.as_str())
                .execute(database)
                .await
        })
        .await?;
        Ok(())
    }

    /// Uses a code of the app: of two with the same step, one is right. An earlier step than the last is wrong too.
    pub async fn use_step(&self, user_id: &str, step: i64) -> sqlx::Result<bool> {
        let used = statement::run("factors.use_step", &self.pool, async |database| {
            sqlx::query("UPDATE factors SET last_step = $3 WHERE kind = $1 AND id = $2 AND last_step < $3")
                .bind(FactorKind::App.as_str())
                .bind(user_id)
                .bind(step)
                .execute(database)
                .await
        })
        .await?;
        Ok(used.rows_affected() == 1)
    }

    /// A passkey after it was used: the number of its uses is in it.
    pub async fn update_passkey(&self, id: &str, secret: &str) -> sqlx::Result<()> {
        statement::run("factors.update_passkey", &self.pool, async |database| {
            sqlx::query("UPDATE factors SET secret = $3 WHERE kind = $1 AND id = $2")
                .bind(FactorKind::Passkey.as_str())
                .bind(id)
                .bind(secret)
                .execute(database)
                .await
        })
        .await?;
        Ok(())
    }

    /// Ends a recovery, and keeps that there was one. Whether there was.
    pub async fn stop_recovery(&self, user_id: &str) -> sqlx::Result<bool> {
        statement::run("factors.stop_recovery", &self.pool, async |database| {
            let mut transaction = database.begin().await?;
            let was_stopped = stop_recovery(&mut transaction, user_id).await?;
            transaction.commit().await?;
            Ok(was_stopped)
        })
        .await
    }

    /// The user has read that there was a recovery.
    pub async fn forget_stopped_recovery(&self, user_id: &str) -> sqlx::Result<()> {
        statement::run("factors.forget_stopped_recovery", &self.pool, async |database| {
            sqlx::query("DELETE FROM factors WHERE kind = $1 AND id = $2")
                .bind(FactorKind::StoppedRecovery.as_str())
                .bind(user_id)
                .execute(database)
                .await
        })
        .await?;
        Ok(())
    }

    /// Notes that a challenge was answered. `false` when it was before.
    pub async fn use_challenge(&self, id: &str, expires_at: i64) -> sqlx::Result<bool> {
        let used = statement::run("factors.use_challenge", &self.pool, async |database| {
            sqlx::query("INSERT INTO used_challenges (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(id)
                .bind(expires_at)
                .execute(database)
                .await
        })
        .await?;
        Ok(used.rows_affected() == 1)
    }

    /// Deletes what was never confirmed, and challenges that are out of date.
    pub async fn delete_expired(&self) -> sqlx::Result<()> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        statement::run("factors.delete_expired", &self.pool, async |database| {
            sqlx::query("DELETE FROM used_challenges WHERE expires_at < $1").bind(now).execute(&mut *database).await?;
            sqlx::query("DELETE FROM factors WHERE kind IN ($1, $2) AND created_at <= $3")
                .bind(FactorKind::NewApp.as_str())
                .bind(FactorKind::NewRecoveryCodes.as_str())
                .bind(now - CONFIRM_WITHIN.as_secs().cast_signed())
                .execute(database)
                .await
        })
        .await?;
        Ok(())
    }
}

/// A row to be added.
pub struct NewFactor<'a> {
    /// What it is.
    pub kind: FactorKind,
    /// Its id among its kind.
    pub id: &'a str,
    /// Whose it is.
    pub user_id: &'a str,
    /// What it holds.
    pub secret: &'a str,
    /// What its user knows it by.
    pub name: &'a str,
}

/// Adds a row, within a transaction. `false` when there is one with this id.
pub async fn insert(database: &mut AnyConnection, new: &NewFactor<'_>) -> sqlx::Result<bool> {
    let added = sqlx::query(
        "INSERT INTO factors (kind, id, user_id, secret, name, last_step, created_at) \
         VALUES ($1, $2, $3, $4, $5, 0, $6) ON CONFLICT DO NOTHING",
    )
    .bind(new.kind.as_str())
    .bind(new.id)
    .bind(new.user_id)
    .bind(new.secret)
    .bind(new.name)
    .bind(OffsetDateTime::now_utc().unix_timestamp())
    .execute(database)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// The new app takes the place of the old one, within a transaction. `step` is that of the code that confirms it.
pub async fn confirm_app(database: &mut AnyConnection, user_id: &str, session: &str, step: i64) -> sqlx::Result<bool> {
    let Some(secret) = take(database, FactorKind::NewApp, user_id, session).await? else { return Ok(false) };
    let row = NewFactor { kind: FactorKind::App, id: user_id, user_id, secret: &secret, name: "" };
    put(database, &row, step).await?;
    Ok(true)
}

/// The new recovery codes take the place of the old ones, within a transaction.
pub async fn confirm_recovery_codes(database: &mut AnyConnection, user_id: &str, session: &str) -> sqlx::Result<bool> {
    let Some(new) = take(database, FactorKind::NewRecoveryCodes, user_id, session).await? else { return Ok(false) };
    sqlx::query("DELETE FROM factors WHERE user_id = $1 AND kind = $2")
        .bind(user_id)
        .bind(FactorKind::RecoveryCode.as_str())
        .execute(&mut *database)
        .await?;
    for code in new.split(' ').filter_map(RecoveryCode::parse) {
        let row = NewFactor { kind: FactorKind::RecoveryCode, id: &code.hash(), user_id, secret: "", name: "" };
        insert(database, &row).await?;
    }
    Ok(true)
}

/// Removes an app or a passkey, within a transaction; whether there was one. With the last of them everything goes.
pub async fn remove(database: &mut AnyConnection, user_id: &str, kind: FactorKind, id: &str) -> sqlx::Result<bool> {
    let removed = sqlx::query("DELETE FROM factors WHERE kind = $1 AND id = $2 AND user_id = $3")
        .bind(kind.as_str())
        .bind(id)
        .bind(user_id)
        .execute(&mut *database)
        .await?;
    sqlx::query(
        "DELETE FROM factors WHERE user_id = $1 \
         AND NOT EXISTS (SELECT 1 FROM factors AS kept WHERE kept.user_id = $1 AND kept.kind IN ($2, $3))",
    )
    .bind(user_id)
    .bind(FactorKind::App.as_str())
    .bind(FactorKind::Passkey.as_str())
    .execute(database)
    .await?;
    Ok(removed.rows_affected() == 1)
}

/// Notes that somebody has said that the factors are lost, within a transaction; whether nobody had said it before.
pub async fn begin_recovery(database: &mut AnyConnection, user_id: &str) -> sqlx::Result<bool> {
    let row = NewFactor { kind: FactorKind::Recovery, id: user_id, user_id, secret: "", name: "" };
    insert(database, &row).await
}

/// Uses a recovery code up, within a transaction; whether there was one.
pub async fn use_recovery_code(database: &mut AnyConnection, user_id: &str, code: &RecoveryCode) -> sqlx::Result<bool> {
    let used = sqlx::query("DELETE FROM factors WHERE kind = $1 AND id = $2 AND user_id = $3")
        .bind(FactorKind::RecoveryCode.as_str())
        .bind(code.hash())
        .bind(user_id)
        .execute(database)
        .await?;
    Ok(used.rows_affected() == 1)
}

/// Ends a recovery and keeps that there was one, in place of an earlier one, within a transaction. Whether there was.
pub async fn stop_recovery(database: &mut AnyConnection, user_id: &str) -> sqlx::Result<bool> {
    sqlx::query(
        "DELETE FROM factors WHERE kind = $1 AND id = $2 \
         AND EXISTS (SELECT 1 FROM factors AS recovery WHERE recovery.kind = $3 AND recovery.id = $2)",
    )
    .bind(FactorKind::StoppedRecovery.as_str())
    .bind(user_id)
    .bind(FactorKind::Recovery.as_str())
    .execute(&mut *database)
    .await?;
    let stopped = sqlx::query("UPDATE factors SET kind = $1 WHERE kind = $3 AND id = $2")
        .bind(FactorKind::StoppedRecovery.as_str())
        .bind(user_id)
        .bind(FactorKind::Recovery.as_str())
        .execute(database)
        .await?;
    Ok(stopped.rows_affected() == 1)
}

/// Removes everything of a user whose factors were said to be lost long enough ago, within a transaction; whether that is
/// still so.
pub async fn remove_lost(database: &mut AnyConnection, user_id: &str) -> sqlx::Result<bool> {
    let begun_before = OffsetDateTime::now_utc().unix_timestamp() - RECOVERY_WAIT.as_secs().cast_signed();
    let ended = sqlx::query("DELETE FROM factors WHERE kind = $1 AND id = $2 AND created_at <= $3")
        .bind(FactorKind::Recovery.as_str())
        .bind(user_id)
        .bind(begun_before)
        .execute(&mut *database)
        .await?;
    if ended.rows_affected() == 0 {
        return Ok(false);
    }
    remove_all(database, user_id).await?;
    Ok(true)
}

/// Removes everything of a user, within a transaction.
pub async fn remove_all(database: &mut AnyConnection, user_id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM factors WHERE user_id = $1").bind(user_id).execute(database).await?;
    Ok(())
}

/// What is waiting to be confirmed in this session, taken out; `None` when it waited for too long.
async fn take(
    database: &mut AnyConnection,
    kind: FactorKind,
    user_id: &str,
    session: &str,
) -> sqlx::Result<Option<String>> {
    let oldest = OffsetDateTime::now_utc().unix_timestamp() - CONFIRM_WITHIN.as_secs().cast_signed();
    sqlx::query_scalar(
        "DELETE FROM factors WHERE kind = $1 AND id = $2 AND name = $3 AND created_at > $4 RETURNING secret",
    )
    .bind(kind.as_str())
    .bind(user_id)
    .bind(session)
    .bind(oldest)
    .fetch_optional(database)
    .await
}

/// Adds a row, or takes the place of the one with this id.
async fn put(database: &mut AnyConnection, new: &NewFactor<'_>, last_step: i64) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO factors (kind, id, user_id, secret, name, last_step, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (kind, id) DO UPDATE SET secret = $4, name = $5, last_step = $6, created_at = $7",
    )
    .bind(new.kind.as_str())
    .bind(new.id)
    .bind(new.user_id)
    .bind(new.secret)
    .bind(new.name)
    .bind(last_step)
    .bind(OffsetDateTime::now_utc().unix_timestamp())
    .execute(database)
    .await?;
    Ok(())
}
