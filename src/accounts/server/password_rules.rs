//! The rules for new passwords.
//!
//! They follow NIST SP 800-63B: length, no composition rules, nothing an attacker finds with the guesses that the limits
//! let through in years.

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

use super::breached::is_breached;
use crate::{accounts::ValidationError, site::APP_NAME};

const MIN_CHARS: usize = 8;
/// The longest password, in characters.
pub const MAX_CHARS: usize = 128;
/// A password that zxcvbn finds within so many guesses is refused. The limits let some 40,000 through in a year.
const MIN_GUESSES: u64 = 50_000_000;
/// How much of a password is estimated: the time that takes grows with the cube of its length.
const ESTIMATED_CHARS: usize = 40;
/// What somebody who knows the site tries, beside its name.
const SITE_WORDS: [&str; 2] = ["support", "chat"];

/// A password as it is hashed: keyboards compose the same character in different ways.
pub fn normalised(password: &SecretString) -> SecretString {
    password.expose_secret().nfkc().collect::<String>().into()
}

/// What is wrong with a new password, if anything. It takes long: [`Passwords::validate_new`](super::Passwords::validate_new) is for requests.
pub fn validate_new(password: &SecretString, email: &str) -> Option<ValidationError> {
    let normal = normalised(password);
    let text = normal.expose_secret();
    let chars = text.chars().count();
    if text.is_empty() {
        Some(ValidationError::PasswordMissing)
    } else if chars < MIN_CHARS {
        Some(ValidationError::PasswordTooShort)
    } else if chars > MAX_CHARS {
        Some(ValidationError::PasswordTooLong)
    } else if text.to_lowercase() == email.trim().to_lowercase() {
        Some(ValidationError::PasswordIsEmail)
    } else if guesses(text, email) < MIN_GUESSES {
        Some(ValidationError::PasswordCommon)
    } else if is_breached(text) {
        Some(ValidationError::PasswordBreached)
    } else {
        None
    }
}

/// A breached password as it is hashed, if nothing else refuses it.
pub fn normalised_if_accepted(password: &str) -> Option<String> {
    let password = normalised(&password.to_owned().into()).expose_secret().to_owned();
    let length = password.chars().count();
    ((MIN_CHARS..=MAX_CHARS).contains(&length) && guesses(&password, "") >= MIN_GUESSES).then_some(password)
}

/// How many guesses find it, for somebody who knows the person's address and the site.
fn guesses(text: &str, email: &str) -> u64 {
    let name = [APP_NAME.replace(' ', ""), APP_NAME.replace(' ', "-")];
    let name = APP_NAME.split(' ').chain(name.iter().map(String::as_str));
    let known: Vec<&str> =
        email.split(['@', '.', '+', '-', '_']).chain([email]).chain(SITE_WORDS).chain(name).collect();
    let beginning: String = text.chars().take(ESTIMATED_CHARS).collect();
    zxcvbn::zxcvbn(&beginning, &known).guesses()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(password: &str) -> Option<ValidationError> {
        validate_new(&password.to_owned().into(), "alice@example.com")
    }

    #[test]
    fn length_counts_characters_and_nothing_else_about_them_matters() {
        assert_eq!(problem(""), Some(ValidationError::PasswordMissing));
        assert_eq!(problem("xkqzvpw"), Some(ValidationError::PasswordTooShort));
        assert_eq!(problem("xkqzvpwj"), None);
        assert_eq!(problem("žluťoučk"), None);
        assert_eq!(problem(&"xkqzvpwj".repeat(16)), None);
        assert_eq!(problem(&format!("{}x", "xkqzvpwj".repeat(16))), Some(ValidationError::PasswordTooLong));
    }

    #[test]
    fn the_own_email_and_what_attackers_try_first_are_refused() {
        assert_eq!(problem("Alice@Example.com"), Some(ValidationError::PasswordIsEmail));
        for common in ["password", "12345678", "qwerty123", "iloveyou", "password1", "Passw0rd", "aaaaaaaa"] {
            assert_eq!(problem(common), Some(ValidationError::PasswordCommon), "{common}");
        }
        let own = format!("{:0>8}", format!("{}2026", APP_NAME.replace(' ', "-")));
        for guessed in ["Pass@123", "Admin@123", "Summer2024", "support1", &own, "alice123", "Alice1990!"] {
            assert_eq!(problem(guessed), Some(ValidationError::PasswordCommon), "{guessed}");
        }
        for breached in ["warsztat1", "zsQYTu2Jr", "chilingarashvili"] {
            assert_eq!(problem(breached), Some(ValidationError::PasswordBreached), "{breached}");
        }
        for good in ["correct horse battery staple", "correct horse battery", "kitchen window blue", "vT9#qLm2x"] {
            assert_eq!(problem(good), None, "{good}");
        }
    }

    #[test]
    fn a_crafted_password_costs_no_more_than_others() {
        // Each pair of characters is in many dictionaries: as a whole it took seconds.
        for crafted in ["passw0rd".repeat(16), "qwertyuiop1234567890".repeat(6), "4@8({[</369&#!1/|0$57%2".repeat(5)] {
            let crafted: String = crafted.chars().take(MAX_CHARS).collect();
            let estimated = guesses(&crafted, "alice@example.com");
            let beginning: String = crafted.chars().take(ESTIMATED_CHARS).collect();
            assert_eq!(estimated, guesses(&beginning, "alice@example.com"));
        }
    }
}
