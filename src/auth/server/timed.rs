//! How long the database takes, for the metrics.

use std::time::Instant;

/// Runs a statement and measures it, the wait for a connection included.
pub async fn timed<T>(statement: &'static str, query: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    let begin = Instant::now();
    let result = query.await;
    metrics::histogram!("database_seconds", "statement" => statement).record(begin.elapsed());
    result
}
