//! Codes of six digits by an authenticator app (TOTP, RFC 6238).

use fast_qr::{QRBuilder, convert::svg::SvgBuilder};
use totp_rs::{Builder, Secret, Totp};
use unicode_normalization::UnicodeNormalization as _;

use crate::{accounts::server::User, site::APP_NAME};

/// The app of one user, by the secret that it shares with us.
pub struct AuthenticatorApp {
    totp: Totp,
    secret: String,
}

impl AuthenticatorApp {
    /// 160 random bits.
    pub fn new_secret() -> String {
        Secret::from(&rand::random::<[u8; 20]>()[..]).to_base32()
    }

    /// With a secret in base32; `None` if it is none.
    pub fn new(secret: &str, user: &User) -> Option<Self> {
        let totp = Builder::new()
            .with_secret(Secret::try_from_base32(secret).ok()?)
            .with_issuer(Some(APP_NAME))
            .with_account_name(user.email.as_str())
            .build()
            .ok()?;
        Some(Self { totp, secret: secret.to_owned() })
    }

    /// The step of the clock that this code belongs to, if it is right now, was half a minute ago, or will be in half a minute.
    /// Each step is good for one code: the caller sees to that.
    pub fn step_of(&self, typed: &str, now: u64) -> Option<i64> {
        let digits: String = typed.nfkc().filter(|c| !(c.is_whitespace() || *c == '-')).collect();
        self.totp.check(&digits, now)?.try_into().ok()
    }

    /// For those who cannot scan, in groups of four.
    pub fn secret_in_groups(&self) -> String {
        let characters: Vec<char> = self.secret.chars().collect();
        characters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ")
    }

    /// What the app reads from the picture.
    pub fn url(&self) -> Option<String> {
        self.totp.to_url().ok()
    }

    /// The picture to scan: an SVG.
    pub fn qr_code(&self) -> Option<String> {
        let code = QRBuilder::new(self.url()?).build().ok()?;
        Some(SvgBuilder::default().to_str(&code))
    }
}
