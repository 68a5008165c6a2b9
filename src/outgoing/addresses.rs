//! Which addresses are anybody's to ask.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, LazyLock},
};

use ipnet::IpNet;

/// Addresses with a meaning only here, or none: the registries of IANA for special-purpose addresses
/// (RFC 6890), and multicast.
const SPECIAL: [&str; 26] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

static SPECIAL_NETWORKS: LazyLock<Vec<IpNet>> =
    LazyLock::new(|| SPECIAL.iter().filter_map(|net| net.parse().ok()).collect());

/// The private networks that may be asked all the same.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Networks(Arc<BTreeSet<IpNet>>);

impl Networks {
    /// These networks.
    pub fn new(networks: BTreeSet<IpNet>) -> Self {
        Self(Arc::new(networks))
    }

    /// Whether the operator named a network with this address.
    pub fn names(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether this address may be asked: it is public, or the operator named it.
    pub fn permits(&self, address: IpAddr) -> bool {
        is_public(address) || self.names(address)
    }
}

fn is_public(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let is_special = |address: &IpAddr| {
        SPECIAL_NETWORKS
            .iter()
            .any(|network| network.contains(address))
    };
    if is_special(&address) {
        return false;
    }
    match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => !embedded(address).is_some_and(|inner| is_special(&inner)),
    }
}

/// The IPv4 address that a translator would make of it: NAT64 (RFC 6052), 6to4 (RFC 3056), and the
/// compatible form of RFC 4291 2.5.5.1.
fn embedded(address: Ipv6Addr) -> Option<IpAddr> {
    let bytes = address.octets();
    let at = |start: usize| {
        let four: [u8; 4] = bytes[start..start + 4].try_into().ok()?;
        Some(IpAddr::from(four))
    };
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0, 0, ..] => at(12),
        [0x2002, ..] => at(2),
        _ => None,
    }
}
