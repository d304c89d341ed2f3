//! Typed ids: a UUID v7 inside, a prefix and 26 characters of Crockford base32 (the ULID form) outside.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::clock::{Clock, Entropy, random};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Why a text is no id of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct InvalidId;

/// Makes a UUID v7 from the given clock and entropy.
pub fn new_uuid(clock: &dyn Clock, entropy: &dyn Entropy) -> Uuid {
    let millis = u64::try_from(clock.now().0).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random::<10>(entropy)).into_uuid()
}

fn write_base32(id: Uuid, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let value = id.as_u128();
    for digit in (0..26).rev() {
        let index = usize::try_from((value >> (digit * 5)) & 31).unwrap_or(0);
        f.write_str(char::from(ALPHABET[index]).encode_utf8(&mut [0; 4]))?;
    }
    Ok(())
}

fn read_base32(text: &str) -> Result<Uuid, InvalidId> {
    // 26 digits hold 130 bits: the first one may only be 0 to 7. Only the canonical upper-case form is an id.
    if text.len() != 26 || !text.starts_with(|c: char| ('0'..='7').contains(&c)) {
        return Err(InvalidId);
    }
    let mut value: u128 = 0;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|&known| known == byte).ok_or(InvalidId)?;
        value = value << 5 | u128::try_from(digit).map_err(|_| InvalidId)?;
    }
    Ok(Uuid::from_u128(value))
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, made of the present time and random bits.
            pub fn generate(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                Self(new_uuid(clock, entropy))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                write_base32(self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_")).ok_or(InvalidId).and_then(read_base32).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}

typed_ids! {
    /// An organization.
    OrgId = "org";
    /// An app of an organization.
    AppId = "app";
    /// An external user: the account of one person in one app.
    UserId = "usr";
    /// A service account, as one row of ours (WeChat's own name for it is the appid).
    ServiceAccountId = "sva";
    /// A login: what a session cookie stands for.
    LoginId = "lgn";
    /// A verification code that was asked for.
    CodeId = "vcd";
    /// One phone's visit: what happens between WeChat's authorization and the decision.
    VisitId = "vst";
    /// A platform account: a registered person.
    AccountId = "acc";
    /// A member: a registered person inside an organization.
    MemberId = "mbr";
    /// An external collaborator: a registered person of elsewhere, invited into modules.
    CollaboratorId = "col";
    /// A module (project, task, group) that people are invited into.
    ModuleId = "mod";
    /// A department of an organization.
    DepartmentId = "dep";
    /// A role of an app.
    RoleId = "rol";
    /// An invitation of a member or collaborator.
    InvitationId = "inv";
    /// An API key.
    ApiKeyId = "key";
    /// A bought expansion pack.
    PackId = "pak";
    /// An import of followers from WeChat.
    ImportId = "imp";
    /// A login of a platform account.
    AccountLoginId = "alg";
    /// A notification: one order to tell an audience something.
    NotificationId = "ntf";
    /// A delivery: one person's share of a notification.
    DeliveryId = "dlv";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_id_reads_back(value: u128) {
            let id = OrgId(Uuid::from_u128(value));
            prop_assert_eq!(id.to_string().parse::<OrgId>(), Ok(id));
            prop_assert_eq!(id.to_string().len(), 4 + 26);
        }
    }

    #[test]
    fn foreign_prefixes_lower_case_and_overflow_are_refused() {
        let id = OrgId(Uuid::from_u128(7)).to_string();
        assert!(id.replace("org_", "app_").parse::<OrgId>().is_err());
        assert!(id.to_lowercase().replace('7', "a").parse::<OrgId>().is_err());
        assert!("org_80000000000000000000000000".parse::<OrgId>().is_err());
        assert!("org_".parse::<OrgId>().is_err());
    }
}
