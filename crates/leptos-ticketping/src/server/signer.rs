//! Signs the token that tells Ticketping who a visitor is.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::{HeaderValue, Response, StatusCode, header};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use super::JwtSecret;
use crate::Visitor;

/// How long a token is valid unless you say otherwise. The vendor recommends it.
const DEFAULT_LIFE: Duration = Duration::from_secs(300);

/// Signing failed. It holds no part of the secret or of the token.
#[derive(Debug, thiserror::Error)]
#[error("could not sign the chat token: {0}")]
pub struct SignError(#[source] jsonwebtoken::errors::Error);

/// Exactly the claims that Ticketping asks for.
#[derive(Serialize)]
struct Claims<'a> {
    external_id: &'a str,
    email: &'a str,
    display_name: &'a str,
    exp: u64,
}

/// Turns a [`Visitor`] into a short-lived HS256 token. Cheap to clone.
#[derive(Clone)]
pub struct Signer {
    key: Arc<EncodingKey>,
    life: Duration,
}

impl Signer {
    /// Signs tokens that are valid for five minutes.
    pub fn new(secret: &JwtSecret) -> Self {
        Self { key: Arc::new(EncodingKey::from_secret(secret.expose_secret())), life: DEFAULT_LIFE }
    }

    /// Signs tokens that are valid for so long.
    pub fn with_life(mut self, life: Duration) -> Self {
        self.life = life;
        self
    }

    /// A token for `visitor`.
    pub fn sign(&self, visitor: &Visitor) -> Result<String, SignError> {
        self.sign_at(visitor, SystemTime::now())
    }

    /// A token for `visitor` as of `now`.
    fn sign_at(&self, visitor: &Visitor, now: SystemTime) -> Result<String, SignError> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let claims = Claims {
            external_id: visitor.external_id(),
            email: visitor.email(),
            display_name: visitor.display_name(),
            exp: (now + self.life).as_secs(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.key).map_err(SignError)
    }

    /// The whole answer to a page that asks for a token: 200 with the token of the session's user, 401 without a
    /// user; kept by no cache. axum takes it as it is.
    pub fn respond(&self, visitor: Option<&Visitor>) -> Response<String> {
        let (status, body) = match visitor.map(|visitor| self.sign(visitor)) {
            Some(Ok(jwt)) => (StatusCode::OK, format!(r#"{{"jwt":"{jwt}"}}"#)),
            Some(Err(_)) => (StatusCode::INTERNAL_SERVER_ERROR, r#"{"error":"internal"}"#.to_owned()),
            None => (StatusCode::UNAUTHORIZED, r#"{"error":"not_signed_in"}"#.to_owned()),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
    use serde_json::{Value, json};

    fn claims(token: &str, secret: &JwtSecret) -> Result<Value, jsonwebtoken::errors::Error> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        decode::<Value>(token, &DecodingKey::from_secret(secret.expose_secret()), &validation).map(|data| data.claims)
    }

    fn alice() -> Visitor {
        Visitor::new("u-1", "alice@example.com").with_name(Some("Alice".to_owned()))
    }

    #[test]
    fn a_token_holds_exactly_the_four_claims_and_lives_for_five_minutes() {
        let secret = JwtSecret::random();
        let now = UNIX_EPOCH + Duration::from_secs(1_000);
        let token = Signer::new(&secret).sign_at(&alice(), now).expect("signs");
        assert_eq!(
            claims(&token, &secret).expect("verifies"),
            json!({"external_id": "u-1", "email": "alice@example.com", "display_name": "Alice", "exp": 1_300})
        );
        assert_eq!(decode_header(&token).expect("a header").alg, Algorithm::HS256);
    }

    #[test]
    fn another_secret_does_not_verify_it() {
        let token = Signer::new(&JwtSecret::random()).sign(&alice()).expect("signs");
        assert!(claims(&token, &JwtSecret::random()).is_err());
    }

    #[test]
    fn the_answer_is_a_token_for_a_user_and_a_401_for_nobody_and_no_cache_keeps_it() {
        let signer = Signer::new(&JwtSecret::random()).with_life(Duration::from_secs(30));
        let (token, refusal) = (signer.respond(Some(&alice())), signer.respond(None));
        assert_eq!((token.status(), refusal.status()), (StatusCode::OK, StatusCode::UNAUTHORIZED));
        let body: Value = serde_json::from_str(token.body()).expect("JSON");
        assert_eq!(body["jwt"].as_str().map(|jwt| jwt.split('.').count()), Some(3));
        for answer in [&token, &refusal] {
            assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
            assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
        }
    }
}
