//! Who a visitor is: takes the app's token, and gives out a chat token of its own.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// As long as the widget keeps its cookie: a week.
const CHAT_TOKEN_LIFE: Duration = Duration::from_secs(168 * 3_600);

/// A visitor as the agent's side knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatVisitor {
    /// `user:` and the external id, or `anonymous:` and a random one.
    pub key: String,
    /// From the app's token; `None` for an anonymous visitor.
    pub verified: Option<Verified>,
}

/// What the app signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    pub email: String,
    pub name: String,
}

#[derive(Deserialize)]
struct AppClaims {
    external_id: String,
    email: String,
    display_name: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct ChatClaims {
    visitor: ChatVisitor,
    exp: u64,
}

pub struct Tokens {
    app: DecodingKey,
    chat_encoding: EncodingKey,
    chat_decoding: DecodingKey,
}

impl Tokens {
    pub fn new(app: &[u8]) -> Self {
        let chat: [u8; 48] = rand::random();
        Self {
            app: DecodingKey::from_secret(app),
            chat_encoding: EncodingKey::from_secret(&chat),
            chat_decoding: DecodingKey::from_secret(&chat),
        }
    }

    /// The visitor of the app's token; an empty one is an anonymous embed. `None` is a 401.
    pub fn visitor(&self, app_token: &str) -> Option<ChatVisitor> {
        if app_token.is_empty() {
            return Some(ChatVisitor { key: format!("anonymous:{}", Uuid::new_v4()), verified: None });
        }
        let claims = decode::<AppClaims>(app_token, &self.app, &strict()).ok()?.claims;
        let before_at = claims.email.split('@').next().unwrap_or_default().to_owned();
        Some(ChatVisitor {
            key: format!("user:{}", claims.external_id),
            verified: Some(Verified { name: claims.display_name.unwrap_or(before_at), email: claims.email }),
        })
    }

    /// A chat token for the visitor.
    pub fn issue(&self, visitor: ChatVisitor) -> Option<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let claims = ChatClaims { visitor, exp: (now + CHAT_TOKEN_LIFE).as_secs() };
        encode(&Header::new(Algorithm::HS256), &claims, &self.chat_encoding).ok()
    }

    /// The visitor of a chat token.
    pub fn of_chat(&self, chat_token: &str) -> Option<ChatVisitor> {
        decode::<ChatClaims>(chat_token, &self.chat_decoding, &strict()).ok().map(|data| data.claims.visitor)
    }
}

fn strict() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.leeway = 0;
    validation.set_required_spec_claims(&["exp"]);
    validation
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SECRET: &[u8] = b"the secret of the app, 32 bytes or more";

    fn app_token(secret: &[u8], ago: u64) -> String {
        let then = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() - ago;
        let claims = json!({"external_id": "u-1", "email": "a@example.com", "exp": then + 300});
        encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(secret)).expect("signs")
    }

    #[test]
    fn only_a_valid_token_with_the_right_secret_is_a_user() {
        let tokens = Tokens::new(SECRET);
        let visitor = tokens.visitor(&app_token(SECRET, 0)).expect("verifies");
        assert_eq!(visitor.key, "user:u-1");
        assert_eq!(tokens.visitor(&app_token(SECRET, 301)), None, "expired");
        assert_eq!(tokens.visitor(&app_token(b"another secret", 0)), None, "another secret");
        assert_eq!(tokens.visitor("nonsense"), None);
    }

    #[test]
    fn every_anonymous_visitor_is_another() {
        let tokens = Tokens::new(SECRET);
        assert_ne!(tokens.visitor(""), tokens.visitor(""));
    }

    #[test]
    fn a_chat_token_is_valid_for_its_visitor_and_an_app_token_is_not_one() {
        let tokens = Tokens::new(SECRET);
        let visitor = tokens.visitor("").expect("anonymous");
        let chat = tokens.issue(visitor.clone()).expect("issues");
        assert_eq!(tokens.of_chat(&chat), Some(visitor));
        assert_eq!(tokens.of_chat(&app_token(SECRET, 0)), None);
    }
}
