//! The server: arguments, configuration, serve.

use std::{ffi::OsString, process::ExitCode};

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
        Ok(Command::Help) => {
            print!("{}", config::help());
            ExitCode::SUCCESS
        }
        Ok(command) => match Config::from_env() {
            Ok(config) => execute(command, config).await,
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

async fn execute(command: Command, config: Config) -> ExitCode {
    for warning in config.warnings() {
        eprintln!("warning: {warning}");
    }
    let done = match command {
        Command::Help => Ok(config::help()),
        Command::Check { connect: false } => Ok("The configuration is complete.".to_owned()),
        Command::Check { connect: true } => {
            let tested = Transport::test(&config.mail.url).await;
            tested
                .map(|()| "The configuration is complete, and mail can be sent.".to_owned())
                .map_err(|error| error.to_string())
        }
        Command::CopyFrom(url) => match url_or_file(url) {
            Ok(url) => {
                let copied = copy_users(&url, config.database_url.expose_secret()).await;
                copied.map(|copied| copied.to_string()).map_err(|error| error.to_string())
            }
            Err(error) => Err(error),
        },
        Command::Healthy => healthy(config.site_addr).map(|()| String::new()),
        Command::Backup(file) => {
            let done = backup::back_up(config.database_url.expose_secret(), &file).await;
            done.map(|()| format!("Everything is in {}.", file.display())).map_err(|error| error.to_string())
        }
        Command::Restore(file) => {
            let done = backup::restore(config.database_url.expose_secret(), &file).await;
            done.map(|users| format!("{users} users are as {} has them. Everybody logs in once again.", file.display()))
                .map_err(|error| error.to_string())
        }
        Command::Operator(command) => {
            let _log = Log::start(&config);
            operator::execute(&command, &config).await.map_err(|error| error.to_string())
        }
        Command::Serve => server::run(config).await.map(|()| String::new()).map_err(|error| error.to_string()),
    };
    match done {
        Ok(text) => {
            if !text.is_empty() {
                println!("{text}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
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
