//! The server: arguments, configuration, serve.

use std::{error::Error, ffi::OsString, process::ExitCode};

use secrecy::ExposeSecret as _;
use ticketping_leptos::{
    accounts::server::operator,
    server::{
        self,
        command_line::Command,
        config::{self, Config},
        database::{backup, copy::copy_users},
        healthy::healthy,
        log::Log,
        mail::Transport,
    },
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The arguments or the settings are wrong.
const USAGE_ERROR: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Result<Vec<_>, _> = std::env::args_os().skip(1).map(OsString::into_string).collect();
    let command = arguments.map_err(|_| "an argument is not UTF-8".to_owned());
    match command.and_then(|arguments| Command::parse(arguments.into_iter())) {
        // Also with settings that are wrong.
        Ok(Command::Help) => {
            print!("{}", config::help());
            ExitCode::SUCCESS
        }
        Ok(command) => match Config::from_env() {
            Ok(config) => match execute(command, config).await {
                Ok(done) => {
                    print!("{done}");
                    ExitCode::SUCCESS
                }
                Err(error) => {
                    eprintln!("{error}");
                    ExitCode::FAILURE
                }
            },
            Err(errors) => {
                eprint!("{errors}");
                ExitCode::from(USAGE_ERROR)
            }
        },
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(USAGE_ERROR)
        }
    }
}

/// Does it, and says what was done.
async fn execute(command: Command, config: Config) -> Result<String, Box<dyn Error>> {
    for warning in config.warnings() {
        eprintln!("warning: {warning}");
    }
    let url = config.database_url.expose_secret();
    let done = match command {
        Command::Help => config::help(),
        Command::Check { connect: false } => "The configuration is complete.\n".to_owned(),
        Command::Check { connect: true } => {
            Transport::test(&config.mail.url).await?;
            "The configuration is complete, and mail can be sent.\n".to_owned()
        }
        Command::CopyFrom(from) => format!("{}\n", copy_users(&url_or_file(from)?, url).await?),
        Command::Healthy => {
            healthy(config.site_addr)?;
            String::new()
        }
        Command::Backup(file) => {
            backup::back_up(url, &file).await?;
            format!("The backup is in {}.\n", file.display())
        }
        Command::Restore(file) => {
            let users = backup::restore(url, &file).await?;
            format!("Restored {users} users from {}. Everybody has to log in again.\n", file.display())
        }
        Command::Operator(command) => {
            let _log = Log::start(&config);
            format!("{}\n", operator::execute(&command, &config).await?)
        }
        Command::Serve => {
            server::run(config).await?;
            String::new()
        }
    };
    Ok(done)
}

/// A database's URL, or what stands in the file of that name: arguments are seen by everybody on the machine.
fn url_or_file(given: String) -> Result<String, String> {
    if ["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| given.starts_with(scheme)) {
        return Ok(given);
    }
    if given.contains("://") {
        // Not repeated: it may hold a password.
        return Err(
            "--copy-from takes a URL that begins with sqlite: or postgres:, or a file that holds one".to_owned()
        );
    }
    let read = std::fs::read_to_string(&given);
    read.map(|url| url.trim().to_owned()).map_err(|error| format!("{given} cannot be read: {error}"))
}
