//! A cookie that says that this browser has logged in to an account before (OWASP calls it a device cookie). It opens
//! nothing: who guesses at the account's password from elsewhere does not lock this browser out.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::Duration;
use uuid::Uuid;

use super::{EmailAddress, cookies, signed_text::SignedText};

const COOKIE: &str = "device";
const LIFE: Duration = Duration::days(365);

/// Signs and reads the cookie.
#[derive(Clone)]
pub struct DeviceCookies {
    key: SignedText,
    secure: bool,
}

#[derive(Serialize, Deserialize)]
struct Content {
    /// A hash of the address.
    account: String,
    device: String,
    /// Whether its user has shown the second factor there.
    is_proven: bool,
}

impl DeviceCookies {
    /// For this server.
    pub fn new(secret: &[u8], secure: bool) -> Self {
        Self { key: SignedText::new(secret, "device cookie"), secure }
    }

    /// The device, if it has logged in to the account of this address.
    pub fn device_of(&self, headers: &HeaderMap, email: &EmailAddress) -> Option<String> {
        Some(self.read(headers, email)?.device)
    }

    /// The same, if the second factor was shown there.
    pub fn proven_device_of(&self, headers: &HeaderMap, email: &EmailAddress) -> Option<String> {
        self.read(headers, email).filter(|content| content.is_proven).map(|content| content.device)
    }

    fn read(&self, headers: &HeaderMap, email: &EmailAddress) -> Option<Content> {
        let (content, _) = self.key.read::<Content>(&cookies::read(headers, COOKIE, self.secure)?)?;
        (content.account == hash(email)).then_some(content)
    }

    /// The `Set-Cookie` for a browser that has just logged in.
    pub fn issue(&self, email: &EmailAddress, is_proven: bool) -> Option<HeaderValue> {
        let content = Content { account: hash(email), device: Uuid::new_v4().to_string(), is_proven };
        cookies::set(COOKIE, self.key.sign(&content, LIFE)?, LIFE, self.secure)
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
        let set = cookies.issue(&alice, false).expect("a cookie");
        let pair = set.to_str().expect("ASCII").split(';').next().expect("a pair");
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(pair).expect("a header"))]);
        assert!(cookies.device_of(&headers, &alice).is_some());
        assert_eq!(cookies.proven_device_of(&headers, &alice), None);
        assert_eq!(cookies.device_of(&headers, &bob), None);
        assert_eq!(DeviceCookies::new(b"another", false).device_of(&headers, &alice), None);
        assert_eq!(cookies.device_of(&HeaderMap::new(), &alice), None);
    }
}
