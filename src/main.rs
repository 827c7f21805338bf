//! The server: arguments, configuration, serve.

use std::{
    error::Error,
    ffi::OsString,
    fs::File,
    io::{self, Read as _, Write as _},
    process::ExitCode,
};

use secrecy::ExposeSecret as _;
use ticketping_leptos::{
    accounts::server::operator,
    server::{
        self,
        command_line::Command,
        config::{self, Config, ConfigErrors},
        database::{self, backup, copy::copy_users, place},
        healthy::healthy,
        log::Log,
        mail::Transport,
    },
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The longest URL of a database that is read from a file.
const MAX_URL_BYTES: u64 = 10_000;

/// The exit code for arguments or settings that are wrong.
const USAGE_ERROR: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Result<Vec<_>, _> = std::env::args_os().skip(1).map(OsString::into_string).collect();
    let arguments = arguments.map_err(|_| "an argument is not UTF-8".to_owned());
    let done = match arguments.and_then(|arguments| Command::parse(arguments.into_iter())) {
        Ok(command) => execute(command).await,
        Err(error) => Err(UsageError(error).into()),
    };
    match done {
        Ok(done) => {
            match io::stdout().write_all(done.as_bytes()).and_then(|()| io::stdout().flush()) {
                // Its reader may have gone, as with `| head`.
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    eprintln!("what was done cannot be written: {error}");
                    ExitCode::FAILURE
                }
                _ => ExitCode::SUCCESS,
            }
        }
        Err(error) => {
            eprintln!("{error}");
            let is_usage = error.is::<UsageError>() || error.is::<ConfigErrors>();
            if is_usage { ExitCode::from(USAGE_ERROR) } else { ExitCode::FAILURE }
        }
    }
}

/// The arguments are wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// Does it, and says what was done.
async fn execute(command: Command) -> Result<String, Box<dyn Error>> {
    // These need no other setting.
    let database_url = || Config::database_url_from_env();
    let done = match command {
        // Also with settings that are wrong.
        Command::Help => config::help(),
        Command::Version => concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n").to_owned(),
        Command::CopyFrom(from) => {
            let url = database_url()?;
            let copied = copy_users(&url_or_file(from)?, url.expose_secret()).await?;
            format!("{copied} They are in {} now.\n", place(url.expose_secret()))
        }
        Command::Backup(file) => {
            backup::back_up(database_url()?.expose_secret(), &file).await?;
            format!("The backup is in {}.\n", file.display())
        }
        Command::Restore(file) => {
            let url = database_url()?;
            let users = backup::restore(url.expose_secret(), &file).await?;
            let (from, to) = (file.display(), place(url.expose_secret()));
            format!("Restored {users} users from {from} into {to}. Everybody has to log in again, within 5 seconds.\n")
        }
        Command::Check { connect } => {
            let config = config()?;
            if connect {
                Transport::test(&config.mail.url).await?;
            }
            format!("The configuration is complete{}.\n", if connect { ", and mail can be sent" } else { "" })
        }
        Command::Healthy => {
            // Nothing but 0 or 1.
            healthy(Config::site_addr_from_env().map_err(|error| error.to_string())?)?;
            String::new()
        }
        Command::Operator(command) => {
            let config = config()?;
            let _log = Log::start(&config);
            format!("{}\n", operator::execute(&command, &config).await?)
        }
        Command::Serve => {
            server::run(config()?).await?;
            String::new()
        }
    };
    Ok(done)
}

/// The whole configuration. Says what is allowed but has a price.
fn config() -> Result<Config, ConfigErrors> {
    let config = Config::from_env()?;
    for warning in config.warnings() {
        eprintln!("warning: {warning}");
    }
    Ok(config)
}

/// A database's URL, or what stands in the file of that name: arguments are seen by everybody on the machine.
fn url_or_file(given: String) -> Result<String, String> {
    if database::is_url(&given) {
        return Ok(given);
    }
    // What is no URL is not repeated: it may hold a password.
    let wanted =
        "a URL that begins with sqlite: or postgres:, in which / ? # @ % in a password are written %2F %3F %23 %40 %25";
    if given.contains("://") || url::Url::parse(&given).is_ok() {
        return Err(format!("--copy-from takes {wanted}, or a file that holds one"));
    }
    let mut read = Vec::new();
    let file = File::open(&given).and_then(|file| file.take(MAX_URL_BYTES).read_to_end(&mut read));
    file.map_err(|error| format!("{given} cannot be read: {error}"))?;
    if read.starts_with(b"SQLite format 3\0") {
        return Err(format!("{given} is a database: did you mean sqlite://{given}?"));
    }
    let url = String::from_utf8_lossy(&read).trim().to_owned();
    if database::is_url(&url) { Ok(url) } else { Err(format!("{given} does not hold {wanted}")) }
}
