//! Passkeys (WebAuthn): what a browser is asked, and whether its answer is right.
//!
//! The state between question and answer goes through the page, signed. A challenge is good for one answer: the caller
//! notes it as used.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use time::Duration;
use url::{Host, Url};
use uuid::Uuid;
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Webauthn, WebauthnBuilder, WebauthnError,
};

use super::{Factor, UserFactors};
use crate::{
    accounts::server::{User, signed_text::SignedText},
    request_context::PasskeyQuestion,
    site::APP_NAME,
};

/// How long a question may wait for its answer: a page may stand for a while before somebody presses its button.
const LIFE: Duration = Duration::hours(12);

/// Asks for passkeys and checks them, where the site's host has a name.
#[derive(Clone)]
pub struct Passkeys(Option<Arc<Inner>>);

struct Inner {
    webauthn: Webauthn,
    key: SignedText,
}

#[derive(Serialize, Deserialize)]
struct State<T> {
    /// Who is to have the passkey; nobody when it is to log somebody in.
    user_id: Option<String>,
    ceremony: T,
}

/// Why an answer is wrong.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// The site's host is an IP address.
    #[error("there are no passkeys here")]
    NotHere,
    /// The page is out of date, or is not ours.
    #[error("the question is out of date")]
    OutOfDate,
    /// It was removed, or never added.
    #[error("there is no such passkey")]
    Unknown,
    /// It is no answer of a browser.
    #[error("the answer cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It is another key's, another site's, or an old one.
    #[error("the answer is wrong: {0}")]
    Wrong(#[from] WebauthnError),
}

impl Passkeys {
    /// For the site at `origin`. Passkeys belong to host names: there are none on an IP address.
    pub fn new(origin: &str, secret: &[u8]) -> Self {
        let webauthn = || {
            let origin = Url::parse(origin).ok()?;
            let Some(Host::Domain(host)) = origin.host() else { return None };
            WebauthnBuilder::new(host, &origin).ok()?.rp_name(APP_NAME).build().ok()
        };
        let key = SignedText::new(secret, "passkey");
        Self(webauthn().map(|webauthn| Arc::new(Inner { webauthn, key })))
    }

    /// Whether there can be any.
    pub fn are_possible(&self) -> bool {
        self.0.is_some()
    }

    /// Asks for a new passkey.
    pub fn ask_for_new(&self, user: &User, existing: &UserFactors) -> Option<PasskeyQuestion> {
        let Inner { webauthn, key } = self.0.as_deref()?;
        let known = existing.passkeys().filter_map(|factor| BASE64_URL_SAFE_NO_PAD.decode(&factor.id).ok());
        let known: Vec<CredentialID> = known.collect();
        let (id, name) = (Uuid::parse_str(&user.id).ok()?, user.email.as_str());
        let label = user.name.as_deref().unwrap_or(name);
        let (asked, ceremony) = webauthn.start_passkey_registration(id, name, label, Some(known)).ok()?;
        let mut options = serde_json::to_value(&asked.public_key).ok()?;
        // So that it can log in without an address.
        options["authenticatorSelection"]["residentKey"] = "required".into();
        options["authenticatorSelection"]["requireResidentKey"] = true.into();
        Some(PasskeyQuestion {
            options: options.to_string(),
            state: key.sign(&State { user_id: Some(user.id.clone()), ceremony }, LIFE)?,
        })
    }

    /// The new passkey in the answer: its id, and what is kept of it.
    pub fn new_passkey(&self, user: &User, state: &str, answer: &str) -> Result<(String, String), PasskeyError> {
        let inner = self.0.as_deref().ok_or(PasskeyError::NotHere)?;
        let state = inner.read::<PasskeyRegistration>(state)?;
        if state.user_id.as_ref() != Some(&user.id) {
            return Err(PasskeyError::OutOfDate);
        }
        let answer: RegisterPublicKeyCredential = serde_json::from_str(answer)?;
        let passkey = inner.webauthn.finish_passkey_registration(&answer, &state.ceremony)?;
        let id = BASE64_URL_SAFE_NO_PAD.encode(passkey.cred_id());
        Ok((id, serde_json::to_string(&passkey)?))
    }

    /// Asks for any passkey of this site.
    pub fn ask(&self) -> Option<PasskeyQuestion> {
        let Inner { webauthn, key } = self.0.as_deref()?;
        let (asked, ceremony) = webauthn.start_discoverable_authentication().ok()?;
        let options = serde_json::to_string(&asked.public_key).ok()?;
        Some(PasskeyQuestion { options, state: key.sign(&State { user_id: None, ceremony }, LIFE)? })
    }

    /// Names the challenge of a state, and says until when it is good, in seconds since 1970. The caller notes it as used
    /// before it looks at the answer.
    pub fn challenge(&self, state: &str) -> Result<(String, i64), PasskeyError> {
        let inner = self.0.as_deref().ok_or(PasskeyError::NotHere)?;
        let (_, expires_at): (serde::de::IgnoredAny, _) = inner.key.read(state).ok_or(PasskeyError::OutOfDate)?;
        // What is signed is never the same twice: a challenge is random.
        Ok((BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(state)), expires_at))
    }

    /// Whose passkey the answer claims to be of. [`Passkeys::check`] says whether that is true.
    pub fn claimed_user(&self, answer: &str) -> Result<String, PasskeyError> {
        let inner = self.0.as_deref().ok_or(PasskeyError::NotHere)?;
        let answer: PublicKeyCredential = serde_json::from_str(answer)?;
        Ok(inner.webauthn.identify_discoverable_authentication(&answer)?.0.to_string())
    }

    /// The passkey that has answered, as it is to be kept from now on.
    pub fn check<'a>(
        &self,
        state: &str,
        answer: &str,
        factors: &'a UserFactors,
    ) -> Result<(&'a Factor, String), PasskeyError> {
        let inner = self.0.as_deref().ok_or(PasskeyError::NotHere)?;
        let state = inner.read::<DiscoverableAuthentication>(state)?;
        let answer: PublicKeyCredential = serde_json::from_str(answer)?;
        let id = BASE64_URL_SAFE_NO_PAD.encode(&answer.raw_id);
        let factor = factors.passkeys().find(|factor| factor.id == id).ok_or(PasskeyError::Unknown)?;
        let mut passkey: Passkey = serde_json::from_str(&factor.secret)?;
        let used = inner.webauthn.finish_discoverable_authentication_v2(&answer, state.ceremony, &passkey)?;
        passkey.update_credential(&used);
        Ok((factor, serde_json::to_string(&passkey)?))
    }
}

impl Inner {
    fn read<T: DeserializeOwned>(&self, text: &str) -> Result<State<T>, PasskeyError> {
        Ok(self.key.read(text).ok_or(PasskeyError::OutOfDate)?.0)
    }
}
