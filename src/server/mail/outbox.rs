//! The `outbox` table: every statement on it is here. A mail is in it from the moment in which it is promised until it
//! was sent.
//!
//! Machines that share a database take turns by row: the one that wants to send a mail puts off its next try first. If that
//! machine dies, another one sends the mail once the time has come.

use std::{sync::Arc, time::Duration};

use sqlx::{AnyConnection, AnyPool, Connection, FromRow};
use time::OffsetDateTime;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{MailKind, NewMail};
use crate::{accounts::server::EmailAddress, server::database::statement};

/// How long the machine that took a mail has it for itself: longer than a try can take.
const LEASE: Duration = Duration::from_secs(60);
/// The first pause between two tries. Each pause is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(2 * 60 * 60);

/// A mail to be sent now.
#[derive(Debug)]
pub struct Mail {
    /// The same for each try.
    pub id: String,
    /// Which one.
    pub kind: MailKind,
    /// Where it goes.
    pub email: EmailAddress,
    /// The account that it is about.
    pub user_id: Option<String>,
    /// The name that a sign-up was sent with.
    pub name: Option<String>,
    /// How often it was tried before.
    pub tries: i64,
    /// When it was promised, in seconds since 1970.
    pub created_at: i64,
}

#[derive(FromRow)]
struct Row {
    id: String,
    kind: String,
    email: String,
    user_id: Option<String>,
    name: Option<String>,
    tries: i64,
    created_at: i64,
    next_try_at: i64,
}

/// The mails in the database.
#[derive(Clone, Debug)]
pub struct Outbox {
    pool: AnyPool,
    added: Arc<Notify>,
}

impl Outbox {
    /// Over a migrated database.
    pub fn new(pool: AnyPool) -> Self {
        Self { pool, added: Arc::new(Notify::new()) }
    }

    /// Promises mails, all or none.
    pub async fn add(&self, mails: &[NewMail<'_>]) -> sqlx::Result<()> {
        statement::run("outbox.add", &self.pool, async |database| {
            let mut transaction = database.begin().await?;
            for mail in mails {
                insert(&mut transaction, mail).await?;
            }
            transaction.commit().await
        })
        .await?;
        self.wake();
        Ok(())
    }

    /// Says that there is something to be sent, after a transaction that promised a mail.
    pub fn wake(&self) {
        self.added.notify_one();
    }

    /// Waits until there is something to be sent.
    pub async fn added(&self) {
        self.added.notified().await;
    }

    /// Takes the next mail whose time has come, and puts its next try off: nobody else takes it meanwhile. Those that
    /// anybody can ask for stay where they are unless `with_asked_for`.
    pub async fn claim(&self, with_asked_for: bool) -> sqlx::Result<Option<Mail>> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        loop {
            let row: Option<Row> = statement::run("outbox.next", &self.pool, async |database| {
                sqlx::query_as(
                    "SELECT id, kind, email, user_id, name, tries, created_at, next_try_at FROM outbox \
                     WHERE next_try_at <= $1 AND ($3 = 1 OR kind NOT IN ($4, $5, $6)) AND NOT EXISTS ( \
                         SELECT 1 FROM outbox AS earlier WHERE earlier.email = outbox.email AND earlier.id < outbox.id \
                         AND earlier.next_try_at > $1 AND earlier.next_try_at <= $2) \
                     ORDER BY next_try_at, id LIMIT 1",
                )
                .bind(now)
                // One that is being sent, or will be in a moment: the mail that arrives last is to have the link that works.
                .bind(now + LEASE.as_secs().cast_signed())
                .bind(i64::from(with_asked_for))
                .bind(MailKind::ASKED_FOR[0].as_str())
                .bind(MailKind::ASKED_FOR[1].as_str())
                .bind(MailKind::ASKED_FOR[2].as_str())
                .fetch_optional(database)
                .await
            })
            .await?;
            let Some(row) = row else { return Ok(None) };
            // Of two machines that read the row, one changes it.
            let claimed = statement::run("outbox.claim", &self.pool, async |database| {
                sqlx::query("UPDATE outbox SET tries = $3, next_try_at = $4 WHERE id = $1 AND next_try_at = $2")
                    .bind(&row.id)
                    .bind(row.next_try_at)
                    .bind(row.tries + 1)
                    // From now on: the statement before may have waited.
                    .bind(OffsetDateTime::now_utc().unix_timestamp() + LEASE.as_secs().cast_signed())
                    .execute(database)
                    .await
            })
            .await?;
            if claimed.rows_affected() == 0 {
                continue;
            }
            let Some(kind) = MailKind::ALL.into_iter().find(|kind| kind.as_str() == row.kind) else { continue };
            let Row { id, email, user_id, name, tries, created_at, .. } = row;
            let email = EmailAddress::from_stored(email);
            return Ok(Some(Mail { id, kind, email, user_id, name, tries, created_at }));
        }
    }

    /// It was not tried: its time has come still.
    pub async fn put_back(&self, mail: &Mail) -> sqlx::Result<()> {
        statement::run("outbox.put_back", &self.pool, async |database| {
            sqlx::query("UPDATE outbox SET tries = $2, next_try_at = $3 WHERE id = $1")
                .bind(&mail.id)
                .bind(mail.tries)
                .bind(mail.created_at)
                .execute(database)
                .await
        })
        .await?;
        Ok(())
    }

    /// It was not sent: the next try comes after a pause.
    pub async fn postpone(&self, mail: &Mail) -> sqlx::Result<()> {
        let next_try_at = OffsetDateTime::now_utc().unix_timestamp() + pause_after(mail.tries);
        statement::run("outbox.postpone", &self.pool, async |database| {
            sqlx::query("UPDATE outbox SET next_try_at = $2 WHERE id = $1")
                .bind(&mail.id)
                .bind(next_try_at)
                .execute(database)
                .await
        })
        .await?;
        Ok(())
    }

    /// It was sent, or there is nothing to say. Earlier ones of its kind that still wait are out of date: they would
    /// bring a link that ends the one of this mail.
    pub async fn remove(&self, mail: &Mail) -> sqlx::Result<()> {
        statement::run("outbox.remove", &self.pool, async |database| {
            sqlx::query(
                "DELETE FROM outbox WHERE id = $1 \
                 OR (kind = $2 AND email = $3 AND id < $1 AND COALESCE(user_id, '') = $4)",
            )
            .bind(&mail.id)
            .bind(mail.kind.as_str())
            .bind(mail.email.as_str())
            .bind(mail.user_id.as_deref().unwrap_or_default())
            .execute(database)
            .await
        })
        .await?;
        Ok(())
    }

    /// How many wait.
    pub async fn count(&self) -> sqlx::Result<i64> {
        statement::run("outbox.count", &self.pool, async |database| {
            sqlx::query_scalar("SELECT count(*) FROM outbox").fetch_one(database).await
        })
        .await
    }

    /// What waits for the user of an account: kind, address, and since when.
    pub async fn list_for_user(&self, user_id: &str) -> sqlx::Result<Vec<(String, String, i64)>> {
        statement::run("outbox.list_for_user", &self.pool, async |database| {
            sqlx::query_as("SELECT kind, email, created_at FROM outbox WHERE user_id = $1 ORDER BY id")
                .bind(user_id)
                .fetch_all(database)
                .await
        })
        .await
    }
}

/// Promises a mail, within a transaction. [`Outbox::wake`] comes after it.
pub async fn insert(database: &mut AnyConnection, mail: &NewMail<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO outbox (id, kind, email, user_id, name, tries, created_at, next_try_at) \
         VALUES ($1, $2, $3, $4, $5, 0, $6, $6)",
    )
    .bind(Uuid::now_v7().to_string())
    .bind(mail.kind.as_str())
    .bind(mail.email.as_str())
    .bind(mail.user_id)
    .bind(mail.name)
    .bind(OffsetDateTime::now_utc().unix_timestamp())
    .execute(database)
    .await?;
    Ok(())
}

/// Takes back what was promised to another address of an account, within a transaction.
pub async fn delete_changes_of_email(database: &mut AnyConnection, user_id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM outbox WHERE user_id = $1 AND kind = $2")
        .bind(user_id)
        .bind(MailKind::ChangeEmail.as_str())
        .execute(database)
        .await?;
    Ok(())
}

/// In seconds.
fn pause_after(tries: i64) -> i64 {
    let doubled = u32::try_from(tries).ok().and_then(|tries| 2_u32.checked_pow(tries));
    let pause = doubled.and_then(|times| FIRST_PAUSE.checked_mul(times)).unwrap_or(LONGEST_PAUSE);
    pause.min(LONGEST_PAUSE).as_secs().cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_grow_and_a_day_has_about_twenty_of_them() {
        let pauses: Vec<i64> = (0..30).map(pause_after).collect();
        assert_eq!(pauses[..4], [5, 10, 20, 40]);
        assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!(pause_after(i64::MAX), 7_200);
        let mut after = 0_i64;
        let tries = pauses.iter().take_while(|pause| {
            after += **pause;
            after < 24 * 60 * 60
        });
        assert!((15..25).contains(&tries.count()));
    }
}
