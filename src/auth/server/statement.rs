//! How a statement is run: counted for the metrics, and given up when the database is silent.

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use scopeguard::ScopeGuard;
use sqlx::{AnyConnection, AnyPool};
use tokio::time;

/// How long a statement may take. Both databases give up a second before, and say why; this is for
/// one that says nothing: frozen, or behind a network that is gone.
const PATIENCE: Duration = Duration::from_secs(6);

/// Runs the statement `name` on a connection of its own.
pub async fn run<T>(
    name: &'static str,
    pool: &AnyPool,
    statement: impl AsyncFnOnce(&mut AnyConnection) -> sqlx::Result<T>,
) -> sqlx::Result<T> {
    let begin = Instant::now();
    let result = within_time(pool, statement).await;
    metrics::histogram!("database_seconds", "statement" => name).record(begin.elapsed());
    result
}

async fn within_time<T>(
    pool: &AnyPool,
    statement: impl AsyncFnOnce(&mut AnyConnection) -> sqlx::Result<T>,
) -> sqlx::Result<T> {
    // Whoever stops asking before there is an answer must not put it back: the pool would wait for it
    // without end.
    let mut connection = scopeguard::guard(pool.acquire().await?, |silent| drop(silent.detach()));
    let result = time::timeout(PATIENCE, statement(&mut connection)).await;
    let result = result.map_err(|_| sqlx::Error::Io(ErrorKind::TimedOut.into()))?;
    drop(ScopeGuard::into_inner(connection));
    result
}
