//! Codes for users who have lost their app and their passkeys. Each works once.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization as _;

/// How many a user gets.
const COUNT: usize = 8;
const GROUPS: usize = 4;
const GROUP_CHARS: usize = 6;
/// 32 of them, so that each character is five random bits: 120 in a code. None looks like another.
const ALPHABET: &[u8; 32] = b"23456789abcdefghijkmnpqrstuvwxyz";

/// Such as `k3v9ab-…`, 24 characters in four groups.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// A new set.
    pub fn new_set() -> Vec<Self> {
        let character = || char::from(ALPHABET[usize::from(rand::random::<u8>() % 32)]);
        let group = || (0..GROUP_CHARS).map(|_| character()).collect::<String>();
        let code = || Self((0..GROUPS).map(|_| group()).collect::<Vec<_>>().join("-"));
        (0..COUNT).map(|_| code()).collect()
    }

    /// As it was typed: with or without dashes and spaces, in any case.
    pub fn parse(typed: &str) -> Option<Self> {
        let characters: Vec<char> =
            typed.nfkc().filter(|c| !(c.is_whitespace() || *c == '-')).map(|c| c.to_ascii_lowercase()).collect();
        let is_ours = |c: &char| u8::try_from(*c).is_ok_and(|byte| ALPHABET.contains(&byte));
        let groups = || characters.chunks(GROUP_CHARS).map(String::from_iter).collect::<Vec<_>>().join("-");
        (characters.len() == GROUPS * GROUP_CHARS && characters.iter().all(is_ours)).then(|| Self(groups()))
    }

    /// As its user writes it down.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is stored. A code has so many random bits that nobody finds it from a fast hash.
    pub fn hash(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let set = RecoveryCode::new_set();
        let distinct: HashSet<String> = set.iter().map(RecoveryCode::hash).collect();
        assert_eq!(distinct.len(), 8);
        for code in set {
            let bare = code.as_str().replace('-', "");
            assert_eq!(bare.len(), 24);
            for typed in [code.as_str(), &bare, &bare.to_uppercase(), &format!(" {} {}", &bare[..5], &bare[5..])] {
                assert_eq!(RecoveryCode::parse(typed).expect("a code").hash(), code.hash(), "{typed}");
            }
        }
        for other in ["", "123456", "0oil1-", &"a".repeat(25), &"0".repeat(24), &"é".repeat(24)] {
            assert!(RecoveryCode::parse(other).is_none(), "{other}");
        }
    }
}
