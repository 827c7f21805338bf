//! Opens a database and brings its schema up to date.

use std::{
    cmp::Ordering,
    fs::{File, Permissions, TryLockError},
    io::{ErrorKind, Read as _},
    os::unix::{
        self,
        fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    str::FromStr,
    sync::{
        Arc,
        atomic::{self, AtomicBool},
    },
    time::Duration,
};

use sqlx::{
    AnyConnection, AnyPool, Connection, Executor,
    any::{AnyConnectOptions, AnyPoolOptions},
    migrate::{MigrateError, Migrator},
};
use tokio::time;

use super::{
    statement,
    url::{file, folder, place, with_tls},
};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a request waits for a connection before it is told to come back later.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// Connections of one process.
const MAX_CONNECTIONS: u32 = 8;
/// How often a process that waits for another one's migration looks whether it is done.
const LOCK_POLL: Duration = Duration::from_millis(20);
/// After so many looks the log says what it waits for.
const TRIES_BEFORE_WARNING: u32 = 150;
/// A connection that was used so recently is not asked first whether it is there: that would double each statement's
/// round trips.
const ASSUMED_ALIVE: Duration = Duration::from_secs(1);

/// Why the database cannot be used. Names the place, never a password.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("the URL of the database cannot be read: use sqlite://data/app.db or postgres://user:password@host/name")]
    Url,
    #[error("there is no database of this server at {0}: set DATABASE_URL as the server has it")]
    Missing(String),
    #[error("the database {place} cannot be read: {source}. Run this as the user that the server runs as")]
    Unreadable { place: String, source: std::io::Error },
    #[error(
        "the database {place} was made by an older version of this program: use that one, or start this one as the server first"
    )]
    Older { place: String },
    #[error(
        "cannot create the folder {place} for the database: {source}. Set DATABASE_URL to a place that can be written"
    )]
    Folder { place: String, source: std::io::Error },
    #[error("cannot open the database {place}: {source}")]
    Open { place: String, source: sqlx::Error },
    #[error(
        "the database {place} was made by a newer version of this program (migration {version}): \
         start that version, or restore a backup from before it"
    )]
    Newer { place: String, version: i64 },
    #[error("{place} exists and is not a SQLite database of this server: set DATABASE_URL to another file")]
    SomethingElse { place: String },
    #[error("cannot migrate the database {place}: {source}")]
    Migrate { place: String, source: MigrateError },
}

/// An open database of the current schema.
#[derive(Clone, Debug)]
pub struct Database {
    /// Its connections.
    pub pool: AnyPool,
    // Where it is, if it is a file.
    file: Option<PathBuf>,
    // What was last said of it.
    is_reached: Arc<AtomicBool>,
}

impl Database {
    /// Opens `url`, creating folder and file of a SQLite database, and brings the schema up to date.
    pub async fn open(url: &str) -> Result<Self, DatabaseError> {
        Self::open_with(url, true).await
    }

    /// Opens a database that is there. It has to have the current schema: an older server may be using it.
    pub async fn open_existing(url: &str) -> Result<Self, DatabaseError> {
        // An empty file is what a first start leaves that was cut off.
        let place = place(url);
        match file(url).map(|file| file.metadata()) {
            Some(Err(source)) if source.kind() == ErrorKind::PermissionDenied => {
                Err(DatabaseError::Unreadable { place, source })
            }
            Some(Err(_)) => Err(DatabaseError::Missing(place)),
            Some(Ok(metadata)) if metadata.len() == 0 => Err(DatabaseError::Missing(place)),
            _ => Self::open_with(url, false).await,
        }
    }

    async fn open_with(url: &str, migrates: bool) -> Result<Self, DatabaseError> {
        sqlx::any::install_default_drivers();
        let place = place(url);
        let file = file(url);
        if let Some(folder) = file.as_deref().and_then(folder) {
            std::fs::create_dir_all(folder).map_err(|source| {
                let place = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
                DatabaseError::Folder { place: place.display().to_string(), source }
            })?;
        }
        if let Some(file) = &file {
            if is_something_else(file) {
                return Err(DatabaseError::SomethingElse { place });
            }
            make_private(file);
        }
        let sqlite = url.starts_with("sqlite:");
        let url = if !sqlite {
            with_tls(url)
        } else if url.contains("mode=") {
            url.to_owned()
        } else {
            // The file is there: a connection that is opened later must not make another one in place of a lost one.
            let mode = if file.as_deref().is_some_and(Path::exists) { "rw" } else { "rwc" };
            format!("{url}{}mode={mode}", if url.contains('?') { '&' } else { '?' })
        };
        let options = AnyConnectOptions::from_str(&url).map_err(|_| DatabaseError::Url)?;
        // Two processes that start at once on one file: the second waits for the first to migrate.
        // PostgreSQL has locks of its own for that.
        let _turn = match file.as_deref().and_then(folder).map(File::open) {
            Some(Ok(folder)) => lock(folder).await,
            _ => None,
        };
        let settings = if sqlite { SQLITE_SETTINGS } else { POSTGRES_SETTINGS };
        let could_not = |source| DatabaseError::Open { place: place.clone(), source };
        let is_ours = try_out(&options, async |first| {
            if sqlite && is_foreign(first).await? {
                return Ok(false);
            }
            first.execute(settings).await.map(|_| true)
        });
        if !is_ours.await.map_err(could_not)? {
            return Err(DatabaseError::SomethingElse { place });
        }
        if let Some(file) = &file {
            keep_private(file);
        }
        let pool = AnyPoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(|connection, used| {
                Box::pin(async move {
                    if used.idle_for > ASSUMED_ALIVE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    connection.execute(settings).await?;
                    Ok(())
                })
            })
            .connect_with(options)
            .await
            .map_err(could_not)?;
        if migrates {
            migrate(&pool, sqlite).await.map_err(|source| match source {
                MigrateError::VersionMissing(version) => DatabaseError::Newer { place, version },
                source => DatabaseError::Migrate { place, source },
            })?;
        } else {
            check_version(&pool, sqlite, place).await?;
        }
        Ok(Self { pool, file, is_reached: Arc::new(AtomicBool::new(true)) })
    }

    /// Opens a database that is there, to read its users and change nothing.
    pub async fn open_read_only(url: &str) -> Result<Self, DatabaseError> {
        sqlx::any::install_default_drivers();
        let read_only = match url.split_once('?') {
            _ if !url.starts_with("sqlite:") => with_tls(url),
            None => format!("{url}?mode=ro"),
            Some((file, _)) => format!("{file}?mode=ro"),
        };
        let options = AnyConnectOptions::from_str(&read_only).map_err(|_| DatabaseError::Url)?;
        let could_not = |source| DatabaseError::Open { place: place(url), source };
        try_out(&options, async |_| Ok(())).await.map_err(could_not)?;
        let pool =
            AnyPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT).connect_with(options).await;
        let pool = pool.map_err(could_not)?;
        check_version(&pool, url.starts_with("sqlite:"), place(url)).await?;
        Ok(Self { pool, file: file(url), is_reached: Arc::new(AtomicBool::new(true)) })
    }

    /// A random key that this installation alone knows, the same for each process on this database.
    pub async fn installation_key(&self) -> sqlx::Result<String> {
        let new = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
        statement::run("installation_key", &self.pool, async |database| {
            const READ: &str = "SELECT key FROM installation WHERE id = 1";
            if let Some(key) = sqlx::query_scalar(READ).fetch_optional(&mut *database).await? {
                return Ok(key);
            }
            // Another process may start at the same moment.
            sqlx::query("INSERT INTO installation (id, key) VALUES (1, $1) ON CONFLICT (id) DO NOTHING")
                .bind(&new)
                .execute(&mut *database)
                .await?;
            sqlx::query_scalar(READ).fetch_one(database).await
        })
        .await
    }

    /// Whether requests can be answered: the users can be read, and a file has not been taken away
    /// (it would go on existing for this process only). A change is logged.
    pub async fn is_reachable(&self) -> bool {
        let read = statement::run("ready", &self.pool, async |database| {
            sqlx::query("SELECT id FROM users LIMIT 1").fetch_optional(database).await
        });
        let problem = match time::timeout(ACQUIRE_TIMEOUT, read).await {
            Err(_) => Some("it does not answer".to_owned()),
            Ok(Err(error)) => Some(error.to_string()),
            Ok(Ok(_)) if !self.file.as_deref().is_none_or(Path::exists) => Some("its file is gone".to_owned()),
            Ok(Ok(_)) => None,
        };
        match (&problem, self.is_reached.swap(problem.is_none(), atomic::Ordering::Relaxed)) {
            (Some(problem), true) => tracing::warn!(problem, "the database cannot be used"),
            (None, false) => tracing::info!("the database can be used again"),
            _ => {}
        }
        problem.is_none()
    }
}

/// Waits for the lock of a folder. Not in one call, which a signal could not end.
async fn lock(folder: File) -> Option<File> {
    for tries in 1.. {
        match folder.try_lock() {
            Ok(()) => return Some(folder),
            Err(TryLockError::WouldBlock) => time::sleep(LOCK_POLL).await,
            Err(TryLockError::Error(_)) => return None,
        }
        if tries == TRIES_BEFORE_WARNING {
            tracing::warn!(
                "another process has locked the database's folder: waiting until it has opened the database"
            );
        }
    }
    None
}

/// Whether there is something other than a database, such as a folder.
fn is_something_else(path: &Path) -> bool {
    const BEGINNING: &[u8] = b"SQLite format 3\0";
    let mut beginning = Vec::new();
    let mut read = || File::open(path)?.take(BEGINNING.len() as u64).read_to_end(&mut beginning);
    path.exists() && !path.is_file() || path.is_file() && read().is_ok() && !BEGINNING.starts_with(&beginning)
}

/// Does something with a first connection, and says what is wrong if there is none: a pool would try again and again, and say only
/// that it has waited. A server that starts at the same moment, and a file that somebody has locked, are waited for.
async fn try_out<T>(
    options: &AnyConnectOptions,
    act: impl AsyncFn(&mut AnyConnection) -> sqlx::Result<T>,
) -> sqlx::Result<T> {
    let end = time::Instant::now() + ACQUIRE_TIMEOUT;
    let mut last = None;
    loop {
        let once = async {
            let mut connection = AnyConnection::connect_with(options).await?;
            let done = act(&mut connection).await;
            connection.close().await?;
            done
        };
        let error = match time::timeout_at(end, once).await {
            Err(_) => return Err(last.unwrap_or_else(|| sqlx::Error::Io(silent()))),
            Ok(Err(error)) if may_pass(&error) => error,
            Ok(done) => return done,
        };
        if time::Instant::now() + LOCK_POLL > end {
            return Err(error);
        }
        last = Some(error);
        time::sleep(LOCK_POLL).await;
    }
}

fn silent() -> std::io::Error {
    let seconds = ACQUIRE_TIMEOUT.as_secs();
    std::io::Error::new(
        ErrorKind::TimedOut,
        format!("it does not answer within {seconds} seconds, or somebody has locked it"),
    )
}

fn may_pass(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == ErrorKind::ConnectionRefused,
        // PostgreSQL starts up, or has no connection left.
        sqlx::Error::Database(error) if error.code().is_some_and(|code| code == "57P03" || code == "53300") => true,
        sqlx::Error::Database(error) => error.message().contains("database is locked"),
        _ => false,
    }
}

/// Whether it is a SQLite database of another program.
async fn is_foreign(connection: &mut AnyConnection) -> sqlx::Result<bool> {
    let tables = "SELECT count(*) > 0 AND sum(name = '_sqlx_migrations') = 0 FROM sqlite_schema";
    sqlx::query_scalar::<_, i64>(tables).fetch_one(connection).await.map(|is_foreign| is_foreign == 1)
}

/// Makes the file of a new database. It will hold sessions and password hashes: nobody else on the machine is to read it.
fn make_private(file: &Path) {
    if !file.exists() {
        let made = File::options().create_new(true).append(true).mode(0o600).open(file);
        // Root makes it for whom the folder belongs to: the server runs as that user.
        if let (Ok(made), Some(Ok(folder))) = (made, folder(file).map(Path::metadata)) {
            let _not_root = unix::fs::fchown(made, Some(folder.uid()), Some(folder.gid()));
        }
    }
}

/// The same for one that is there. What cannot be changed is the operator's, and opening it says what is wrong.
fn keep_private(file: &Path) {
    if let Ok(metadata) = file.metadata()
        && metadata.permissions().mode() & 0o077 != 0
    {
        let _not_ours = std::fs::set_permissions(file, Permissions::from_mode(0o600));
    }
}

async fn check_version(pool: &AnyPool, sqlite: bool, place: String) -> Result<(), DatabaseError> {
    let newest = "SELECT max(version) FROM _sqlx_migrations";
    let version: Result<Option<i64>, _> = sqlx::query_scalar(newest).fetch_one(pool).await;
    let version = match version {
        // A database without our tables.
        Err(sqlx::Error::Database(error))
            if error.code().is_some_and(|code| code == "42P01") || error.message().starts_with("no such table") =>
        {
            return Err(DatabaseError::Missing(place));
        }
        Err(source) => return Err(DatabaseError::Open { place, source }),
        Ok(version) => version.unwrap_or_default(),
    };
    let ours = if sqlite { &SQLITE } else { &POSTGRES }.iter().map(|migration| migration.version).max();
    match version.cmp(&ours.unwrap_or_default()) {
        Ordering::Less => Err(DatabaseError::Older { place }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(DatabaseError::Newer { place, version }),
    }
}

async fn migrate(pool: &AnyPool, sqlite: bool) -> Result<(), MigrateError> {
    if sqlite {
        return SQLITE.run(pool).await;
    }
    // Changing a large table takes as long as it takes.
    let mut patient = pool.acquire().await?;
    patient.execute("SET statement_timeout = 0").await?;
    POSTGRES.run(&mut *patient).await?;
    patient.close().await?;
    Ok(())
}

/// A request whose statement hangs is told to come back, before others queue behind it. The server's side of a connection
/// whose network is gone ends within a minute, with the locks that it holds.
const POSTGRES_SETTINGS: &str = "SET statement_timeout = 5000; SET idle_in_transaction_session_timeout = 10000; \
                                 SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; \
                                 SET tcp_keepalives_count = 3";

/// A crash loses no commit with a write-ahead log; only a power cut may lose the last. What is deleted is overwritten. A
/// container may have no folder for temporary files.
const SQLITE_SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; \
                               PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000; \
                               PRAGMA temp_store = MEMORY;";
