//! How often a client, an account or a user may do what. A limit lets a burst through, and then so many a minute.

use std::{hash::Hash, num::NonZeroU32, time::Duration};

use governor::{
    DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter,
    clock::{Clock, DefaultClock, QuantaInstant},
};
use ipnet::IpNet;
use quick_cache::{
    OptionsBuilder, UnitWeighter,
    sync::{Cache, EntryAction, EntryResult},
};

use super::{client_address::ClientAddress, mail::MailKind};
use crate::{accounts::server::EmailAddress, error::AppError};

/// A burst, and how many an hour after it.
struct Limit {
    burst: u32,
    per_hour: u32,
}

const LOG_IN_BY_CLIENT: Limit = Limit { burst: 60, per_hour: 3_600 };
/// By browsers of a network of 256 IPv4 addresses, or of a /48, that never logged in to the account, while others wait for
/// their hash: a few such networks are not to fill the queue.
const LOG_IN_BY_NETWORK: Limit = Limit { burst: 200, per_hour: 7_200 };
/// Answers of passkeys, by a network: each is noted until its challenge is out of date.
const PASSKEY_BY_NETWORK: Limit = Limit { burst: 200, per_hour: 7_200 };
/// By browsers that never logged in to the account: 106 guesses a day, by all of them together.
const LOG_IN_BY_ACCOUNT: Limit = Limit { burst: 10, per_hour: 4 };
/// By a browser that did: its owner is not locked out by the guesses of others.
const LOG_IN_BY_DEVICE: Limit = Limit { burst: 10, per_hour: 60 };
/// Codes of the second factor, by somebody who knows the password: 106 a day, of which three are right in a million each.
const SECOND_FACTOR_BY_USER: Limit = Limit { burst: 10, per_hour: 4 };
/// How many wrong codes go by before the owner hears of them, and how often then.
const WRONG_CODES_BY_USER: Limit = Limit { burst: 2, per_hour: 1 };
const CURRENT_PASSWORD_BY_USER: Limit = Limit { burst: 10, per_hour: 6 };
/// With a right password as well: each costs a hash, most send a mail, and a thief of the password is not to end the links in
/// the owner's mails one after the other.
const CHANGE_BY_USER: Limit = Limit { burst: 30, per_hour: 10 };
/// The owner of an account hears of guesses once in a while, not once for each.
const NOTICE_BY_ACCOUNT: Limit = Limit { burst: 1, per_hour: 1 };
const LINK_BY_CLIENT: Limit = Limit { burst: 60, per_hour: 3_600 };
const MAIL_BY_ADDRESS: Limit = Limit { burst: 5, per_hour: 6 };
const MAIL_BY_CLIENT: Limit = Limit { burst: 60, per_hour: 120 };
/// By a network of 256 IPv4 addresses, or of a /48.
const MAIL_BY_NETWORK: Limit = Limit { burst: 200, per_hour: 400 };
/// Mails that anybody can ask for, as they leave: what is over waits.
const MAIL_LEAVES: Limit = Limit { burst: 600, per_hour: 7_200 };
/// The same mails as they are asked for: more of them would wait for hours.
const MAIL_IN_ALL: Limit = Limit { burst: 20_000, per_hour: 7_200 };
/// Guesses at addresses without an account count here too.
const NOTICES_IN_ALL: Limit = Limit { burst: 600, per_hour: 3_600 };
const TOKEN_BY_USER: Limit = Limit { burst: 60, per_hour: 3_600 };

/// In seconds.
const HOUR: f64 = 3_600.0;
/// The longest pause between two, in seconds.
const MAX_PERIOD: f64 = 365.0 * 24.0 * HOUR;

/// For how many accounts and devices it is remembered that somebody got in.
const MAX_RIGHT: usize = 100_000;

/// All limits of the process. Each key is remembered until its whole burst is there again, which takes hours at most:
/// [`RateLimits::forget_idle`] forgets it then.
pub struct RateLimits {
    log_in_by_client: DefaultKeyedRateLimiter<ClientAddress>,
    log_in_by_network: DefaultKeyedRateLimiter<IpNet>,
    passkey_by_network: DefaultKeyedRateLimiter<IpNet>,
    log_in_by_account: DefaultKeyedRateLimiter<String>,
    log_in_by_device: DefaultKeyedRateLimiter<String>,
    second_factor_by_user: DefaultKeyedRateLimiter<String>,
    wrong_codes_by_user: DefaultKeyedRateLimiter<String>,
    codes_notice_by_user: DefaultKeyedRateLimiter<String>,
    current_password_by_user: DefaultKeyedRateLimiter<String>,
    change_by_user: DefaultKeyedRateLimiter<String>,
    notice_by_account: DefaultKeyedRateLimiter<EmailAddress>,
    // How often somebody got in, by account or device: with it, a budget starts anew.
    right: Cache<String, u64>,
    link_by_client: DefaultKeyedRateLimiter<ClientAddress>,
    mail_by_address: DefaultKeyedRateLimiter<String>,
    mail_by_client: DefaultKeyedRateLimiter<ClientAddress>,
    mail_by_network: DefaultKeyedRateLimiter<IpNet>,
    mail_in_all: DefaultDirectRateLimiter,
    mail_leaves: DefaultDirectRateLimiter,
    notices_in_all: DefaultDirectRateLimiter,
    token_by_user: DefaultKeyedRateLimiter<String>,
}

impl RateLimits {
    /// `factor` multiplies every limit.
    pub fn new(factor: f64) -> Self {
        Self {
            log_in_by_client: limiter(LOG_IN_BY_CLIENT, factor),
            log_in_by_network: limiter(LOG_IN_BY_NETWORK, factor),
            passkey_by_network: limiter(PASSKEY_BY_NETWORK, factor),
            log_in_by_account: limiter(LOG_IN_BY_ACCOUNT, factor),
            log_in_by_device: limiter(LOG_IN_BY_DEVICE, factor),
            second_factor_by_user: limiter(SECOND_FACTOR_BY_USER, factor),
            wrong_codes_by_user: limiter(WRONG_CODES_BY_USER, 1.0),
            codes_notice_by_user: limiter(NOTICE_BY_ACCOUNT, 1.0),
            current_password_by_user: limiter(CURRENT_PASSWORD_BY_USER, factor),
            change_by_user: limiter(CHANGE_BY_USER, factor),
            notice_by_account: limiter(NOTICE_BY_ACCOUNT, 1.0),
            right: recent(MAX_RIGHT),
            link_by_client: limiter(LINK_BY_CLIENT, factor),
            mail_by_address: limiter(MAIL_BY_ADDRESS, factor),
            mail_by_client: limiter(MAIL_BY_CLIENT, factor),
            mail_by_network: limiter(MAIL_BY_NETWORK, factor),
            mail_in_all: RateLimiter::direct(quota(MAIL_IN_ALL, factor)),
            mail_leaves: RateLimiter::direct(quota(MAIL_LEAVES, factor)),
            notices_in_all: RateLimiter::direct(quota(NOTICES_IN_ALL, factor)),
            token_by_user: limiter(TOKEN_BY_USER, factor),
        }
    }

    /// Before a log-in is looked at: its form, or the answer of a passkey.
    pub fn log_in_by_client(&self, client: ClientAddress) -> Result<(), AppError> {
        check(&self.log_in_by_client, &client)
    }

    /// Before a password is checked that comes from a browser which never logged in to the account.
    pub fn log_in_by_network(&self, client: ClientAddress) -> Result<(), AppError> {
        check(&self.log_in_by_network, &client.network())
    }

    /// Before it is noted that a passkey has answered a challenge.
    pub fn passkey(&self, client: ClientAddress) -> Result<(), AppError> {
        check(&self.passkey_by_network, &client.network())
    }

    /// Before a password is checked: by the device if it is one of the account's, else by the account.
    pub fn log_in(&self, email: &EmailAddress, device: Option<&str>) -> Result<(), AppError> {
        let key = self.budget(&log_in_key(email, device));
        check(if device.is_some() { &self.log_in_by_device } else { &self.log_in_by_account }, &key)
    }

    /// After a right password: people who can log in are not locked out for doing so often.
    pub fn logged_in(&self, email: &EmailAddress, device: Option<&str>) {
        self.was_right(log_in_key(email, device));
    }

    fn was_right(&self, key: String) {
        let once_more = |_: &String, times: &mut u64| {
            *times = times.wrapping_add(1);
            EntryAction::Retain(())
        };
        if let EntryResult::Vacant(first) = self.right.entry(&key, None, once_more) {
            let _or_meanwhile = first.insert(1);
        }
    }

    fn budget(&self, key: &str) -> String {
        let times = self.right.get(key).unwrap_or_default();
        format!("{times} {key}")
    }

    /// Whether the owner of an account is to hear that its password is being guessed.
    pub fn is_notice_due(&self, email: &EmailAddress) -> bool {
        self.notice_by_account.check_key(email).is_ok() && self.notices_in_all.check().is_ok()
    }

    /// Before a code of a user's second factor is checked: the codes of strangers do not lock the user's own browser out.
    pub fn second_factor(&self, user_id: &str, device: Option<&str>) -> Result<(), AppError> {
        check(&self.second_factor_by_user, &self.budget(&second_factor_key(user_id, device)))
    }

    /// After a right code.
    pub fn second_factor_was_right(&self, user_id: &str, device: Option<&str>) {
        self.was_right(second_factor_key(user_id, device));
    }

    /// After a wrong code: whether a user is to hear that somebody knows their password and tries codes.
    pub fn is_codes_notice_due(&self, user_id: &str) -> bool {
        let user = user_id.to_owned();
        self.wrong_codes_by_user.check_key(&user).is_err() && self.codes_notice_by_user.check_key(&user).is_ok()
    }

    /// Before a user who is logged in changes something for which the current password is asked.
    pub fn change(&self, user_id: &str) -> Result<(), AppError> {
        check(&self.change_by_user, &user_id.to_owned())
    }

    /// Before the current password is checked then. Guesses at log-in do not count here.
    pub fn current_password(&self, user_id: &str) -> Result<(), AppError> {
        check(&self.current_password_by_user, &self.budget(&current_password_key(user_id)))
    }

    /// After a right one.
    pub fn current_password_was_right(&self, user_id: &str) {
        self.was_right(current_password_key(user_id));
    }

    /// Before a mail of this kind is promised to an address, whether it has an account or not: so the refusal tells
    /// nothing. Each kind counts for itself: else anybody could keep a newcomer from signing up.
    pub fn mail(&self, client: ClientAddress, kind: MailKind, email: &EmailAddress) -> Result<(), AppError> {
        check(&self.mail_by_client, &client)?;
        check(&self.mail_by_network, &client.network())?;
        // A reset is sent only to the exact address of an account: nobody can use up its owner's with tagged addresses. All
        // others with a tag count together, and leave those of the address without one alone.
        let mailbox = match kind {
            MailKind::Reset => email.as_str().to_owned(),
            _ if email.has_tag() => format!("{} with a tag", email.mailbox()),
            _ => email.mailbox(),
        };
        check(&self.mail_by_address, &format!("{kind:?} {mailbox}"))?;
        self.mail_in_all.check().map_err(too_many)
    }

    /// Before a mail leaves that anybody can ask for; else how long it has to wait.
    pub fn mail_leaves(&self) -> Result<(), Duration> {
        self.mail_leaves.check().map_err(|too_soon| too_soon.wait_time_from(DefaultClock::default().now()))
    }

    /// Before a link is looked up.
    pub fn link(&self, client: ClientAddress) -> Result<(), AppError> {
        check(&self.link_by_client, &client)
    }

    /// Before a chat token is signed.
    pub fn token(&self, user_id: &str) -> Result<(), AppError> {
        check(&self.token_by_user, &user_id.to_owned())
    }

    /// Forgets everyone who has their whole burst again.
    pub fn forget_idle(&self) {
        self.log_in_by_client.retain_recent();
        self.log_in_by_network.retain_recent();
        self.passkey_by_network.retain_recent();
        self.log_in_by_account.retain_recent();
        self.log_in_by_device.retain_recent();
        self.second_factor_by_user.retain_recent();
        self.wrong_codes_by_user.retain_recent();
        self.codes_notice_by_user.retain_recent();
        self.current_password_by_user.retain_recent();
        self.change_by_user.retain_recent();
        self.notice_by_account.retain_recent();
        self.link_by_client.retain_recent();
        self.mail_by_address.retain_recent();
        self.mail_by_client.retain_recent();
        self.mail_by_network.retain_recent();
        self.token_by_user.retain_recent();
    }
}

/// A device, or else an account, whether there is one or not.
fn log_in_key(email: &EmailAddress, device: Option<&str>) -> String {
    device.unwrap_or(email.as_str()).to_owned()
}

fn second_factor_key(user_id: &str, device: Option<&str>) -> String {
    format!("second factor of {}", device.unwrap_or(user_id))
}

fn current_password_key(user_id: &str) -> String {
    format!("current password of {user_id}")
}

/// Half of the places are for keys that were not there before, so that they stay long enough to be asked for again.
fn recent(count: usize) -> Cache<String, u64> {
    let mut options = OptionsBuilder::new();
    let options = options.estimated_items_capacity(count).weight_capacity(count as u64).hot_allocation(0.5).build();
    let with = |options| Cache::with_options(options, UnitWeighter, Default::default(), Default::default());
    options.map_or_else(|_| Cache::new(count), with)
}

fn limiter<K: Clone + Eq + Hash>(limit: Limit, factor: f64) -> DefaultKeyedRateLimiter<K> {
    RateLimiter::keyed(quota(limit, factor))
}

fn quota(limit: Limit, factor: f64) -> Quota {
    let burst = NonZeroU32::new((f64::from(limit.burst) * factor) as u32).unwrap_or(NonZeroU32::MIN);
    let seconds = HOUR / (f64::from(limit.per_hour) * factor);
    let period = Duration::from_secs_f64(seconds.min(MAX_PERIOD)).max(Duration::from_nanos(1));
    Quota::with_period(period).unwrap_or(Quota::per_second(NonZeroU32::MAX)).allow_burst(burst)
}

fn check<K: Clone + Eq + Hash>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), AppError> {
    limiter.check_key(key).map_err(too_many)
}

fn too_many(too_soon: NotUntil<QuantaInstant>) -> AppError {
    let wait: Duration = too_soon.wait_time_from(DefaultClock::default().now());
    AppError::TooManyRequests { seconds: wait.as_secs() + 1 }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn client(last: u8) -> ClientAddress {
        ClientAddress::of(IpAddr::from([192, 0, 2, last]))
    }

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).expect("an address")
    }

    #[test]
    fn an_account_is_guarded_however_its_address_is_written() {
        let limits = RateLimits::new(1.0);
        for _ in 0..10 {
            assert_eq!(limits.log_in(&address("Alice@example.com"), None), Ok(()));
        }
        let refused = limits.log_in(&address("alice@EXAMPLE.com "), None);
        assert!(matches!(refused, Err(AppError::TooManyRequests { seconds: 1..=901 })), "{refused:?}");
        assert!(limits.log_in(&address("alice@ｅxample.com"), None).is_err(), "another spelling");
        assert_eq!(limits.log_in(&address("bob@example.com"), None), Ok(()));
        assert_eq!(limits.log_in(&address("alice@example.com"), Some("a device of hers")), Ok(()));
        assert_eq!(limits.current_password("alice's id"), Ok(()));
    }

    #[test]
    fn who_knows_the_password_is_not_kept_out_for_logging_in_often() {
        let limits = RateLimits::new(1.0);
        let alice = address("alice@example.com");
        for _ in 0..50 {
            assert_eq!(limits.log_in(&alice, None), Ok(()));
            limits.logged_in(&alice, None);
        }
        for _ in 0..10 {
            assert_eq!(limits.log_in(&alice, None), Ok(()));
        }
        assert!(limits.log_in(&alice, None).is_err());
    }

    #[test]
    fn a_network_of_many_addresses_leaves_log_in_to_others() {
        let limits = RateLimits::new(1.0);
        let client = |site: u16, n: u16| ClientAddress::of(IpAddr::from([0x2001, 0xdb8, site, n, 0, 0, 0, 1]));
        let tries = (0..1_000).filter(|n| limits.log_in_by_network(client(1, *n)).is_ok()).count();
        assert!((200..220).contains(&tries), "{tries}");
        assert_eq!(limits.log_in_by_network(client(2, 0)), Ok(()));
    }

    #[test]
    fn mails_leave_at_a_bounded_rate_and_those_who_ask_for_one_are_not_refused_for_it() {
        let limits = RateLimits::new(1.0);
        let left = (0..1_000).filter(|_| limits.mail_leaves().is_ok()).count();
        assert!((600..700).contains(&left), "{left}");
        assert!(limits.mail_leaves().is_err_and(|wait| wait <= Duration::from_millis(500)));
        assert_eq!(limits.mail(client(1), MailKind::SignUp, &address("new@example.com")), Ok(()));
    }

    #[test]
    fn no_mailbox_is_flooded_by_many_clients() {
        let limits = RateLimits::new(1.0);
        let address = |n: usize| address(&format!("user{n}@example.com"));
        for n in 0..5 {
            assert_eq!(limits.mail(client(n), MailKind::Reset, &address(0)), Ok(()));
        }
        let refused = limits.mail(client(99), MailKind::Reset, &address(0));
        assert!(matches!(refused, Err(AppError::TooManyRequests { seconds: 1..=601 })), "{refused:?}");
        assert_eq!(limits.mail(client(99), MailKind::SignUp, &address(0)), Ok(()), "a newcomer is kept out");
        let mail =
            |n: u8, kind, typed: &str| limits.mail(client(n), kind, &EmailAddress::parse(typed).expect("an address"));
        for (n, tag) in (0..5).zip(["a", "b", "c", "d", "e"]) {
            assert_eq!(mail(n, MailKind::SignUp, &format!("user1+{tag}@example.com")), Ok(()));
            assert_eq!(mail(n, MailKind::Reset, &format!("user1+{tag}@example.com")), Ok(()));
        }
        assert!(mail(98, MailKind::SignUp, "user1+f@example.com").is_err(), "a tag is the same mailbox");
        assert_eq!(mail(98, MailKind::SignUp, "user1@example.com"), Ok(()), "tags keep a newcomer out");
        for owner in ["user1@example.com", "user1+own@example.com"] {
            assert_eq!(mail(98, MailKind::Reset, owner), Ok(()), "others have used up the resets of {owner}");
        }
        let one_client =
            (2..1_000).take_while(|n| limits.mail(client(100), MailKind::Reset, &address(*n)).is_ok()).count();
        assert_eq!(one_client, 60);
        let sent = |client: fn(u8) -> ClientAddress, first: usize| {
            let all = (0..250).flat_map(|n| (0..40).map(move |m| (n, m)));
            let is_sent = |(n, m): &(u8, usize)| {
                limits.mail(client(*n), MailKind::Reset, &address(first + usize::from(*n) * 40 + m)).is_ok()
            };
            all.filter(is_sent).count()
        };
        let one_network = sent(client, 1_000);
        assert!((100..200).contains(&one_network), "{one_network}");
    }

    #[test]
    fn guesses_at_many_addresses_leave_the_mails_of_others_alone() {
        let limits = RateLimits::new(1.0);
        let told = (0..1_000).filter(|n| limits.is_notice_due(&address(&format!("user{n}@example.com")))).count();
        assert!((600..700).contains(&told), "{told}");
        assert_eq!(limits.mail(client(1), MailKind::SignUp, &address("new@example.com")), Ok(()));
        assert_eq!(limits.mail_leaves(), Ok(()));
    }

    #[test]
    fn the_factor_multiplies() {
        let limits = RateLimits::new(2.0);
        let granted = (0..1_000).take_while(|_| limits.token("u").is_ok()).count();
        assert!((120..=122).contains(&granted), "{granted}");
    }
}
