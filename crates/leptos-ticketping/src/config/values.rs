//! Values that the widget would swallow in silence if they were wrong.

/// A value that the widget would refuse, or misread, without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be {wanted}")]
pub struct ConfigError {
    field: &'static str,
    wanted: &'static str,
}

impl ConfigError {
    /// The name of the setting, such as `team_slug`.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// What it must be, to be read after "must be".
    pub fn wanted(&self) -> &'static str {
        self.wanted
    }
}

fn parse_id(field: &'static str, text: &str) -> Result<String, ConfigError> {
    let text = text.trim();
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    // The slug becomes a segment of a path, where dots alone lead elsewhere.
    let only_dots = text.chars().all(|c| c == '.');
    let fits = (1..=100).contains(&text.len()) && text.chars().all(known) && !only_dots;
    fits.then(|| text.to_owned()).ok_or(ConfigError { field, wanted: "1 to 100 letters, digits, `-`, `_` or `.`" })
}

/// The app id from the Ticketping dashboard. It is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppId(pub(crate) String);

impl AppId {
    /// 1 to 100 letters, digits, `-`, `_` or `.`; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        parse_id("app_id", text).map(Self)
    }
}

/// The team slug from the Ticketping dashboard. It is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamSlug(pub(crate) String);

impl TeamSlug {
    /// 1 to 100 letters, digits, `-`, `_` or `.`; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        parse_id("team_slug", text).map(Self)
    }

    /// The slug as it stands in URLs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Takes a URL that begins in one of these ways. It ends up in attributes, which the
/// widget does not escape, and in the Content-Security-Policy: nothing in it may end either.
pub fn parse_url(
    field: &'static str,
    text: &str,
    starts: &[&str],
    wanted: &'static str,
) -> Result<String, ConfigError> {
    let text = text.trim();
    let harmless =
        |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | ';' | ',' | '\\' | '`' | '*');
    let rest = starts.iter().find_map(|start| text.strip_prefix(start));
    let fits = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')) && text.chars().all(harmless);
    fits.then(|| text.to_owned()).ok_or(ConfigError { field, wanted })
}

/// For what a path is written after.
pub fn without_last_slash(url: &str) -> &str {
    url.trim().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_the_widget_would_swallow_are_refused_by_name() {
        for bad in ["", " ", "a b", "a/b", "..", "ä", "a\"b", &"x".repeat(101)] {
            assert_eq!(TeamSlug::parse(bad).err().map(|error| error.field()), Some("team_slug"), "{bad:?}");
            assert_eq!(AppId::parse(bad).err().map(|error| error.field()), Some("app_id"), "{bad:?}");
        }
        assert_eq!(TeamSlug::parse(" acme-inc ").map(|slug| slug.0), Ok("acme-inc".to_owned()));
    }
}
