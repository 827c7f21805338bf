//! How often a client, an account or a user may do what. A limit lets a burst through, and then so many a minute.

use std::{hash::Hash, num::NonZeroU32, time::Duration};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

use super::client_address::ClientAddress;
use crate::error::AppError;

/// A burst, and how many a minute after it.
struct Limit {
    burst: u32,
    per_minute: u32,
}

const LOG_IN_BY_CLIENT: Limit = Limit { burst: 60, per_minute: 60 };
const LOG_IN_BY_ACCOUNT: Limit = Limit { burst: 10, per_minute: 6 };
const SIGN_UP_BY_CLIENT: Limit = Limit { burst: 60, per_minute: 2 };
const TOKEN_BY_USER: Limit = Limit { burst: 60, per_minute: 60 };

/// All limits of the process. [`RateLimits::forget_idle`] bounds their memory.
pub struct RateLimits {
    log_in_by_client: DefaultKeyedRateLimiter<ClientAddress>,
    log_in_by_account: DefaultKeyedRateLimiter<String>,
    sign_up_by_client: DefaultKeyedRateLimiter<ClientAddress>,
    token_by_user: DefaultKeyedRateLimiter<String>,
}

impl RateLimits {
    /// `factor` multiplies every limit.
    pub fn new(factor: f64) -> Self {
        Self {
            log_in_by_client: limiter(LOG_IN_BY_CLIENT, factor),
            log_in_by_account: limiter(LOG_IN_BY_ACCOUNT, factor),
            sign_up_by_client: limiter(SIGN_UP_BY_CLIENT, factor),
            token_by_user: limiter(TOKEN_BY_USER, factor),
        }
    }

    /// Before a password is checked: by the client, and by the account.
    pub fn log_in(&self, client: ClientAddress, email: &str) -> Result<(), AppError> {
        check(&self.log_in_by_client, &client)?;
        // Whether there is such an account or not; the key is no longer than an address can be.
        check(&self.log_in_by_account, &email.trim().to_lowercase().chars().take(254).collect())
    }

    /// Before an account is created.
    pub fn sign_up(&self, client: ClientAddress) -> Result<(), AppError> {
        check(&self.sign_up_by_client, &client)
    }

    /// Before a chat token is signed.
    pub fn token(&self, user_id: &str) -> Result<(), AppError> {
        check(&self.token_by_user, &user_id.to_owned())
    }

    /// Forgets everyone who has their whole burst again.
    pub fn forget_idle(&self) {
        self.log_in_by_client.retain_recent();
        self.log_in_by_account.retain_recent();
        self.sign_up_by_client.retain_recent();
        self.token_by_user.retain_recent();
    }
}

fn limiter<K: Clone + Eq + Hash>(limit: Limit, factor: f64) -> DefaultKeyedRateLimiter<K> {
    let scaled = |count: u32| NonZeroU32::new((f64::from(count) * factor) as u32).unwrap_or(NonZeroU32::MIN);
    RateLimiter::keyed(Quota::per_minute(scaled(limit.per_minute)).allow_burst(scaled(limit.burst)))
}

fn check<K: Clone + Eq + Hash>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), AppError> {
    limiter.check_key(key).map_err(|too_soon| {
        let wait: Duration = too_soon.wait_time_from(DefaultClock::default().now());
        AppError::TooManyRequests { seconds: wait.as_secs() + 1 }
    })
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn client(last: u8) -> ClientAddress {
        ClientAddress::of(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn an_account_is_guarded_in_any_case_and_from_any_address() {
        let limits = RateLimits::new(1.0);
        for n in 0..10 {
            assert_eq!(limits.log_in(client(n), "Alice@example.com"), Ok(()));
        }
        let refused = limits.log_in(client(99), "alice@EXAMPLE.com ");
        assert!(matches!(refused, Err(AppError::TooManyRequests { seconds: 1..=11 })), "{refused:?}");
        assert_eq!(limits.log_in(client(99), "bob@example.com"), Ok(()));
    }

    #[test]
    fn the_factor_multiplies() {
        let limits = RateLimits::new(2.0);
        let granted = (0..1_000).take_while(|_| limits.token("u").is_ok()).count();
        assert!((120..=122).contains(&granted), "{granted}");
    }
}
