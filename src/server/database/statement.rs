//! Runs a statement: timed for the metrics, and given up when the database does not answer.

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use scopeguard::ScopeGuard;
use sqlx::{AnyConnection, AnyPool};
use tokio::time;

/// How long a statement may take. Both databases give up a second before, and say why; this is for a database that says
/// nothing, because it is frozen or its network is gone.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(6);

/// The places of a list of values that begins at `$first`. The list is padded with its last value to one of few lengths, as
/// each text is prepared on each connection.
pub fn list<T: Clone>(first: usize, values: &mut Vec<T>) -> String {
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    let places: Vec<String> = (first..first + values.len()).map(|place| format!("${place}")).collect();
    places.join(", ")
}

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
    // If the caller is dropped before there is an answer, the connection must not go back to the pool, which would
    // wait for it without end.
    let mut connection = scopeguard::guard(pool.acquire().await?, |unfinished| drop(unfinished.detach()));
    let result = time::timeout(STATEMENT_TIMEOUT, statement(&mut connection)).await;
    let result = result.map_err(|_| sqlx::Error::Io(ErrorKind::TimedOut.into()))?;
    drop(ScopeGuard::into_inner(connection));
    result
}
