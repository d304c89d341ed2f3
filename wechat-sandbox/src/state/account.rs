//! Service accounts.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::crypto::EncodingKey;

/// How callbacks are written (消息加解密方式).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// In clear.
    Plain,
    /// In clear, with the encrypted envelope beside it.
    Compatible,
    /// Encrypted only.
    #[default]
    Safe,
}

/// What WeChat lets an account do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountStanding {
    /// Everything.
    #[default]
    Good,
    /// It is not verified (未认证): 48001.
    Unverified,
    /// Template messages have been taken from it (接口封禁): 48004.
    Banned,
    /// Its functions are restricted: 50002.
    Restricted,
}

/// So many calls in so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimit {
    pub(crate) call_count: u64,
    pub(crate) refresh_second: u64,
}

/// A registered service account and the settings that its console would hold.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Account {
    /// `wx` and sixteen hexadecimal digits.
    pub(crate) appid: String,
    /// The `gh_…` name that stands in `ToUserName`.
    pub(crate) original_id: String,
    /// The app secret.
    pub(crate) secret: String,
    /// The token that callbacks are signed with.
    pub(crate) token: String,
    /// 43 characters; empty only in plain mode.
    pub(crate) encoding_aes_key: String,
    /// How callbacks are written.
    pub(crate) mode: Mode,
    /// Where events go; none goes anywhere without it.
    pub(crate) callback_url: Option<String>,
    /// The domains that web authorization may return to.
    pub(crate) redirect_domains: Vec<String>,
    /// The daily number of template sends, when it is not WeChat's 100,000.
    pub(crate) daily_quota: Option<u64>,
    /// The limit on sends in a shorter time than a day.
    #[serde(default)]
    pub(crate) rate_limit: Option<RateLimit>,
    /// The addresses that may use the secret; without a list all of them may.
    #[serde(default)]
    pub(crate) ip_whitelist: Option<Vec<IpAddr>>,
    /// Whether the whole account is frozen.
    #[serde(default)]
    pub(crate) frozen: bool,
    /// Whether the account may use what only verified accounts have.
    #[serde(default)]
    pub(crate) standing: AccountStanding,
    /// Whether the secret has been frozen by the account's owner.
    #[serde(default)]
    pub(crate) secret_frozen: bool,
}

impl Account {
    /// The key of the encrypted modes.
    pub(crate) fn encoding_key(&self) -> Option<EncodingKey> {
        EncodingKey::parse(&self.encoding_aes_key)
    }

    /// Whether the secret may be used from this address.
    pub(crate) fn admits(&self, address: IpAddr) -> bool {
        self.ip_whitelist
            .as_ref()
            .is_none_or(|list| list.iter().any(|one| one.to_canonical() == address.to_canonical()))
    }

    /// Whether authorization may return to this place.
    ///
    /// WeChat compares the bare host. On this machine several servers share one host, so a loopback entry may also
    /// carry a port, and then only that port is meant.
    pub(crate) fn allows_redirect_to(&self, host: &str, port: u16) -> bool {
        self.redirect_domains.iter().any(|domain| {
            domain.eq_ignore_ascii_case(host)
                || (is_loopback(host) && domain.eq_ignore_ascii_case(&format!("{host}:{port}")))
        })
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.trim_matches(['[', ']']).parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
pub(super) fn example(appid: &str) -> Account {
    Account {
        appid: appid.to_owned(),
        original_id: "gh_0123456789ab".to_owned(),
        secret: "0123456789abcdef0123456789abcdef".to_owned(),
        token: "token".to_owned(),
        mode: Mode::Plain,
        ..Account::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_domain_is_allowed() {
        let mut account = example("wx1");
        account.redirect_domains = vec!["www.example.org".to_owned(), "other.example.org:8080".to_owned()];
        assert!(account.allows_redirect_to("www.example.org", 443));
        assert!(account.allows_redirect_to("WWW.example.org", 8443), "a port does not matter");
        assert!(!account.allows_redirect_to("example.org", 443));
        assert!(!account.allows_redirect_to("pay.www.example.org", 443));
        assert!(!account.allows_redirect_to("other.example.org", 8080), "no port belongs in a domain");
    }

    #[test]
    fn only_listed_addresses_may_use_the_secret() {
        let mut account = example("wx1");
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert!(account.admits(address("203.0.113.7")), "there is no list");
        account.ip_whitelist = Some(vec![address("203.0.113.7")]);
        assert!(account.admits(address("203.0.113.7")) && account.admits(address("::ffff:203.0.113.7")));
        assert!(!account.admits(address("203.0.113.8")));
        account.ip_whitelist = Some(Vec::new());
        assert!(!account.admits(address("203.0.113.7")), "an empty list has nobody");
    }

    #[test]
    fn loopback_domains_may_name_a_port() {
        let mut account = example("wx1");
        account.redirect_domains = vec!["127.0.0.1:8080".to_owned(), "localhost".to_owned()];
        assert!(account.allows_redirect_to("127.0.0.1", 8080));
        assert!(!account.allows_redirect_to("127.0.0.1", 8081));
        assert!(account.allows_redirect_to("localhost", 9999));
    }
}
