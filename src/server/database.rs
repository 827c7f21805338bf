//! The SQLite file: made when it is missing, migrated, and set up to be shared by readers.

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    SqlitePool,
    migrate::MigrateError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

/// Why the database cannot be used. Names the path.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("DATABASE_URL is not a SQLite URL: {0}")]
    Url(sqlx::Error),
    #[error("cannot create the folder {path} for the database: {source}")]
    Folder { path: String, source: std::io::Error },
    #[error("cannot open the database {path}: {source}")]
    Open { path: String, source: sqlx::Error },
    #[error("cannot migrate the database {path}: {source}")]
    Migrate { path: String, source: MigrateError },
}

/// Opens `url`, creating folder and file, and brings the schema up to date.
pub async fn open(url: &str) -> Result<SqlitePool, DatabaseError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(DatabaseError::Url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // Safe with a write-ahead log: a crash loses no commit, only a power cut may lose the last.
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5));
    let file = options.get_filename().to_owned();
    let path = file.display().to_string();
    let in_memory = url.contains(":memory:") || url.contains("mode=memory");
    if let Some(folder) = file.parent().filter(|folder| !in_memory && *folder != Path::new("")) {
        std::fs::create_dir_all(folder)
            .map_err(|source| DatabaseError::Folder { path: folder.display().to_string(), source })?;
    }
    let pool = SqlitePoolOptions::new()
        .max_connections(8)
        .acquire_timeout(Duration::from_secs(6))
        .connect_with(options)
        .await
        .map_err(|source| DatabaseError::Open { path: path.clone(), source })?;
    sqlx::migrate!().run(&pool).await.map_err(|source| DatabaseError::Migrate { path, source })?;
    Ok(pool)
}
