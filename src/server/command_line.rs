//! What the program is asked to do.

use std::path::PathBuf;

/// A command.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Serve until told to stop.
    Serve,
    /// `--check`: read the settings and report every error. With `--connect` it tries the mail server too.
    Check { connect: bool },
    /// `--copy-from URL`: copy the users of another database.
    CopyFrom(String),
    /// `--healthy`: ask the running server whether it can serve.
    Healthy,
    /// `--backup FILE`: write the SQLite database into a new file.
    Backup(PathBuf),
    /// `--restore FILE`: put users back as a backup has them.
    Restore(PathBuf),
    /// What an operator does with accounts.
    Operator(OperatorCommand),
    /// `--help`.
    Help,
    /// `--version`.
    Version,
}

/// What an operator does with accounts. A user is named by id or by address.
#[derive(Debug, PartialEq, Eq)]
pub enum OperatorCommand {
    /// `users [TEXT]`: list users.
    Users(String),
    /// `end-sessions USER`: sign a user out everywhere.
    EndSessions(String),
    /// `disable USER`: sign a user out everywhere and let nobody log in.
    Disable(String),
    /// `enable USER`: undo that.
    Enable(String),
    /// `remove-factors USER`: let a user in by their password alone.
    RemoveFactors(String),
    /// `reset-link USER`: print a link to a new password.
    ResetLink(String),
}

impl Command {
    /// Reads the arguments that follow the program's name. The error is a sentence for the terminal.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let Some(command) = arguments.next() else { return Ok(Self::Serve) };
        let argument = arguments.next();
        if let Some(extra) = arguments.next() {
            return Err(format!("unknown argument {extra}: --help lists what there is"));
        }
        if let Some(option) = argument.as_ref().filter(|argument| argument.starts_with('-') && command != "--check") {
            return Err(format!("unknown argument {option}: --help lists what there is"));
        }
        let user = |make: fn(String) -> OperatorCommand| match &argument {
            Some(user) => Ok(Self::Operator(make(user.clone()))),
            None => Err(format!("{command} needs a user's id or address: `ticketping-leptos users` lists them")),
        };
        match (command.as_str(), &argument) {
            ("--check", None) => Ok(Self::Check { connect: false }),
            ("--check", Some(option)) if option == "--connect" => Ok(Self::Check { connect: true }),
            ("--copy-from", Some(url)) => Ok(Self::CopyFrom(url.clone())),
            ("--copy-from", None) => {
                Err("--copy-from needs the URL of a database, such as sqlite://data/app.db".to_owned())
            }
            ("--healthy", None) => Ok(Self::Healthy),
            ("--backup", Some(file)) => Ok(Self::Backup(file.into())),
            ("--restore", Some(file)) => Ok(Self::Restore(file.into())),
            ("--backup" | "--restore", None) => Err(format!("{command} needs the path of a file")),
            ("--help" | "-h", None) => Ok(Self::Help),
            ("--version" | "-V", None) => Ok(Self::Version),
            ("users", _) => Ok(Self::Operator(OperatorCommand::Users(argument.unwrap_or_default()))),
            ("end-sessions", _) => user(OperatorCommand::EndSessions),
            ("disable", _) => user(OperatorCommand::Disable),
            ("enable", _) => user(OperatorCommand::Enable),
            ("remove-factors", _) => user(OperatorCommand::RemoveFactors),
            ("reset-link", _) => user(OperatorCommand::ResetLink),
            ("--check" | "--healthy" | "--help" | "-h" | "--version" | "-V", Some(other)) => {
                Err(format!("unknown argument {other}: --help lists what there is"))
            }
            (other, _) => Err(format!("unknown argument {other}: --help lists what there is")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Command, String> {
        Command::parse(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn arguments_are_read_and_a_wrong_one_is_named() {
        assert_eq!(parse(&[]), Ok(Command::Serve));
        assert_eq!(parse(&["--copy-from", "sqlite://x"]), Ok(Command::CopyFrom("sqlite://x".into())));
        assert_eq!(parse(&["--healthy"]), Ok(Command::Healthy));
        assert_eq!(parse(&["--backup", "x.db"]), Ok(Command::Backup("x.db".into())));
        assert!(parse(&["--restore"]).is_err_and(|error| error.contains("needs the path")));
        assert!(parse(&["--copy-from"]).is_err_and(|error| error.contains("needs the URL")));
        assert!(parse(&["--chekc"]).is_err_and(|error| error.contains("--chekc")));
        assert_eq!(parse(&["--check", "--connect"]), Ok(Command::Check { connect: true }));
        assert!(parse(&["--check", "--conect"]).is_err_and(|error| error.contains("--conect")));
        let disable = OperatorCommand::Disable("bob@example.com".into());
        assert_eq!(parse(&["disable", "bob@example.com"]), Ok(Command::Operator(disable)));
        assert_eq!(parse(&["--version"]), Ok(Command::Version));
        assert!(parse(&["users", "--connect"]).is_err());
        for command in ["users", "disable", "--backup", "--restore"] {
            assert!(parse(&[command, "--help"]).is_err_and(|error| error.starts_with("unknown argument --help")));
        }
        assert!(parse(&["disable"]).is_err_and(|error| error.contains("needs a user")));
        assert!(parse(&["disable", "bob", "alice"]).is_err_and(|error| error.contains("alice")));
    }
}
