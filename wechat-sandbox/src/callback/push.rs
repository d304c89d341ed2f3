//! One push: its body, made once, and its URL, signed afresh for each delivery.

use reqwest::Url;

use super::{Event, event::text, reply};
use crate::{
    crypto::{message_signature, url_signature},
    instant::{Millis, now, seconds},
    random,
    state::{Account, Mode},
};

/// A message for an account's callback.
pub(super) struct Push {
    account: Account,
    callback: Url,
    openid: String,
    body: String,
    encrypted: Option<String>,
}

impl Push {
    /// Writes the body in the account's mode; `None` if the account has no usable callback.
    pub(super) fn new(account: &Account, openid: String, event: &Event, at: Millis) -> Option<Self> {
        let callback = Url::parse(account.callback_url.as_deref()?).ok()?;
        let fields = event.fields(&account.original_id, &openid, at);
        let encrypted = match account.mode {
            Mode::Plain => None,
            Mode::Compatible | Mode::Safe => {
                let key = account.encoding_key()?;
                Some(key.seal(random::block(), &format!("<xml>{fields}</xml>"), &account.appid))
            }
        };
        let mut inside = String::new();
        match account.mode {
            Mode::Plain | Mode::Compatible => inside.push_str(&fields),
            Mode::Safe => text(&mut inside, "ToUserName", &account.original_id),
        }
        if let Some(encrypted) = &encrypted {
            text(&mut inside, "Encrypt", encrypted);
        }
        Some(Self {
            account: account.clone(),
            callback,
            openid,
            body: format!("<xml>{inside}</xml>"),
            encrypted,
        })
    }

    /// The body, the same for all deliveries.
    pub(super) fn body(&self) -> String {
        self.body.clone()
    }

    /// The URL of one delivery, with its own timestamp, nonce and signatures.
    pub(super) fn signed_url(&self) -> Url {
        let (timestamp, nonce) = (seconds(now()).to_string(), random::digits(10));
        let token = &self.account.token;
        let mut url = self.callback.clone();
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("signature", &url_signature(token, &timestamp, &nonce));
            query.append_pair("timestamp", &timestamp);
            query.append_pair("nonce", &nonce);
            query.append_pair("openid", &self.openid);
            if let Some(encrypted) = &self.encrypted {
                query.append_pair("encrypt_type", "aes");
                query.append_pair("msg_signature", &message_signature(token, &timestamp, &nonce, encrypted));
            }
        }
        url
    }

    /// Whether an answer of status 200 with this body ends the deliveries.
    pub(super) fn accepts(&self, body: &str) -> bool {
        reply::is_valid(&self.account, body)
    }
}
