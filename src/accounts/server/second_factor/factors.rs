//! The tables `factors` and `used_challenges`: every statement on them is here.

use sqlx::{AnyConnection, AnyPool, Connection as _, FromRow};
use time::OffsetDateTime;

use super::{
    RecoveryCode,
    user_factors::{CONFIRM_WITHIN, Factor, FactorKind, RECOVERY_WAIT, UNDONE_WITHIN, UserFactors},
};
use crate::server::database::statement;

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

    /// Ends a recovery and keeps a record of it. Returns whether there was one.
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
    remove_rest(database, user_id).await?;
    Ok(removed.rows_affected() == 1)
}

/// Removes what was added so shortly before that a link in the mail about it may still be there, within a transaction.
pub async fn remove_new(database: &mut AnyConnection, user_id: &str) -> sqlx::Result<()> {
    let since = OffsetDateTime::now_utc().unix_timestamp() - UNDONE_WITHIN.as_secs().cast_signed();
    sqlx::query("DELETE FROM factors WHERE user_id = $1 AND created_at >= $2 AND kind <> $3")
        .bind(user_id)
        .bind(since)
        .bind(FactorKind::StoppedRecovery.as_str())
        .execute(&mut *database)
        .await?;
    remove_rest(database, user_id).await
}

/// Without an app and without a passkey everything goes.
async fn remove_rest(database: &mut AnyConnection, user_id: &str) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM factors WHERE user_id = $1 \
         AND NOT EXISTS (SELECT 1 FROM factors AS kept WHERE kept.user_id = $1 AND kept.kind IN ($2, $3))",
    )
    .bind(user_id)
    .bind(FactorKind::App.as_str())
    .bind(FactorKind::Passkey.as_str())
    .execute(database)
    .await?;
    Ok(())
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

/// Ends a recovery and keeps a record of it, in place of an earlier one, within a transaction. Returns whether there was one.
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

/// Removes everything of a user, within a transaction. Whether there was anything.
pub async fn remove_all(database: &mut AnyConnection, user_id: &str) -> sqlx::Result<bool> {
    let removed = sqlx::query("DELETE FROM factors WHERE user_id = $1").bind(user_id).execute(database).await?;
    Ok(removed.rows_affected() > 0)
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
