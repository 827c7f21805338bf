//! Where a request comes from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use http::request::Parts;
use ipnet::IpNet;

/// The address that limits count by: an IPv4 address, or the 64 bits that one IPv6 customer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// Of an address.
    pub fn of(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// The proxies whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug)]
pub struct TrustedProxies(pub Vec<IpNet>);

impl TrustedProxies {
    /// Where a request comes from: the last address that no trusted proxy adds to.
    pub fn client_of(&self, request: &Parts) -> ClientAddress {
        let peer = request.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let forwarded = request.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let mut hops: Vec<IpAddr> =
            forwarded.flat_map(|value| value.split(',')).map_while(|hop| hop.trim().parse().ok()).collect();
        let mut client = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        while self.0.iter().any(|net| net.contains(&client)) {
            let Some(hop) = hops.pop() else { break };
            client = hop;
        }
        ClientAddress::of(client)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &str) -> String {
        let request = http::Request::builder().header("x-forwarded-for", forwarded).body(()).expect("a request");
        let mut parts = request.into_parts().0;
        parts.extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().expect("an address"), 1)));
        let proxies = TrustedProxies(vec!["10.0.0.0/8".parse().expect("a network")]);
        proxies.client_of(&parts).0.to_string()
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
        fn there_is_a_client_whatever_is_forwarded(forwarded in "[0-9a-f:., x]{0,80}") {
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
}
