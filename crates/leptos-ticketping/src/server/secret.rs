//! The secret that tokens are signed with.

use std::{collections::HashSet, fmt};

/// Why a secret was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtSecretError {
    /// A secret of fewer than 32 bytes can be found by trying, with one token to try it on.
    #[error("must be at least 32 bytes: copy the whole JWT secret from the Ticketping dashboard, API Keys")]
    TooShort,
    /// One character or pattern over and over, or a text from an example.
    #[error("is a placeholder: copy the real JWT secret from the Ticketping dashboard, API Keys")]
    Placeholder,
    /// White space or quotes that a file of settings has around or after the value, and that not every program takes off.
    #[error(
        "holds quotes or white space, which would be a part of it: write the secret alone, without quotes and comments"
    )]
    Quoted,
}

/// The JWT secret from the Ticketping dashboard. It has no default and cannot be printed.
#[derive(Clone)]
pub struct JwtSecret(Box<[u8]>);

impl JwtSecret {
    /// Takes the secret as the dashboard shows it. White space around it, such as the end of a file's line, is no part of it.
    pub fn parse(text: &str) -> Result<Self, JwtSecretError> {
        let text = text.trim();
        if text.contains(|char: char| char.is_whitespace() || ['"', '\''].contains(&char)) {
            return Err(JwtSecretError::Quoted);
        }
        if text.len() < 32 {
            return Err(JwtSecretError::TooShort);
        }
        let lower = text.to_lowercase();
        let words = ["changeme", "change-me", "change_me", "placeholder", "example", "your-", "your_"];
        let different = text.bytes().collect::<HashSet<_>>().len();
        if different < 8 || words.iter().any(|word| lower.contains(word)) {
            return Err(JwtSecretError::Placeholder);
        }
        Ok(Self(text.as_bytes().into()))
    }

    /// A secret for this process only, for development against a sandbox.
    pub fn random() -> Self {
        Self(rand::random::<[u8; 48]>().into())
    }

    /// The key itself, for a sandbox that verifies in the same process.
    pub fn expose_secret(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for JwtSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_repeated_and_placeholder_secrets_are_refused() {
        let refused = |text: &str| JwtSecret::parse(text).err();
        assert_eq!(refused("short"), Some(JwtSecretError::TooShort));
        assert_eq!(refused(&"a".repeat(64)), Some(JwtSecretError::Placeholder));
        assert_eq!(refused(&"abc".repeat(20)), Some(JwtSecretError::Placeholder));
        assert_eq!(refused("changeme-changeme-changeme-0123456789"), Some(JwtSecretError::Placeholder));
        assert_eq!(refused("your-ticketping-secret-goes-right-here"), Some(JwtSecretError::Placeholder));
    }

    #[test]
    fn the_end_of_a_files_line_is_no_part_of_it() {
        let text = "k3Vb9qLw7Zt1Xy5Rm2Np8Hs4Jd6Fg0Ac";
        assert!(JwtSecret::parse(&format!("{text}\n")).is_ok_and(|secret| secret.expose_secret() == text.as_bytes()));
    }

    #[test]
    fn what_a_file_of_settings_has_around_a_secret_is_refused() {
        let text = "k3Vb9qLw7Zt1Xy5Rm2Np8Hs4Jd6Fg0Ac";
        for around in [format!("\"{text}\""), format!("'{text}'"), format!("{text} # from the dashboard")] {
            assert_eq!(JwtSecret::parse(&around).err(), Some(JwtSecretError::Quoted), "{around}");
        }
    }

    #[test]
    fn a_secret_cannot_be_printed() {
        assert_eq!(format!("{:?}", JwtSecret::random()), "[redacted]");
    }
}
