//! Where a request comes from.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, HeaderValue};
use ipnet::IpNet;

/// The address that limits count by: an IPv4 address, or the 64 bits that one IPv6 customer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// Of an address.
    pub fn of(address: IpAddr) -> Self {
        // A socket for both kinds writes an IPv4 address as ::ffff:192.0.2.1, and all of those are one /64.
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
            v4 @ IpAddr::V4(_) => v4,
        })
    }

    /// The network around it: one site or one attacker may have that much.
    pub fn network(self) -> IpNet {
        let bits = if self.0.is_ipv4() { 24 } else { 48 };
        IpNet::new_assert(self.0, bits).trunc()
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// The proxies whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug)]
pub struct TrustedProxies(pub Vec<IpNet>);

impl TrustedProxies {
    /// Where a request comes from: the last address that no trusted proxy adds to. `Forwarded` is ignored.
    pub fn client_of(&self, headers: &HeaderMap, extensions: &Extensions) -> ClientAddress {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let forwarded = headers.get_all("x-forwarded-for");
        // From the right: each proxy appends, and what stands before it anybody may have made up.
        let lines = forwarded.iter().map(HeaderValue::as_bytes).collect::<Vec<_>>();
        let mut hops = lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
        let mut client = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical();
        while self.0.iter().any(|net| net.contains(&client)) {
            // A hop that cannot be read ends the walk at the last one that is known.
            let Some(hop) = hops.next().and_then(address_of_hop) else { break };
            client = hop.to_canonical();
        }
        ClientAddress::of(client)
    }
}

/// An address, with or without a port or brackets.
fn address_of_hop(hop: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(hop).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: impl AsRef<[u8]>) -> String {
        let request =
            http::Request::builder().header("x-forwarded-for", forwarded.as_ref()).body(()).expect("a request");
        let mut parts = request.into_parts().0;
        parts.extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().expect("an address"), 1)));
        let proxies = TrustedProxies(vec!["10.0.0.0/8".parse().expect("a network")]);
        proxies.client_of(&parts.headers, &parts.extensions).0.to_string()
    }

    #[test]
    fn a_forwarded_address_is_believed_from_trusted_proxies_only() {
        assert_eq!(client("203.0.113.9", "198.51.100.1"), "203.0.113.9", "spoofed");
        assert_eq!(client("10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(client("10.0.0.1", "192.0.2.7, 198.51.100.1, 10.0.0.2"), "198.51.100.1", "the first is made up");
        assert_eq!(client("10.0.0.1", "nonsense"), "10.0.0.1");
        assert_eq!(client("10.0.0.1", "198.51.100.1:4711"), "198.51.100.1");
        assert_eq!(client("10.0.0.1", "[2001:db8::1]:4711"), "2001:db8::");
        assert_eq!(client("10.0.0.1", "[2001:db8::1]"), "2001:db8::");
    }

    #[test]
    fn what_a_client_made_up_is_never_believed_whatever_stands_beside_it() {
        for made_up in ["1.2.3.4, x", "x", "1.2.3.4,", "1.2.3.4, unknown", "1.2.3.4, [::1]:80", ", ,1.2.3.4"] {
            assert_eq!(client("10.0.0.1", format!("{made_up}, 198.51.100.1")), "198.51.100.1", "{made_up}");
        }
        assert_eq!(client("10.0.0.1", b"\xff, 198.51.100.1"), "198.51.100.1", "not UTF-8");
        assert_eq!(client("10.0.0.1", "1.2.3.4, x"), "10.0.0.1", "what the proxy appended cannot be read");
        assert_eq!(client("10.0.0.1", "1.2.3.4, x, 10.0.0.2"), "10.0.0.2");
    }

    #[test]
    fn an_ipv4_address_is_one_client_on_every_kind_of_socket() {
        assert_eq!(client("::ffff:203.0.113.9", "198.51.100.1"), "203.0.113.9");
        assert_ne!(client("::ffff:203.0.113.9", ""), client("::ffff:203.0.113.10", ""));
        assert_eq!(client("::ffff:10.0.0.1", "198.51.100.1"), "198.51.100.1", "the proxy is trusted no more");
        assert_eq!(client("10.0.0.1", "::ffff:198.51.100.1"), "198.51.100.1");
    }

    proptest::proptest! {
        #[test]
        fn there_is_a_client_whatever_is_forwarded(forwarded in "[0-9a-f:., x]{0,80}") {
            client("10.0.0.1", &forwarded).parse::<IpAddr>().expect("an address");
            let untrusted = client("203.0.113.9", &forwarded);
            proptest::prop_assert_eq!(untrusted, "203.0.113.9");
        }
    }

    #[test]
    fn one_ipv6_network_is_one_client() {
        assert_eq!(client("2001:db8::1", ""), client("2001:db8::2", ""));
        assert_ne!(client("2001:db8::1", ""), client("2001:db8:0:1::1", ""));
    }
}
