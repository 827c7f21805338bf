//! What a name and an email address may be.

use super::EmailAddress;
use crate::{accounts::ValidationError, error::AppError};

const MAX_NAME_CHARS: usize = 100;

/// Refuses what cannot be kept as it was typed. Bytes that are not UTF-8 arrive as replacement characters, and
/// PostgreSQL keeps no text with a zero byte in it.
pub fn validate_readable(fields: &[&str]) -> Result<(), AppError> {
    let is_lost = fields.iter().any(|field| field.contains([char::REPLACEMENT_CHARACTER, '\0']));
    if is_lost { Err(AppError::BadRequest) } else { Ok(()) }
}

/// A name, or nothing for white space.
pub fn validate_name(typed: &str) -> Result<Option<&str>, ValidationError> {
    let name = typed.trim();
    if name.chars().count() > MAX_NAME_CHARS {
        Err(ValidationError::NameTooLong)
    } else if name.contains(is_deceptive) || !(name.is_empty() || name.contains(is_visible)) {
        Err(ValidationError::NameInvalid)
    } else {
        Ok(Some(name).filter(|name| !name.is_empty()))
    }
}

/// An address in its canonical form.
pub fn validate_email(typed: &str) -> Result<EmailAddress, ValidationError> {
    let missing = typed.trim().is_empty().then_some(ValidationError::EmailMissing);
    EmailAddress::parse(typed).ok_or(missing.unwrap_or(ValidationError::EmailInvalid))
}

/// Controls, line breaks, direction marks, tags, and what takes no room or shows nothing: a name with them reads as
/// another. Joiners and variation selectors are not among them, as scripts and emoji need them.
fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}')
        || matches!(character, '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2800}')
        || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}')
        || matches!(character, '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}')
        || matches!(character, '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_visible(character: char) -> bool {
    !character.is_whitespace() && !matches!(character, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_as_it_is_or_refused() {
        for name in ["Zoë", "李小龙", "نور", "O'Neil-Smith, Jr.", "👩‍🚀"] {
            assert_eq!(validate_name(name), Ok(Some(name)));
        }
        assert_eq!(validate_name("  "), Ok(None));
        for name in [
            "Support\u{202e}",
            "a\nb",
            "a\tb",
            "\u{200b}",
            "a\u{2066}b",
            "a\u{feff}",
            "\u{3164}",
            "\u{200d}",
            "a\u{e0041}",
        ] {
            assert_eq!(validate_name(name), Err(ValidationError::NameInvalid), "{name:?}");
        }
        assert_eq!(validate_name(&"n".repeat(101)), Err(ValidationError::NameTooLong));
    }
}
