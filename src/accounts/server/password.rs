//! Hashing passwords, off the async threads.

use argon2::{
    Argon2, PasswordHash, PasswordHasher as _, PasswordVerifier as _,
    password_hash::{self, phc},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::task;

use super::{
    EmailAddress,
    hash_queue::{HashQueue, Place},
    password_rules::{MAX_CHARS, normalised, validate_new},
};
use crate::{accounts::ValidationError, error::AppError, server::client_address::ClientAddress};

/// What an unknown email is checked against, so that it takes as long as a wrong password. It has the parameters of
/// every new hash; the password behind it was never kept.
const DUMMY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$ZLw98b7TMRWpGz14cBSKPw$STurClPh+PwgsWJvkLeyAe6nqOcF2bdBd3w+x1M4uCc";

/// Hashing did not happen.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The queue is full.
    #[error("the password queue is full")]
    Busy,
    /// A stored hash cannot be read, or the system gave no randomness.
    #[error("password hash: {0}")]
    Hash(#[from] password_hash::Error),
    /// A stored hash cannot be parsed.
    #[error("stored password hash: {0}")]
    Stored(#[from] phc::Error),
    /// The hashing task failed.
    #[error("password hashing stopped: {0}")]
    Lost(#[from] task::JoinError),
}

impl From<HashError> for AppError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Busy,
            error => {
                tracing::error!(%error, "password hashing failed");
                Self::Internal
            }
        }
    }
}

/// Hashes and checks passwords, a bounded number at once.
#[derive(Clone, Default)]
pub struct Passwords {
    queue: HashQueue,
}

impl Passwords {
    /// Whether a hash has today's parameters.
    pub fn is_current(hash: &str) -> bool {
        let parameters = |hash: &str| hash.rsplitn(3, '$').last().map(str::to_owned);
        parameters(hash) == parameters(DUMMY_HASH)
    }

    /// Whether somebody waits for their turn.
    pub fn are_waited_for(&self) -> bool {
        self.queue.is_waited_for()
    }

    /// A place in the queue, or that the server is busy. To be asked for before a limit counts what needs it. Somebody
    /// `is_known` who has a session, a link that works, or a browser that has logged in to the account before.
    pub fn place(&self, client: ClientAddress, is_known: bool) -> Result<Place, HashError> {
        self.queue.place(client, is_known).ok_or(HashError::Busy)
    }

    /// argon2id with the parameters of the `argon2` crate (19 MiB, two passes), in PHC format.
    pub async fn hash(&self, password: &SecretString, place: &Place) -> Result<String, HashError> {
        let password = normalised(password);
        self.run(place, move || {
            let hash = Argon2::default().hash_password(password.expose_secret().as_bytes())?;
            Ok(hash.to_string())
        })
        .await
    }

    /// What is wrong with a new password, if anything.
    pub async fn validate_new(
        &self,
        password: &SecretString,
        email: &EmailAddress,
        place: &Place,
    ) -> Result<Option<ValidationError>, HashError> {
        let (password, email) = (password.clone(), email.clone());
        self.run(place, move || Ok(validate_new(&password, email.as_str()))).await
    }

    /// Whether the password is right. Without a hash it is not, and finding that out takes as long.
    pub async fn verify(&self, password: &SecretString, hash: Option<&str>, place: &Place) -> Result<bool, HashError> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(DUMMY_HASH).to_owned();
        let password = normalised(password);
        self.run(place, move || {
            let hash = PasswordHash::new(&hash)?;
            // A password that is longer than any that was ever hashed must not cost more than the others.
            let text: String = password.expose_secret().chars().take(MAX_CHARS + 1).collect();
            match Argon2::default().verify_password(text.as_bytes(), &hash) {
                Ok(()) => Ok(known),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        place: &Place,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let _core = self.queue.core(place).await.ok_or(HashError::Busy)?;
        task::spawn_blocking(work).await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(passwords: &Passwords) -> Place {
        passwords.place(ClientAddress::of([192, 0, 2, 1].into()), false).expect("room")
    }

    #[tokio::test]
    async fn one_password_composed_in_two_ways_is_the_same_password() {
        let passwords = Passwords::default();
        let hash = passwords.hash(&"ange\u{301}lique".to_owned().into(), &place(&passwords)).await.expect("hashes");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let right = passwords.verify(&"ang\u{e9}lique".to_owned().into(), Some(&hash), &place(&passwords)).await;
        assert!(right.expect("checks"));
        let wrong = passwords.verify(&"angelique".to_owned().into(), Some(&hash), &place(&passwords)).await;
        assert!(!wrong.expect("checks"));
    }

    #[tokio::test]
    async fn without_an_account_no_password_is_right_and_the_work_is_that_of_a_new_hash() {
        let passwords = Passwords::default();
        let known = passwords.verify(&"nobody's password".to_owned().into(), None, &place(&passwords)).await;
        assert!(!known.expect("checks"));
        let new = passwords.hash(&"xkqzvpwj".to_owned().into(), &place(&passwords)).await.expect("hashes");
        assert!(Passwords::is_current(&new), "{new}");
    }
}
