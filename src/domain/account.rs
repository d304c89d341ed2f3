//! Platform accounts: registered people, who are members or external collaborators of organizations.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::clock::{Entropy, Millis, random};
use super::ids::{AccountId, AccountLoginId};
use super::keys::{hex, sha256};
use super::phone_number::PhoneNumber;
use super::policy::AccountRules;

/// What somebody signs in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// A browser.
    Web,
    /// The mobile app.
    App,
}

impl Client {
    /// Every client.
    pub const ALL: [Self; 2] = [Self::Web, Self::App];

    /// The contract's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::App => "app",
        }
    }

    /// Reads the contract's word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.name() == name)
    }
}

/// How an account stands in an organization, as its member or its external collaborator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Invited, but not registered yet.
    Invited,
    /// In use; a member takes a seat.
    Active,
    /// Switched off.
    Disabled,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Invited, Self::Active, Self::Disabled];

    /// The contract's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// Reads the contract's word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.name() == name)
    }
}

/// A platform account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its phone, which was proved by a code.
    pub phone: PhoneNumber,
    /// What the person is called.
    pub name: String,
    /// Whether it may be used.
    pub enabled: bool,
    /// When it was registered.
    pub created_at: Millis,
}

/// A login of a platform account.
#[derive(Clone, Debug)]
pub struct AccountLogin {
    /// Its id.
    pub id: AccountLoginId,
    /// Whose it is.
    pub account: AccountId,
    /// With what.
    pub client: Client,
    /// When it began.
    pub created_at: Millis,
    /// When it was last used (kept to the minute).
    pub last_seen_at: Millis,
    /// When it ends whatever happens.
    pub expires_at: Millis,
}

impl AccountLogin {
    /// Whether it still counts.
    pub fn is_alive(&self, now: Millis, rules: &AccountRules) -> bool {
        now <= self.expires_at && now <= self.last_seen_at.plus(rules.login_idle)
    }
}

const PREFIX: &str = "mfa_";

/// What a login is proved with: 256 random bits, kept as a hash.
#[derive(Clone)]
pub struct AccountToken(String);

impl AccountToken {
    /// A new one.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random::<32>(entropy))))
    }

    /// Reads a token; anything else is none.
    pub fn parse(text: &str) -> Option<Self> {
        let secret = text.strip_prefix(PREFIX)?;
        let long_enough = URL_SAFE_NO_PAD.decode(secret).is_ok_and(|bytes| bytes.len() == 32);
        long_enough.then(|| Self(text.to_owned()))
    }

    /// The whole token, for its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it. A plain hash is enough for 256 random bits.
    pub fn hash(&self) -> String {
        hex(&sha256(self.0.as_bytes()))
    }
}

impl std::fmt::Debug for AccountToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccountToken([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use uuid::Uuid;

    use crate::domain::policy::PasswordLength;

    struct Sevens;

    impl Entropy for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn a_token_reads_back_and_is_never_printed() {
        let token = AccountToken::generate(&Sevens);
        assert_eq!(AccountToken::parse(token.reveal()).unwrap().hash(), token.hash());
        assert_eq!(format!("{token:?}"), "AccountToken([redacted])");
        let whole = token.reveal();
        for text in ["", "mfa_", &whole[1..], &whole[..whole.len() - 1], &format!("{whole}A"), "mf_x_y"] {
            assert!(AccountToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_login_ends_when_it_is_not_used_and_in_any_case() {
        let rules = AccountRules {
            invitation: Duration::ZERO,
            login_idle: Duration::from_millis(10),
            login: Duration::from_millis(25),
            logins: 1,
            sign_ins_per_phone: 1,
            sign_ins_per_address: 1,
            password: PasswordLength { least: 8, most: 64 },
        };
        let login = |last_seen_at| AccountLogin {
            id: AccountLoginId(Uuid::nil()),
            account: AccountId(Uuid::nil()),
            client: Client::Web,
            created_at: Millis(0),
            last_seen_at: Millis(last_seen_at),
            expires_at: Millis(25),
        };
        assert!(login(0).is_alive(Millis(10), &rules) && !login(0).is_alive(Millis(11), &rules));
        assert!(login(20).is_alive(Millis(25), &rules) && !login(20).is_alive(Millis(26), &rules));
    }

    #[test]
    fn words_read_back() {
        assert!(Client::ALL.into_iter().all(|value| Client::from_name(value.name()) == Some(value)));
        assert!(Status::ALL.into_iter().all(|value| Status::from_name(value.name()) == Some(value)));
        assert_eq!((Client::from_name("Web"), Status::from_name("")), (None, None));
    }
}
