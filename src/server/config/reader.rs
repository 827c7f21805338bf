//! Reads settings one by one and collects everything that is wrong with them.

use std::{error::Error, fmt, fs};

use super::settings::{SECRETS, SETTINGS, Unset};

/// Everything that is wrong with the settings, each in a sentence that names the variable.
#[derive(Debug)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "The configuration has {} problem(s):", self.0.len())?;
        for error in &self.0 {
            writeln!(out, "  - {error}")?;
        }
        write!(out, "`ticketping-leptos --help` lists every setting.")
    }
}

impl Error for ConfigErrors {}

/// Reads from any source. An empty value counts as unset.
pub struct Reader<S> {
    source: S,
    /// What was wrong so far.
    pub errors: Vec<String>,
    /// Whether the sandbox is on.
    pub sandbox: bool,
}

impl<S: Fn(&str) -> Option<String>> Reader<S> {
    /// Over this source.
    pub fn new(source: S) -> Self {
        Self { source, errors: Vec::new(), sandbox: false }
    }

    /// The text of a setting, if it was set.
    pub fn given(&self, name: &str) -> Option<String> {
        (self.source)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The text of a setting, if it was set. That of a secret may also be in the file that `NAME_FILE` names. The error is a
    /// sentence.
    fn text(&self, name: &str) -> Result<Option<String>, String> {
        let (given, file_name) = (self.given(name), format!("{name}_FILE"));
        let Some(path) = self.given(&file_name).filter(|_| SECRETS.contains(&name)) else { return Ok(given) };
        if given.is_some() {
            return Err(format!("{name} and {file_name} are both set: remove one of them"));
        }
        let text = fs::read_to_string(&path);
        let text = text.map_err(|error| format!("{file_name} names a file that cannot be read: {error}"))?;
        match text.trim() {
            "" => Err(format!("{file_name} names a file that is empty")),
            text => Ok(Some(text.to_owned())),
        }
    }

    /// The value of a setting, or of its default; `None` if it has none, or after an error.
    pub fn parse<T>(&mut self, name: &str, wanted: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let default = SETTINGS.iter().find(|setting| setting.name == name).and_then(|setting| match setting.unset {
            Unset::Is(default) => Some(default.to_owned()),
            Unset::Means(_) => None,
        });
        let parsed = match self.text(name) {
            // Without the value itself: a URL may hold a password.
            Ok(given) => parse(&given.or(default)?).ok_or_else(|| format!("{name} must be {wanted}")),
            Err(error) => Err(error),
        };
        parsed.map_err(|error| self.errors.push(error)).ok()
    }

    /// The value of a setting that has no default; `source` says where to get one.
    pub fn require<T>(&mut self, name: &str, source: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let value = match self.text(name) {
            Ok(Some(text)) => parse(&text).map_err(|error| format!("{name} {error}")),
            Ok(None) => Err(format!("{name} is missing: {source}")),
            Err(error) => Err(error),
        };
        value.map_err(|error| self.errors.push(error)).ok()
    }
}
