//! Reads settings one by one and collects everything that is wrong with them.

use std::fmt;

use super::settings::{SETTINGS, Unset};

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
}

impl<S: Fn(&str) -> Option<String>> Reader<S> {
    /// Over this source.
    pub fn new(source: S) -> Self {
        Self { source, errors: Vec::new() }
    }

    /// The text of a setting, if it was set.
    pub fn given(&self, name: &str) -> Option<String> {
        (self.source)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The value of a setting, or of its default; `None` if it has none, or after an error.
    pub fn parse<T>(&mut self, name: &str, wanted: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let default = SETTINGS.iter().find(|setting| setting.name == name).and_then(|setting| match setting.unset {
            Unset::Is(default) => Some(default.to_owned()),
            Unset::Means(_) => None,
        });
        let parsed = parse(&self.given(name).or(default)?);
        if parsed.is_none() {
            // Without the value itself: a URL may hold a password.
            self.errors.push(format!("{name} must be {wanted}"));
        }
        parsed
    }

    /// The value of a setting that has no default; `source` says where to get one.
    pub fn require<T>(&mut self, name: &str, source: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        match self.given(name).as_deref().map(parse) {
            None => self.errors.push(format!("{name} is missing: {source}")),
            Some(Err(error)) => self.errors.push(format!("{name} {error}")),
            Some(Ok(value)) => return Some(value),
        }
        None
    }
}
