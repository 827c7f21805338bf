//! A copy of a SQLite database in one file, made and read while the server runs.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    process,
};

use sqlx::{AnyConnection, Connection as _};
use url::Url;

use super::{Database, DatabaseError, file};

/// What is restored. Sessions, links and mails are not: one that has ended since would be there again.
const TABLES: [&str; 2] = ["users", "factors"];

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("this is for SQLite: use pg_dump and pg_restore for PostgreSQL")]
    NotSqlite,
    #[error("{0} already exists: choose another name")]
    Exists(String),
    #[error("{0} cannot be written: {1}")]
    Write(String, io::Error),
    #[error("{0} is the database itself: name a backup of it")]
    Itself(String),
    #[error("there is no backup at {0}")]
    NoBackup(String),
    #[error("{0} is of another version of this server: restore it with that one, and start this one on it")]
    OtherVersion(String),
    #[error("{0} is no backup of this server, so nothing was restored")]
    Foreign(String),
    #[error("{0} cannot be read or is damaged, so nothing was restored: {1}")]
    Damaged(String, String),
    #[error("nothing was done, as a statement failed: {0}")]
    Statement(#[from] sqlx::Error),
}

/// Writes everything into a new file, as it is at one moment.
pub async fn back_up(url: &str, to: &Path) -> Result<(), BackupError> {
    let database = open(url).await?;
    let path = to.display().to_string();
    // A name that begins with `file:` would mean something else to SQLite.
    let to = &std::path::absolute(to).map_err(|error| BackupError::Write(path.clone(), error))?;
    let write = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(path.clone()),
        _ => BackupError::Write(path.clone(), error),
    };
    if to.exists() {
        return Err(BackupError::Exists(path));
    }
    // A backup that is cut off has another name.
    let part = &to.with_added_extension(format!("{}.part", process::id()));
    // For its owner only. SQLite writes into an empty file that is there.
    let file = File::options().write(true).create_new(true).mode(0o600).open(part).map_err(write)?;
    let written = sqlx::query("VACUUM INTO $1").bind(part.display().to_string()).execute(&database.pool).await;
    database.pool.close().await;
    if written.is_err() {
        let _half_written = fs::remove_file(part);
    }
    written?;
    // Not in place of one that was made meanwhile.
    let named = file.sync_all().and_then(|()| match fs::hard_link(part, to) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => fs::rename(part, to),
        linked => linked,
    });
    let _renamed_already = fs::remove_file(part);
    named.map_err(write)
}

/// Puts users and their second factors back as they were, all or nothing, and signs everybody out. How many users there are then.
pub async fn restore(url: &str, from: &Path) -> Result<i64, BackupError> {
    let path = from.display().to_string();
    if !from.is_file() {
        return Err(BackupError::NoBackup(path));
    }
    let same = |file: &Path| file.canonicalize().ok().is_some_and(|file| from.canonicalize().ok() == Some(file));
    if file(url).as_deref().is_some_and(same) {
        return Err(BackupError::Itself(path));
    }
    let database = match open(url).await {
        // On a new machine there is none yet.
        Err(BackupError::Database(DatabaseError::Missing(_))) => Database::open(url).await?,
        opened => opened?,
    };
    let mut connection = database.pool.acquire().await?;
    let whole = std::path::absolute(from).ok().and_then(|whole| Url::from_file_path(whole).ok());
    let mut address = whole.ok_or_else(|| BackupError::NoBackup(path.clone()))?;
    address.set_query(Some("mode=ro"));
    let attached =
        sqlx::query("ATTACH DATABASE $1 AS backup").bind(address.to_string()).execute(&mut *connection).await;
    attached.map_err(|error| BackupError::Damaged(path.clone(), error.to_string()))?;
    check(&mut connection, &path).await?;
    let mut transaction = connection.begin().await?;
    for table in ["sessions", "links", "outbox", "factors", "users"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM main.{table}"))).execute(&mut *transaction).await?;
    }
    for table in TABLES {
        let names = format!("SELECT group_concat(name) FROM pragma_table_info('{table}', 'main')");
        let columns: String = sqlx::query_scalar(sqlx::AssertSqlSafe(names)).fetch_one(&mut *transaction).await?;
        let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM backup.{table}");
        sqlx::query(sqlx::AssertSqlSafe(copy)).execute(&mut *transaction).await?;
    }
    // What had begun then and was stopped since would end now: for these, time has passed.
    sqlx::query("DELETE FROM main.factors WHERE kind IN ('recovery', 'new_app', 'new_recovery_codes')")
        .execute(&mut *transaction)
        .await?;
    let users = sqlx::query_scalar("SELECT count(*) FROM main.users").fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    drop(connection);
    database.pool.close().await;
    Ok(users)
}

async fn open(url: &str) -> Result<Database, BackupError> {
    if file(url).is_none() {
        return Err(BackupError::NotSqlite);
    }
    Ok(Database::open_existing(url).await?)
}

/// That the attached file is whole, and has the tables of this version.
async fn check(connection: &mut AnyConnection, path: &str) -> Result<(), BackupError> {
    let damaged = |error: sqlx::Error| BackupError::Damaged(path.to_owned(), error.to_string());
    let found: String =
        sqlx::query_scalar("PRAGMA backup.integrity_check(1)").fetch_one(&mut *connection).await.map_err(damaged)?;
    if found != "ok" {
        return Err(BackupError::Damaged(path.to_owned(), found));
    }
    let is_ours: i64 = sqlx::query_scalar("SELECT count(*) FROM backup.sqlite_schema WHERE name = '_sqlx_migrations'")
        .fetch_one(&mut *connection)
        .await
        .map_err(damaged)?;
    if is_ours == 0 {
        return Err(BackupError::Foreign(path.to_owned()));
    }
    let same: i64 = sqlx::query_scalar(
        "SELECT count(*) = (SELECT count(*) FROM main._sqlx_migrations) \
         AND count(*) = (SELECT count(*) FROM backup._sqlx_migrations) \
         FROM main._sqlx_migrations AS here JOIN backup._sqlx_migrations AS there USING (version, checksum)",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(|_| BackupError::OtherVersion(path.to_owned()))?;
    if same == 1 { Ok(()) } else { Err(BackupError::OtherVersion(path.to_owned())) }
}
