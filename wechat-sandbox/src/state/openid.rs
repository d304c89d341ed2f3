//! The openids of one account, computed and not stored, so that accounts registered later need no list of people.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::Member;

/// What makes the openids of one account.
///
/// They have WeChat's shape, 28 characters: an `o`, five that are the account's, as with WeChat's own, and 22 for the
/// person. Those of a crowd can be read back, so that nobody has to keep a list of them.
pub(crate) struct Openids<'a> {
    appid: &'a str,
    prefix: String,
    key: u64,
}

impl<'a> Openids<'a> {
    /// Those of the account with this appid.
    pub(crate) fn of(appid: &'a str) -> Self {
        let digest = Sha256::digest(appid.as_bytes());
        let mut key = [0; 8];
        key.copy_from_slice(&digest[24..]);
        let account = URL_SAFE_NO_PAD.encode(digest);
        Self { appid, prefix: format!("o{}", &account[..5]), key: u64::from_be_bytes(key) }
    }

    /// The appid that they belong to.
    pub(crate) const fn appid(&self) -> &'a str {
        self.appid
    }

    /// The openid of the person with this id.
    pub(crate) fn person(&self, id: &str) -> String {
        if let Some(member) = Member::parse(id) {
            return self.member(member);
        }
        let within = URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{} {id}", self.appid).as_bytes()));
        format!("{}{}", self.prefix, &within[..22])
    }

    /// The openid of one of a crowd: a tag, and the numbers under a mask that only the tag and the account give.
    pub(crate) fn member(&self, member: Member) -> String {
        let numbers = u64::from(member.crowd) << 32 | u64::from(member.number);
        let tag = scatter(numbers.wrapping_add(self.key));
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&tag.to_be_bytes());
        bytes[8..].copy_from_slice(&(numbers ^ self.mask(tag)).to_be_bytes());
        let mut openid = String::with_capacity(28);
        openid.push_str(&self.prefix);
        URL_SAFE_NO_PAD.encode_string(bytes, &mut openid);
        openid
    }

    /// The one of a crowd who would have this openid, whether there is such a crowd or not.
    pub(super) fn member_of(&self, openid: &str) -> Option<Member> {
        let within = openid.strip_prefix(&self.prefix)?;
        let bytes: [u8; 16] = URL_SAFE_NO_PAD.decode(within).ok()?.try_into().ok()?;
        let (tag, masked) = bytes.split_at(8);
        let (tag, masked) = (from_be_bytes(tag), from_be_bytes(masked));
        let numbers = masked ^ self.mask(tag);
        let [crowd, number] =
            [numbers >> 32, numbers & u64::from(u32::MAX)].map(|half| u32::try_from(half).ok());
        let member = Member { crowd: crowd?, number: number? };
        // Anything can be unmasked; only what was masked by this account comes out as it went in.
        (self.member(member) == openid).then_some(member)
    }

    const fn mask(&self, tag: u64) -> u64 {
        scatter(tag ^ self.key)
    }
}

fn from_be_bytes(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// Spreads neighbouring numbers over all 64 bits, no two to one place. The constants are those of `SplitMix64`.
const fn scatter(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn openids_have_wechats_shape_and_differ_by_account() {
        let account = Openids::of("wx0123456789abcdef");
        for (id, other) in [("per_1", "per_2"), ("per_1_1", "per_1_2"), ("per_1_1", "per_2_1")] {
            let one = account.person(id);
            assert_eq!(one.len(), 28);
            assert!(one.starts_with('o'));
            assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            assert_eq!(one[..6], account.person(other)[..6], "the account's part");
            assert_ne!(one, account.person(other));
            assert_ne!(one[6..], Openids::of("wxfedcba9876543210").person(id)[6..]);
            assert_eq!(one, Openids::of("wx0123456789abcdef").person(id), "the same for ever");
        }
    }

    #[test]
    fn those_of_a_crowd_are_all_different_and_can_be_read_back() {
        let (account, other) = (Openids::of("wx1"), Openids::of("wx2"));
        let mut seen = HashSet::new();
        for number in (1..=5000).chain([u32::MAX]) {
            let member = Member { crowd: 3, number };
            let openid = account.member(member);
            assert_eq!(account.member_of(&openid), Some(member));
            assert_eq!(other.member_of(&openid), None);
            assert!(seen.insert(openid));
        }
    }

    #[test]
    fn nobody_is_read_out_of_other_openids() {
        let account = Openids::of("wx1");
        let genuine = account.member(Member { crowd: 1, number: 1 });
        for openid in ["", "o", "oUnknown", &genuine[..27], &genuine.replace(&genuine[20..21], "~")] {
            assert_eq!(account.member_of(openid), None, "{openid}");
        }
        for id in ["per_a", "per_b", "per_c"] {
            assert_eq!(account.member_of(&account.person(id)), None);
        }
    }
}
