//! A connection of the test's own to a server's database.

use sqlx::{Any, AnyConnection, AssertSqlSafe, Connection, any::AnyRow};
use tokio::runtime::Runtime;

pub struct Database {
    runtime: Runtime,
    connection: AnyConnection,
}

impl Database {
    pub fn open(url: &str) -> Self {
        sqlx::any::install_default_drivers();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let connection = runtime.block_on(AnyConnection::connect(url)).unwrap();
        Self { runtime, connection }
    }

    pub fn execute(&mut self, sql: &str) -> &mut Self {
        let statement = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut self.connection);
        self.runtime.block_on(statement).unwrap();
        self
    }

    /// What a query finds.
    pub fn query<T>(&mut self, sql: &str) -> Vec<T>
    where
        (T,): for<'r> sqlx::FromRow<'r, AnyRow> + Send + Unpin,
        T: sqlx::Type<Any>,
    {
        let rows = sqlx::query_as::<_, (T,)>(AssertSqlSafe(sql.to_owned())).fetch_all(&mut self.connection);
        self.runtime.block_on(rows).unwrap().into_iter().map(|row| row.0).collect()
    }
}
