//! Passwords: the rules for new ones, and hashing off the async threads.
//!
//! The rules follow NIST SP 800-63B: length, no composition rules, nothing an attacker finds with the guesses that the
//! limits let through in years.

use std::{
    collections::{HashMap, hash_map::Entry},
    num::NonZero,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use argon2::{
    Argon2, PasswordHash, PasswordHasher as _, PasswordVerifier as _,
    password_hash::{self, phc},
};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task,
};
use unicode_normalization::UnicodeNormalization;

use super::{EmailAddress, breached::is_breached};
use crate::{accounts::ValidationError, error::AppError, server::client_address::ClientAddress};

const MIN_CHARS: usize = 8;
const MAX_CHARS: usize = 128;
/// A password that zxcvbn finds within so many guesses is refused. The limits let some 40,000 through in a year.
const MIN_GUESSES: u64 = 50_000_000;
/// How much of a password is estimated: the time that takes grows with the cube of its length.
const ESTIMATED_CHARS: usize = 40;
/// What somebody who knows the site tries.
const SITE_WORDS: [&str; 4] = ["ticketping", "leptos", "support", "chat"];
/// Hashes that may wait for a free core before the server says it is busy.
const QUEUE: usize = 64;

/// How many of them may be of one client's network, so that none takes the whole queue.
const QUEUE_BY_NETWORK: usize = 16;

/// Places beside the queue, for those whom the server knows: a few networks together can take the whole of it.
const RESERVED: usize = 16;

/// How many of these may be of one network.
const RESERVED_BY_NETWORK: usize = 4;

/// What an unknown e-mail is checked against, so that it takes as long as a wrong password. It has the parameters of
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

/// A password as it is hashed: keyboards compose the same character in different ways.
fn normalised(password: &SecretString) -> SecretString {
    password.expose_secret().nfkc().collect::<String>().into()
}

/// What is wrong with a new password, if anything. It takes long: [`Passwords::validate_new`] is for requests.
fn validate_new(password: &SecretString, email: &str) -> Option<ValidationError> {
    let normal = normalised(password);
    let text = normal.expose_secret();
    let chars = text.chars().count();
    if text.is_empty() {
        Some(ValidationError::PasswordMissing)
    } else if chars < MIN_CHARS {
        Some(ValidationError::PasswordTooShort)
    } else if chars > MAX_CHARS {
        Some(ValidationError::PasswordTooLong)
    } else if text.to_lowercase() == email.trim().to_lowercase() {
        Some(ValidationError::PasswordIsEmail)
    } else if guesses(text, email) < MIN_GUESSES {
        Some(ValidationError::PasswordCommon)
    } else if is_breached(text) {
        Some(ValidationError::PasswordBreached)
    } else {
        None
    }
}

/// A breached password as it is hashed, if nothing else refuses it.
pub fn normalised_if_accepted(password: &str) -> Option<String> {
    let password = normalised(&password.to_owned().into()).expose_secret().to_owned();
    let length = password.chars().count();
    ((MIN_CHARS..=MAX_CHARS).contains(&length) && guesses(&password, "") >= MIN_GUESSES).then_some(password)
}

/// How many guesses find it, for somebody who knows the person's address and the site.
fn guesses(text: &str, email: &str) -> u64 {
    let known: Vec<&str> = email.split(['@', '.', '+', '-', '_']).chain([email]).chain(SITE_WORDS).collect();
    let beginning: String = text.chars().take(ESTIMATED_CHARS).collect();
    zxcvbn::zxcvbn(&beginning, &known).guesses()
}

/// Hashes and checks passwords, a bounded number at once.
#[derive(Clone)]
pub struct Passwords {
    cores: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    reserved: Arc<Semaphore>,
    by_network: Arc<Mutex<HashMap<IpNet, usize>>>,
    reserved_by_network: Arc<Mutex<HashMap<IpNet, usize>>>,
}

impl Default for Passwords {
    /// As many at once as there are cores.
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            cores: Arc::new(Semaphore::new(cores)),
            queue: Arc::new(Semaphore::new(QUEUE + cores)),
            reserved: Arc::new(Semaphore::new(RESERVED)),
            by_network: Arc::default(),
            reserved_by_network: Arc::default(),
        }
    }
}

impl Passwords {
    /// Whether a hash has today's parameters.
    pub fn is_current(hash: &str) -> bool {
        let parameters = |hash: &str| hash.rsplitn(3, '$').last().map(str::to_owned);
        parameters(hash) == parameters(DUMMY_HASH)
    }

    /// A place in the queue, or that the server is busy. To be asked for before a limit counts what needs it. Somebody
    /// `is_known` who has a session, a link that works, or a browser that has logged in to the account before.
    pub fn place(&self, client: ClientAddress, is_known: bool) -> Result<Place, HashError> {
        let network = client.network();
        let take = |places: &Arc<Semaphore>, by_network, most| {
            let share = NetworkShare::take(by_network, network, most)?;
            Some(Place {
                _share: share,
                _permit: Arc::clone(places).try_acquire_owned().ok()?,
                _counted: Counted::new(),
            })
        };
        let place = take(&self.queue, &self.by_network, QUEUE_BY_NETWORK);
        let reserved = || take(&self.reserved, &self.reserved_by_network, RESERVED_BY_NETWORK).filter(|_| is_known);
        place.or_else(reserved).ok_or(HashError::Busy)
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
        _place: &Place,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let _core = self.cores.acquire().await.map_err(|_| HashError::Busy)?;
        task::spawn_blocking(work).await?
    }
}

/// A place in the queue, until it is dropped.
pub struct Place {
    _share: NetworkShare,
    _permit: OwnedSemaphorePermit,
    _counted: Counted,
}

/// The part of the queue that a network has taken.
struct NetworkShare {
    by_network: Arc<Mutex<HashMap<IpNet, usize>>>,
    network: IpNet,
}

impl NetworkShare {
    fn take(by_network: &Arc<Mutex<HashMap<IpNet, usize>>>, network: IpNet, most: usize) -> Option<Self> {
        let mut counts = by_network.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(network).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Self { by_network: Arc::clone(by_network), network })
    }
}

impl Drop for NetworkShare {
    fn drop(&mut self) {
        let mut counts = self.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = counts.entry(self.network) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// Counts a hash that runs or waits, until it is dropped.
struct Counted;

impl Counted {
    fn new() -> Self {
        metrics::gauge!("password_hashes_waiting").increment(1);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("password_hashes_waiting").decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(last: u8) -> ClientAddress {
        ClientAddress::of([192, 0, 2, last].into())
    }

    fn place(passwords: &Passwords) -> Place {
        passwords.place(client(1), false).expect("room")
    }

    fn problem(password: &str) -> Option<ValidationError> {
        validate_new(&password.to_owned().into(), "alice@example.com")
    }

    #[test]
    fn length_counts_characters_and_nothing_else_about_them_matters() {
        assert_eq!(problem(""), Some(ValidationError::PasswordMissing));
        assert_eq!(problem("xkqzvpw"), Some(ValidationError::PasswordTooShort));
        assert_eq!(problem("xkqzvpwj"), None);
        assert_eq!(problem("žluťoučk"), None);
        assert_eq!(problem(&"xkqzvpwj".repeat(16)), None);
        assert_eq!(problem(&format!("{}x", "xkqzvpwj".repeat(16))), Some(ValidationError::PasswordTooLong));
    }

    #[test]
    fn the_own_email_and_what_attackers_try_first_are_refused() {
        assert_eq!(problem("Alice@Example.com"), Some(ValidationError::PasswordIsEmail));
        for common in ["password", "12345678", "qwerty123", "iloveyou", "password1", "Passw0rd", "aaaaaaaa"] {
            assert_eq!(problem(common), Some(ValidationError::PasswordCommon), "{common}");
        }
        for guessed in
            ["Pass@123", "Admin@123", "Summer2024", "ticketping1", "Ticketping2026", "alice123", "Alice1990!"]
        {
            assert_eq!(problem(guessed), Some(ValidationError::PasswordCommon), "{guessed}");
        }
        for breached in ["warsztat1", "zsQYTu2Jr", "chilingarashvili"] {
            assert_eq!(problem(breached), Some(ValidationError::PasswordBreached), "{breached}");
        }
        for good in ["correct horse battery staple", "correct horse battery", "kitchen window blue", "vT9#qLm2x"] {
            assert_eq!(problem(good), None, "{good}");
        }
    }

    #[test]
    fn a_crafted_password_costs_no_more_than_others() {
        // Each pair of characters is in many dictionaries: as a whole it took seconds.
        for crafted in ["passw0rd".repeat(16), "qwertyuiop1234567890".repeat(6), "4@8({[</369&#!1/|0$57%2".repeat(5)] {
            let crafted: String = crafted.chars().take(MAX_CHARS).collect();
            let estimated = guesses(&crafted, "alice@example.com");
            let beginning: String = crafted.chars().take(ESTIMATED_CHARS).collect();
            assert_eq!(estimated, guesses(&beginning, "alice@example.com"));
        }
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

    #[tokio::test]
    async fn more_than_the_queue_holds_is_refused_at_once() {
        let passwords = Passwords::default();
        let all = passwords.queue.available_permits();
        let _taken = passwords.queue.acquire_many(u32::try_from(all).expect("few")).await.expect("open");
        assert!(matches!(passwords.place(client(1), false), Err(HashError::Busy)));
    }

    #[tokio::test]
    async fn a_full_queue_leaves_places_for_those_who_are_known() {
        let passwords = Passwords::default();
        let all = passwords.queue.available_permits();
        let _taken = passwords.queue.acquire_many(u32::try_from(all).expect("few")).await.expect("open");
        let known: Vec<Place> = (0..4).map(|_| passwords.place(client(1), true).expect("a place")).collect();
        assert!(matches!(passwords.place(client(1), true), Err(HashError::Busy)), "one network takes them all");
        assert!(passwords.place(ClientAddress::of([192, 0, 3, 1].into()), true).is_ok());
        drop(known);
        assert!(passwords.place(client(1), true).is_ok());
        assert!(passwords.by_network.lock().expect("no panic").is_empty(), "a place beside the queue counts in it");
    }

    #[test]
    fn one_network_leaves_places_in_the_queue_for_others() {
        let passwords = Passwords::default();
        let flood: Vec<Place> = (0..16).map(|n| passwords.place(client(n), false).expect("a place")).collect();
        assert!(matches!(passwords.place(client(99), false), Err(HashError::Busy)));
        assert!(passwords.place(ClientAddress::of([192, 0, 3, 1].into()), false).is_ok());
        drop(flood);
        assert!(passwords.place(client(99), false).is_ok());
        assert!(passwords.by_network.lock().expect("no panic").is_empty(), "networks are remembered");
    }
}
