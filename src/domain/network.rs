//! Addresses as facts about where somebody is: IPv4 whole, IPv6 by its /64 (what one connection owns).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where a request came from, cut to what identifies a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// Not known.
    Unknown,
    /// One IPv4 address.
    V4([u8; 4]),
    /// The /64 of an IPv6 address.
    V6([u8; 8]),
}

impl Network {
    /// The network of an address; IPv4 mapped into IPv6 counts as IPv4.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4.octets()),
            IpAddr::V6(v6) => {
                let mut prefix = [0; 8];
                prefix.copy_from_slice(&v6.octets()[..8]);
                Self::V6(prefix)
            }
        }
    }

    /// The address with its last part masked, to show to people: `203.0.113.*`, `2001:db8:1:*`.
    pub fn masked(self) -> String {
        match self {
            Self::Unknown => "?".into(),
            Self::V4([a, b, c, _]) => format!("{a}.{b}.{c}.*"),
            Self::V6(p) => {
                let part = |i: usize| u16::from_be_bytes([p[i], p[i + 1]]);
                format!("{:x}:{:x}:{:x}:*", part(0), part(2), part(4))
            }
        }
    }

    /// A short text that is the same for the same network: the key of limits.
    pub fn key(self) -> String {
        match self {
            Self::Unknown => "unknown".into(),
            Self::V4(octets) => Ipv4Addr::from(octets).to_string(),
            Self::V6(p) => {
                let mut octets = [0; 16];
                octets[..8].copy_from_slice(&p);
                format!("{}/64", Ipv6Addr::from(octets))
            }
        }
    }

    /// Reads what [`Network::key`] wrote; anything else is unknown.
    pub fn from_key(key: &str) -> Self {
        key.strip_suffix("/64").unwrap_or(key).parse().map_or(Self::Unknown, Self::of)
    }

    /// Whether both are known and the same.
    pub fn same_as(self, other: Self) -> bool {
        self != Self::Unknown && self == other
    }

    /// Nine bytes: kind, then the address left-aligned.
    pub fn to_bytes(self) -> [u8; 9] {
        let mut bytes = [0; 9];
        match self {
            Self::Unknown => {}
            Self::V4(octets) => {
                bytes[0] = 4;
                bytes[1..5].copy_from_slice(&octets);
            }
            Self::V6(prefix) => {
                bytes[0] = 6;
                bytes[1..].copy_from_slice(&prefix);
            }
        }
        bytes
    }

    /// Reads what [`Network::to_bytes`] wrote.
    pub fn from_bytes(bytes: [u8; 9]) -> Self {
        let [kind, a, b, c, d, ..] = bytes;
        match kind {
            4 => Self::V4([a, b, c, d]),
            6 => {
                let mut prefix = [0; 8];
                prefix.copy_from_slice(&bytes[1..]);
                Self::V6(prefix)
            }
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_read_back_and_hide_their_last_part() {
        for (address, masked, key) in [
            ("203.0.113.7", "203.0.113.*", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.*", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:*", "2001:db8:1:2::/64"),
        ] {
            let network = Network::of(address.parse().unwrap());
            assert_eq!(network.masked(), masked);
            assert_eq!(network.key(), key);
            assert_eq!(Network::from_bytes(network.to_bytes()), network);
            assert_eq!(Network::from_key(&network.key()), network);
        }
        assert!(!Network::Unknown.same_as(Network::Unknown));
    }
}
