//! Networks: an address with the number of bits that count.

use std::net::IpAddr;
use std::str::FromStr;

/// An address or a CIDR, such as `10.0.0.0/8` or `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    bits: u8,
}

/// Why a text is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address or a CIDR")]
pub struct InvalidCidr;

impl Cidr {
    /// Whether `address` lies in this network; an IPv4 address written as IPv6 (`::ffff:a.b.c.d`) counts as the IPv4 address it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                network.to_bits() & mask32(self.bits) == address.to_bits() & mask32(self.bits)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                network.to_bits() & mask128(self.bits) == address.to_bits() & mask128(self.bits)
            }
            _ => false,
        }
    }
}

fn mask32(bits: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0)
}

fn mask128(bits: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
}

impl FromStr for Cidr {
    type Err = InvalidCidr;

    fn from_str(text: &str) -> Result<Self, InvalidCidr> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| InvalidCidr)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            // Digits only: `parse` would also take a sign.
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| InvalidCidr)?
            }
            Some(_) => return Err(InvalidCidr),
            None => longest,
        };
        if bits > longest { Err(InvalidCidr) } else { Ok(Self { address, bits }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        network.parse::<Cidr>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn an_address_is_a_network_of_one() {
        assert!(contains("10.1.2.3", "10.1.2.3"));
        assert!(!contains("10.1.2.3", "10.1.2.4"));
        assert!(contains("::1", "::1"));
    }

    #[test]
    fn the_leading_bits_decide() {
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("2001:db8::/32", "2001:db8:1::9"));
        assert!(!contains("2001:db8::/32", "2001:db9::9"));
        assert!(contains("0.0.0.0/0", "203.0.113.9") && contains("::/0", "2001:db8::1"));
    }

    #[test]
    fn families_do_not_mix_but_a_mapped_address_is_ipv4() {
        assert!(!contains("0.0.0.0/0", "::1"));
        assert!(!contains("::/0", "10.0.0.1"));
        assert!(contains("10.0.0.0/8", "::ffff:10.0.0.1"));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in
            ["", "10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/+8", "10.0.0.0/", "localhost", "10.0.0.0/8/8"]
        {
            assert_eq!(text.parse::<Cidr>(), Err(InvalidCidr), "{text}");
        }
    }
}
