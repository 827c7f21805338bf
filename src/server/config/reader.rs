//! Reads settings one by one and collects everything that is wrong with them.

use std::{fmt, fs};

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
        writeln!(out, "`ticketping-leptos --help` lists every setting.")
    }
}

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

    /// The text of a secret, from its variable or from the file that `NAME_FILE` names. Both at once is an error.
    pub fn secret(&mut self, name: &str) -> Option<String> {
        let file_name = format!("{name}_FILE");
        let Some(path) = self.given(&file_name) else { return self.given(name) };
        if self.given(name).is_some() {
            self.errors.push(format!("{name} and {file_name} are both set: remove one of them"));
        }
        match fs::read_to_string(&path) {
            Ok(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Err(error) => {
                self.errors.push(format!("{file_name} names a file that cannot be read: {error}"));
                None
            }
        }
    }

    /// The value of a setting, or of its default; `None` if it has none, or after an error.
    pub fn parse<T>(&mut self, name: &str, wanted: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let default = SETTINGS.iter().find(|setting| setting.name == name).and_then(|setting| match setting.unset {
            Unset::Is(default) => Some(default.to_owned()),
            Unset::Means(_) => None,
        });
        let given = if SECRETS.contains(&name) { self.secret(name) } else { self.given(name) };
        let parsed = parse(&given.or(default)?);
        if parsed.is_none() {
            // Without the value itself: a URL may hold a password.
            self.errors.push(format!("{name} must be {wanted}"));
        }
        parsed
    }

    /// The value of a setting that has no default; `source` says where to get one.
    pub fn require<T>(&mut self, name: &str, source: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let given = if SECRETS.contains(&name) { self.secret(name) } else { self.given(name) };
        match given.as_deref().map(parse) {
            None => self.errors.push(format!("{name} is missing: {source}")),
            Some(Err(error)) => self.errors.push(format!("{name} {error}")),
            Some(Ok(value)) => return Some(value),
        }
        None
    }
}
