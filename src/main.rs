//! The server: configuration, database, serve.

use std::process::ExitCode;

use ticketping_leptos::server::{self, config::Config};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut check, mut copy_from) = (false, None);
    match arguments.next().as_deref() {
        None => {}
        Some("--check") => check = true,
        Some("--copy-from") => match arguments.next() {
            Some(url) => copy_from = Some(url),
            None => {
                eprintln!("--copy-from needs the URL of a database, such as sqlite://data/app.db");
                return ExitCode::from(2);
            }
        },
        Some("--help" | "-h") => {
            print!("{}", server::config::help());
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            eprintln!("unknown argument {other}: --help lists what there is");
            return ExitCode::from(2);
        }
    }
    let config = match Config::from_env() {
        Ok(config) => config,
        Err(problems) => {
            eprint!("{problems}");
            return ExitCode::from(2);
        }
    };
    for warning in config.warnings() {
        eprintln!("warning: {warning}");
    }
    if check {
        println!("The configuration is complete.");
        return ExitCode::SUCCESS;
    }
    if let Some(from) = copy_from {
        return match server::copy::copy_users(&from, &config.database_url).await {
            Ok(copied) => {
                println!("{copied}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    match server::run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
