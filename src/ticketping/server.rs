//! Signs the token that tells Ticketping who a visitor is. Runs on the server only: the secret
//! never leaves it.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

/// The cookie in which the widget keeps its chat token. It works for whoever holds it, whatever
/// `userJWT` says, so the server expires it whenever the user of a browser changes.
pub const CHAT_COOKIE: &str = "ticketping_chat_jwt";

/// Who is chatting, as Ticketping is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Your own id of the user. It must never change: conversations hang on it.
    pub external_id: String,
    /// Where the team can answer when the visitor has left.
    pub email: String,
    /// What the agent sees; the part of the e-mail before `@` when there is none.
    pub display_name: Option<String>,
}

impl Visitor {
    /// The name the agent sees.
    pub fn shown_name(&self) -> &str {
        let before_at = self.email.split('@').next().unwrap_or(&self.email);
        self.display_name.as_deref().unwrap_or(before_at)
    }
}

/// Why a secret was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtSecretError {
    /// Fewer than 32 bytes can be guessed from one token.
    #[error("must be at least 32 bytes: copy the whole JWT secret from the Ticketping dashboard, API Keys")]
    TooShort,
    /// One character or pattern over and over, or a text from an example.
    #[error("is a placeholder: copy the real JWT secret from the Ticketping dashboard, API Keys")]
    Placeholder,
}

/// The JWT secret from the Ticketping dashboard. It has no default and cannot be printed.
#[derive(Clone)]
pub struct JwtSecret(Box<[u8]>);

impl JwtSecret {
    /// Takes the secret as the dashboard shows it.
    pub fn parse(text: &str) -> Result<Self, JwtSecretError> {
        if text.len() < 32 {
            return Err(JwtSecretError::TooShort);
        }
        let lower = text.to_lowercase();
        let words = ["changeme", "change-me", "change_me", "placeholder", "example", "your-", "your_"];
        let different = text.bytes().collect::<std::collections::HashSet<_>>().len();
        if different < 8 || words.iter().any(|word| lower.contains(word)) {
            return Err(JwtSecretError::Placeholder);
        }
        Ok(Self(text.as_bytes().into()))
    }

    /// A secret that nobody else knows and that ends with the process.
    pub fn random() -> Self {
        Self(rand::random::<[u8; 48]>().into())
    }

    /// The key itself, for a verifier in the same process.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for JwtSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[redacted]")
    }
}

/// Signing failed. It holds no part of the secret or of the token.
#[derive(Debug, thiserror::Error)]
#[error("could not sign the chat token: {0}")]
pub struct SignError(#[from] jsonwebtoken::errors::Error);

/// Exactly what Ticketping's page asks for, and nothing else.
#[derive(Serialize)]
struct Claims<'a> {
    external_id: &'a str,
    email: &'a str,
    display_name: &'a str,
    exp: u64,
}

/// Turns a [`Visitor`] into a short-lived HS256 token.
#[derive(Clone)]
pub struct Signer {
    key: EncodingKey,
    ttl: Duration,
}

impl Signer {
    /// `ttl` is how long a token is good for; Ticketping recommends five minutes.
    pub fn new(secret: &JwtSecret, ttl: Duration) -> Self {
        Self { key: EncodingKey::from_secret(secret.as_bytes()), ttl }
    }

    /// A token for `visitor` that expires `ttl` after `now`.
    pub fn sign(&self, visitor: &Visitor, now: SystemTime) -> Result<String, SignError> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let claims = Claims {
            external_id: &visitor.external_id,
            email: &visitor.email,
            display_name: visitor.shown_name(),
            exp: (now + self.ttl).as_secs(),
        };
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.key)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
    use serde_json::{Value, json};

    const SECRET: &str = "k3Vb9qLw7Zt1Xy5Rm2Np8Hs4Jd6Fg0Ac";

    fn token(display_name: Option<&str>, now: SystemTime) -> String {
        let secret = JwtSecret::parse(SECRET).expect("a good secret");
        let visitor = Visitor {
            external_id: "u-1".into(),
            email: "alice@example.com".into(),
            display_name: display_name.map(str::to_owned),
        };
        Signer::new(&secret, Duration::from_secs(300)).sign(&visitor, now).expect("signs")
    }

    fn claims(token: &str, secret: &str) -> Result<Value, jsonwebtoken::errors::Error> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        decode::<Value>(token, &DecodingKey::from_secret(secret.as_bytes()), &validation).map(|data| data.claims)
    }

    #[test]
    fn a_token_holds_exactly_the_four_claims_and_lives_for_the_ttl() {
        let token = token(Some("Alice"), UNIX_EPOCH + Duration::from_secs(1_000));
        assert_eq!(
            claims(&token, SECRET).expect("verifies"),
            json!({"external_id": "u-1", "email": "alice@example.com", "display_name": "Alice", "exp": 1_300})
        );
        assert_eq!(decode_header(&token).expect("a header").alg, Algorithm::HS256);
    }

    #[test]
    fn without_a_name_the_agent_sees_the_part_before_the_at() {
        let token = token(None, UNIX_EPOCH);
        assert_eq!(claims(&token, SECRET).expect("verifies")["display_name"], "alice");
    }

    #[test]
    fn another_secret_does_not_verify_it() {
        let token = token(None, UNIX_EPOCH);
        assert!(claims(&token, "another secret, just as long as it").is_err());
    }

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
    fn a_secret_cannot_be_printed() {
        let secret = JwtSecret::parse(SECRET).expect("a good secret");
        assert_eq!(format!("{secret:?}"), "[redacted]");
    }
}
