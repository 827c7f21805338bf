//! What the table, and the forms of the account page, call a session.

use std::fmt;

use sha2::{Digest, Sha256};
use tower_sessions::session::Id;

/// SHA-256 of a session's id, in hex in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionHash([u8; 32]);

impl SessionHash {
    /// Of an id.
    pub fn of(id: &Id) -> Self {
        Self(Sha256::digest(id.0.to_be_bytes()).into())
    }

    /// As it stands in the table.
    pub fn parse(hex: &str) -> Option<Self> {
        let (high, low) = hex.split_at_checked(32)?;
        let half = |hex| u128::from_str_radix(hex, 16).ok().map(u128::to_be_bytes);
        let bytes = [half(high)?, half(low)?].concat();
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Display for SessionHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = |bytes: &[u8]| bytes.iter().fold(0, |sum: u128, byte| sum << 8 | u128::from(*byte));
        write!(out, "{:032x}{:032x}", half(&self.0[..16]), half(&self.0[16..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_as_it_was_written_and_is_that_of_the_id() {
        let hash = SessionHash::of(&Id(1));
        assert_eq!(hash.to_string(), "7c3ccd10bb7ec37b46d37926ae6274267f007a34aeaf15c882a715a7f3300529");
        assert_eq!(SessionHash::parse(&hash.to_string()), Some(hash));
        assert_eq!(SessionHash::parse("nonsense"), None);
    }
}
