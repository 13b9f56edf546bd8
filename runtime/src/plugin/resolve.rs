//! From a host name to the addresses that may be connected to. The name is resolved once, and what was checked is used.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

const LONGEST_LOOKUP: Duration = Duration::from_secs(10);

/// Why there is nothing to connect to.
#[derive(Debug)]
pub(super) enum Unresolved {
    /// No address, or no answer.
    Unknown(String),
    /// Only addresses that the grant excludes; one of them.
    Private(IpAddr),
    /// Only addresses that no grant includes; one of them.
    Never(IpAddr),
}

/// Addresses of the target, checked. `literal` is the host when it is an address itself: nothing is looked up then.
pub(super) async fn resolve(
    host: &str,
    port: u16,
    literal: Option<IpAddr>,
    private: bool,
) -> Result<Vec<SocketAddr>, Unresolved> {
    let found: Vec<SocketAddr> = match literal {
        Some(address) => vec![SocketAddr::new(address, port)],
        None => match tokio::time::timeout(LONGEST_LOOKUP, tokio::net::lookup_host((host, port))).await {
            Ok(Ok(found)) => found.collect(),
            Ok(Err(error)) => return Err(Unresolved::Unknown(error.to_string())),
            Err(_) => return Err(Unresolved::Unknown("the lookup took too long".to_owned())),
        },
    };
    let kept: Vec<SocketAddr> = found.iter().copied().filter(|found| admits(reach(found.ip()), private)).collect();
    if !kept.is_empty() {
        return Ok(kept);
    }
    let Some(first) = found.first() else { return Err(Unresolved::Unknown("it has no address".to_owned())) };
    let refused = found.iter().find(|found| reach(found.ip()) == Reach::Private);
    Err(refused.map_or(Unresolved::Never(first.ip()), |found| Unresolved::Private(found.ip())))
}

fn admits(reach: Reach, private: bool) -> bool {
    reach == Reach::Public || (private && reach == Reach::Private)
}

/// How far an address reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Public,
    /// This machine or its networks: needs a grant that says so.
    Private,
    /// Link-local (where clouds serve credentials), multicast, unspecified, reserved: nobody's receiver.
    Never,
}

fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach4(address),
        IpAddr::V6(address) => embedded(address).map_or_else(|| reach6(address), reach4),
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64, 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] => Some(v4(high, low)),
        [0, 0, 0, 0, 0, 0] if high != 0 => Some(v4(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0] => Some(v4(high, low)),
        [0x2002, ..] => Some(v4(b, c)),
        _ => None,
    }
}

fn reach4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [0, ..] | [169, 254, ..] | [192, 0, 0, _] | [224..=255, ..] => Reach::Never,
        [127 | 10, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] | [198, 18..=19, ..] => {
            Reach::Private
        }
        _ => Reach::Public,
    }
}

fn reach6(address: Ipv6Addr) -> Reach {
    let first = address.segments().first().copied().unwrap_or(0);
    if address.is_loopback() {
        Reach::Private
    } else if address.is_unspecified()
        || address.is_multicast()
        || first & 0xffc0 == 0xfe80
        || address == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
    {
        Reach::Never
    } else if first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfec0 {
        Reach::Private
    } else {
        Reach::Public
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reach_of_addresses() {
        for (address, expected) in [
            ("93.184.216.34", Reach::Public),
            ("2606:4700::1111", Reach::Public),
            ("127.0.0.1", Reach::Private),
            ("127.9.9.9", Reach::Private),
            ("10.0.0.1", Reach::Private),
            ("172.31.255.255", Reach::Private),
            ("172.32.0.1", Reach::Public),
            ("192.168.1.1", Reach::Private),
            ("100.64.0.1", Reach::Private),
            ("::1", Reach::Private),
            ("fd12::1", Reach::Private),
            ("::ffff:127.0.0.1", Reach::Private),
            ("::ffff:8.8.8.8", Reach::Public),
            ("64:ff9b::a00:1", Reach::Private),
            ("2002:7f00:1::", Reach::Private),
            ("169.254.169.254", Reach::Never),
            ("::ffff:169.254.169.254", Reach::Never),
            ("64:ff9b::a9fe:a9fe", Reach::Never),
            ("fd00:ec2::254", Reach::Never),
            ("192.0.0.192", Reach::Never),
            ("fe80::1", Reach::Never),
            ("0.0.0.0", Reach::Never),
            ("::", Reach::Never),
            ("224.0.0.1", Reach::Never),
            ("ff02::1", Reach::Never),
            ("255.255.255.255", Reach::Never),
        ] {
            assert_eq!(reach(address.parse().expect("an address")), expected, "{address}");
        }
    }

    #[tokio::test]
    async fn literals_are_checked_too() {
        let local: IpAddr = "127.0.0.1".parse().expect("an address");
        assert!(matches!(resolve("127.0.0.1", 80, Some(local), false).await, Err(Unresolved::Private(_))));
        assert!(resolve("127.0.0.1", 80, Some(local), true).await.is_ok());
        let metadata: IpAddr = "169.254.169.254".parse().expect("an address");
        assert!(matches!(resolve("x", 80, Some(metadata), true).await, Err(Unresolved::Never(_))));
        assert!(matches!(resolve("localhost", 80, None, false).await, Err(Unresolved::Private(_))));
    }
}
