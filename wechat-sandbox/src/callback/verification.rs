//! The GET that WeChat makes when a callback URL is saved: the echo must come back.

use std::time::Duration;

use reqwest::{Client, Url};

use crate::{
    crypto::url_signature,
    instant::{now, seconds},
    random,
    state::Account,
};

/// The server may be starting at the same time: registration does not wait long.
const DEADLINE: Duration = Duration::from_secs(2);

/// One verification: where, and the echo to come back.
pub(crate) struct Verification {
    url: Url,
    echo: String,
}

impl Verification {
    /// Signs the URL; `None` if the account has no usable callback.
    pub(super) fn new(account: &Account) -> Option<Self> {
        let mut url = Url::parse(account.callback_url.as_deref()?).ok()?;
        let (timestamp, nonce) = (seconds(now()).to_string(), random::digits(10));
        let echo = random::digits(19);
        url.query_pairs_mut()
            .append_pair("signature", &url_signature(&account.token, &timestamp, &nonce))
            .append_pair("timestamp", &timestamp)
            .append_pair("nonce", &nonce)
            .append_pair("echostr", &echo);
        Some(Self { url, echo })
    }
}

/// Whether the echo came back, verbatim and with status 200.
pub(super) async fn verify(client: &Client, verification: &Verification) -> bool {
    let request = client.get(verification.url.clone()).timeout(DEADLINE);
    let Ok(answer) = request.send().await else { return false };
    answer.status().as_u16() == 200 && answer.text().await.is_ok_and(|body| body == verification.echo)
}
