//! A cookie that says that this browser has logged in to an account before (OWASP calls it a device cookie). It opens
//! nothing: who guesses at the account's password from elsewhere does not lock this browser out.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use cookie::{Cookie, SameSite, time::Duration};
use http::{HeaderMap, HeaderValue};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{EmailAddress, cookies};

const COOKIE: &str = "device";
const LIFE: Duration = Duration::days(365);

/// Signs and reads the cookie.
#[derive(Clone)]
pub struct DeviceCookies {
    signs: EncodingKey,
    checks: DecodingKey,
    secure: bool,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    /// A hash of the address.
    sub: String,
    /// The device.
    jti: String,
    exp: i64,
}

impl DeviceCookies {
    /// With a key that is derived from the server's secret.
    pub fn new(secret: &[u8], secure: bool) -> Self {
        let key = Sha256::new().chain_update(b"device cookie").chain_update(secret).finalize();
        Self { signs: EncodingKey::from_secret(&key), checks: DecodingKey::from_secret(&key), secure }
    }

    /// The device, if it has logged in to the account of this address.
    pub fn device_of(&self, headers: &HeaderMap, email: &EmailAddress) -> Option<String> {
        let text = cookies::read(headers, COOKIE, self.secure)?;
        let claims =
            jsonwebtoken::decode::<Claims>(&text, &self.checks, &Validation::new(Algorithm::HS256)).ok()?.claims;
        (claims.sub == hash(email)).then_some(claims.jti)
    }

    /// The `Set-Cookie` for a browser that has just logged in.
    pub fn issue(&self, email: &EmailAddress) -> Option<HeaderValue> {
        let exp = OffsetDateTime::now_utc().unix_timestamp() + LIFE.whole_seconds();
        let claims = Claims { sub: hash(email), jti: Uuid::new_v4().to_string(), exp };
        let text = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signs).ok()?;
        let cookie = Cookie::build((cookies::name(COOKIE, self.secure), text))
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .max_age(LIFE)
            .build();
        HeaderValue::from_str(&cookie.to_string()).ok()
    }
}

fn hash(email: &EmailAddress) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(email.as_str()))
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn it_is_good_for_one_account_and_one_server() {
        let email = |text| EmailAddress::parse(text).expect("an address");
        let (alice, bob) = (email("alice@example.com"), email("bob@example.com"));
        let cookies = DeviceCookies::new(b"secret", false);
        let set = cookies.issue(&alice).expect("a cookie");
        let pair = set.to_str().expect("ASCII").split(';').next().expect("a pair");
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(pair).expect("a header"))]);
        assert!(cookies.device_of(&headers, &alice).is_some());
        assert_eq!(cookies.device_of(&headers, &bob), None);
        assert_eq!(DeviceCookies::new(b"another", false).device_of(&headers, &alice), None);
        assert_eq!(cookies.device_of(&HeaderMap::new(), &alice), None);
    }
}
