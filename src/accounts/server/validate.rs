//! What a name and an e-mail address may be.

use crate::{accounts::ValidationError, error::AppError};

const MAX_NAME_CHARS: usize = 100;
/// The longest address that mail can be delivered to (RFC 5321).
const MAX_EMAIL_BYTES: usize = 254;

/// Refuses what cannot be kept as it was typed. Bytes that are not UTF-8 arrive as replacement characters, and
/// PostgreSQL keeps no text with a zero byte in it.
pub fn validate_readable(fields: &[&str]) -> Result<(), AppError> {
    let is_lost = fields.iter().any(|field| field.contains([char::REPLACEMENT_CHARACTER, '\0']));
    if is_lost { Err(AppError::BadRequest) } else { Ok(()) }
}

/// What is wrong with a name and an e-mail address.
pub fn validate_profile(name: &str, email: &str) -> Vec<ValidationError> {
    let is_long = name.trim().chars().count() > MAX_NAME_CHARS;
    is_long.then_some(ValidationError::NameTooLong).into_iter().chain(validate_email(email.trim())).collect()
}

/// A name, or nothing for white space.
pub fn name_or_none(name: &str) -> Option<&str> {
    Some(name.trim()).filter(|name| !name.is_empty())
}

fn validate_email(email: &str) -> Option<ValidationError> {
    if email.is_empty() {
        Some(ValidationError::EmailMissing)
    } else if email.len() > MAX_EMAIL_BYTES || !email_address::EmailAddress::is_valid(email) {
        Some(ValidationError::EmailInvalid)
    } else {
        None
    }
}
