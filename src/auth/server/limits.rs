//! How often who may try what. A limit forgives: it lets a burst through and then a steady trickle.

use std::{
    hash::Hash,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    time::Duration,
};

use axum::extract::ConnectInfo;
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use http::request::Parts;
use ipnet::IpNet;

use crate::error::AppError;

/// A burst, and how many a minute after it.
struct Limit(u32, u32);

const LOG_IN_BY_ADDRESS: Limit = Limit(60, 60);
const LOG_IN_BY_ACCOUNT: Limit = Limit(10, 6);
const SIGN_UP_BY_ADDRESS: Limit = Limit(60, 2);
const TOKEN_BY_USER: Limit = Limit(60, 60);

/// All limits of the process. Memory is bounded by [`Limits::forget_the_calm`].
pub struct Limits {
    log_in_by_address: DefaultKeyedRateLimiter<IpAddr>,
    log_in_by_account: DefaultKeyedRateLimiter<String>,
    sign_up_by_address: DefaultKeyedRateLimiter<IpAddr>,
    token_by_user: DefaultKeyedRateLimiter<String>,
    trusted: Vec<IpNet>,
}

impl Limits {
    /// `factor` multiplies every limit; `trusted` are the proxies whose `X-Forwarded-For` is believed.
    pub fn new(factor: f64, trusted: Vec<IpNet>) -> Self {
        Self {
            log_in_by_address: limiter(LOG_IN_BY_ADDRESS, factor),
            log_in_by_account: limiter(LOG_IN_BY_ACCOUNT, factor),
            sign_up_by_address: limiter(SIGN_UP_BY_ADDRESS, factor),
            token_by_user: limiter(TOKEN_BY_USER, factor),
            trusted,
        }
    }

    /// Before a password is looked at: by where it comes from, and by whose account it is.
    pub fn log_in(&self, request: &Parts, email: &str) -> Result<(), AppError> {
        check(&self.log_in_by_address, &self.client(request))?;
        // Whether there is such an account or not; a key as long as any address.
        check(&self.log_in_by_account, &email.trim().to_lowercase().chars().take(254).collect())
    }

    /// Before an account is made.
    pub fn sign_up(&self, request: &Parts) -> Result<(), AppError> {
        check(&self.sign_up_by_address, &self.client(request))
    }

    /// Before a chat token is signed.
    pub fn token(&self, user_id: &str) -> Result<(), AppError> {
        check(&self.token_by_user, &user_id.to_owned())
    }

    /// Forgets everybody who could have his whole burst again.
    pub fn forget_the_calm(&self) {
        self.log_in_by_address.retain_recent();
        self.log_in_by_account.retain_recent();
        self.sign_up_by_address.retain_recent();
        self.token_by_user.retain_recent();
    }

    /// Where a request comes from: the last address that no proxy of ours vouches for.
    fn client(&self, request: &Parts) -> IpAddr {
        let peer = request.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let forwarded = request.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let mut hops: Vec<IpAddr> =
            forwarded.flat_map(|value| value.split(',')).map_while(|hop| hop.trim().parse().ok()).collect();
        let mut client = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        while self.trusted.iter().any(|net| net.contains(&client)) {
            let Some(hop) = hops.pop() else { break };
            client = hop;
        }
        network(client)
    }
}

/// Whoever has one IPv6 address has the 64 bits behind it too.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn limiter<K: Clone + Eq + Hash>(Limit(burst, per_minute): Limit, factor: f64) -> DefaultKeyedRateLimiter<K> {
    let scaled = |count: u32| NonZeroU32::new((f64::from(count) * factor) as u32).unwrap_or(NonZeroU32::MIN);
    RateLimiter::keyed(Quota::per_minute(scaled(per_minute)).allow_burst(scaled(burst)))
}

fn check<K: Clone + Eq + Hash>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), AppError> {
    limiter.check_key(key).map_err(|too_soon| {
        let wait: Duration = too_soon.wait_time_from(DefaultClock::default().now());
        AppError::TooManyRequests { seconds: wait.as_secs() + 1 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(peer: &str, forwarded: &str) -> Parts {
        let request = http::Request::builder().header("x-forwarded-for", forwarded).body(()).expect("a request");
        let mut parts = request.into_parts().0;
        parts.extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().expect("an address"), 1)));
        parts
    }

    fn client(peer: &str, forwarded: &str) -> String {
        let limits = Limits::new(1.0, vec!["10.0.0.0/8".parse().expect("a network")]);
        limits.client(&request(peer, forwarded)).to_string()
    }

    #[test]
    fn a_forwarded_address_is_believed_from_trusted_proxies_only() {
        assert_eq!(client("203.0.113.9", "198.51.100.1"), "203.0.113.9", "spoofed");
        assert_eq!(client("10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(client("10.0.0.1", "192.0.2.7, 198.51.100.1, 10.0.0.2"), "198.51.100.1", "the first is made up");
        assert_eq!(client("10.0.0.1", "nonsense"), "10.0.0.1");
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_forwarded_there_is_a_client(forwarded in "[0-9a-f:., x]{0,80}") {
            let address: IpAddr = client("10.0.0.1", &forwarded).parse().expect("an address");
            let untrusted = client("203.0.113.9", &forwarded);
            proptest::prop_assert_eq!(untrusted, "203.0.113.9");
            proptest::prop_assert!(address.is_ipv4() || address.is_ipv6());
        }
    }

    #[test]
    fn one_ipv6_network_is_one_client() {
        assert_eq!(client("2001:db8::1", ""), client("2001:db8::2", ""));
        assert_ne!(client("2001:db8::1", ""), client("2001:db8:0:1::1", ""));
    }

    #[test]
    fn an_account_is_guarded_whatever_the_case_and_the_address() {
        let limits = Limits::new(1.0, Vec::new());
        for n in 0..10 {
            assert_eq!(limits.log_in(&request(&format!("192.0.2.{n}"), ""), "Alice@example.com"), Ok(()));
        }
        let refused = limits.log_in(&request("192.0.2.99", ""), "alice@EXAMPLE.com ");
        assert!(matches!(refused, Err(AppError::TooManyRequests { seconds: 1..=11 })), "{refused:?}");
        assert_eq!(limits.log_in(&request("192.0.2.99", ""), "bob@example.com"), Ok(()));
    }

    #[test]
    fn the_factor_multiplies() {
        let limits = Limits::new(2.0, Vec::new());
        let granted = (0..1_000).take_while(|_| limits.token("u").is_ok()).count();
        assert!((120..=122).contains(&granted), "{granted}");
    }
}
