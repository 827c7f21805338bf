//! What the program is asked to do.

/// A command.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Serve until told to stop.
    Serve,
    /// `--check`: read the settings and report every error.
    Check,
    /// `--copy-from URL`: copy the users of another database.
    CopyFrom(String),
    /// `--help`.
    Help,
}

impl Command {
    /// Reads the arguments that follow the program's name. The error is a sentence for the terminal.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        match arguments.next().as_deref() {
            None => Ok(Self::Serve),
            Some("--check") => Ok(Self::Check),
            Some("--copy-from") => arguments
                .next()
                .map(Self::CopyFrom)
                .ok_or_else(|| "--copy-from needs the URL of a database, such as sqlite://data/app.db".to_owned()),
            Some("--help" | "-h") => Ok(Self::Help),
            Some(other) => Err(format!("unknown argument {other}: --help lists what there is")),
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
        assert!(parse(&["--copy-from"]).is_err_and(|error| error.contains("needs the URL")));
        assert!(parse(&["--chekc"]).is_err_and(|error| error.contains("--chekc")));
    }
}
