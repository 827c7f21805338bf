//! The server: configuration, database, serve.

use std::process::ExitCode;

use ticketping_leptos::server::{self, config::Config};

#[tokio::main]
async fn main() -> ExitCode {
    let check = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--check") => true,
        Some("--help" | "-h") => {
            print!("{}", server::config::help());
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            eprintln!("unknown argument {other}: --help lists what there is");
            return ExitCode::from(2);
        }
    };
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
    match server::run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
