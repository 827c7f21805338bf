//! What other machines on the same PostgreSQL have ended or changed, as the database tells it (`LISTEN`). Where it cannot,
//! as behind a pooler that shares connections, what is in memory is out of date for some seconds.

use std::{io::ErrorKind, time::Duration};

use sqlx::{Executor as _, postgres::PgListener};
use tokio::time;

use super::{statement::STATEMENT_TIMEOUT, url::with_tls};

/// How long to wait before listening is tried again.
const PAUSE: Duration = Duration::from_secs(5);
/// After this long without a word, the connection is tried.
const QUIET: Duration = Duration::from_secs(30);

/// Calls back with the table and the id of each row that was changed, without end. Returns at once for SQLite, which only
/// one machine can use.
pub async fn listen(url: &str, on_change: impl Fn(&str, &str)) {
    if url.starts_with("sqlite:") {
        return;
    }
    loop {
        if let Err(error) = listen_once(url, &on_change).await {
            tracing::debug!(%error, "the database does not tell what other machines change");
        }
        time::sleep(PAUSE).await;
    }
}

async fn listen_once(url: &str, on_change: &impl Fn(&str, &str)) -> sqlx::Result<()> {
    let mut listener = PgListener::connect(&with_tls(url)).await?;
    listener.listen("changed").await?;
    loop {
        // It connects again by itself. What it missed meanwhile is forgotten by its age.
        match time::timeout(QUIET, listener.recv()).await {
            Ok(change) => {
                if let Some((table, id)) = change?.payload().split_once(' ') {
                    on_change(table, id);
                }
            }
            // Nothing has changed, or the network is gone: that shows only when something is sent.
            Err(_) => {
                let asked = time::timeout(STATEMENT_TIMEOUT, listener.execute("SELECT 1")).await;
                asked.map_err(|_| sqlx::Error::Io(ErrorKind::TimedOut.into()))??;
            }
        }
    }
}
