//! What we give to a browser and want back as it was: signed, and good for a while.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

/// Signs and reads texts for one purpose.
#[derive(Clone)]
pub struct SignedText {
    signs: EncodingKey,
    checks: DecodingKey,
}

#[derive(Serialize, Deserialize)]
struct Claims<T> {
    content: T,
    exp: i64,
}

impl SignedText {
    /// With a key that is derived from a secret. A text for one purpose is worth nothing for another.
    pub fn new(secret: &[u8], purpose: &str) -> Self {
        let key = Sha256::new().chain_update(purpose).chain_update(secret).finalize();
        Self { signs: EncodingKey::from_secret(&key), checks: DecodingKey::from_secret(&key) }
    }

    /// A text that can be read for so long.
    pub fn sign(&self, content: &impl Serialize, life: Duration) -> Option<String> {
        let exp = (OffsetDateTime::now_utc() + life).unix_timestamp();
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &Claims { content, exp }, &self.signs).ok()
    }

    /// What was signed, and when it is out of date, in seconds since 1970.
    pub fn read<T: DeserializeOwned>(&self, text: &str) -> Option<(T, i64)> {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = 0;
        let claims = jsonwebtoken::decode::<Claims<T>>(text, &self.checks, &rules).ok()?.claims;
        Some((claims.content, claims.exp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_for_its_purpose_by_its_server_and_while_it_lasts() {
        let key = SignedText::new(b"secret", "a purpose");
        let text = key.sign(&"content", Duration::minutes(1)).expect("a text");
        assert_eq!(key.read(&text).map(|(content, _)| content), Some("content".to_owned()));
        assert_eq!(SignedText::new(b"secret", "another").read::<String>(&text), None);
        assert_eq!(SignedText::new(b"another", "a purpose").read::<String>(&text), None);
        let old = key.sign(&"content", Duration::seconds(-1)).expect("a text");
        assert_eq!(key.read::<String>(&old), None);
    }
}
