//! Sending a verification code to a phone, by one of four gateways.
//! Not here: limits, the code itself, its text, what happens when it cannot be sent.
//! Called by use cases and the composition root; knows `domain` and nothing else of ours.

pub mod aliyun;
pub mod console;
pub mod delivery;
pub mod http;
pub mod tencent;

use std::sync::Arc;

use crate::domain::clock::{Clock, Entropy};

pub use aliyun::AliyunSettings;
pub use http::HttpSettings;
pub use tencent::TencentSettings;

/// One verification code on its way to one phone.
#[derive(Clone, Copy)]
pub struct CodeMessage<'a> {
    /// The same for every try of this message, so that a gateway can drop repeats.
    pub id: &'a str,
    /// E.164, with the plus sign.
    pub phone: &'a str,
    /// The digits.
    pub code: &'a str,
    /// The whole text, for gateways that take one; the clouds fill a template of their own.
    pub text: &'a str,
}

/// Which gateway, and what it needs.
#[derive(Debug, Clone)]
pub enum Settings {
    /// The code on stderr: for development.
    Console,
    /// Signed JSON to a gateway of one's own.
    Http(HttpSettings),
    /// Alibaba Cloud.
    Aliyun(AliyunSettings),
    /// Tencent Cloud.
    Tencent(TencentSettings),
}

/// Why a code was not sent, or not certainly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmsError {
    /// The gateway said no; the code is its own, cut to letters, digits and a few signs.
    #[error("the SMS gateway refused the message: {code}")]
    Refused {
        /// For the operator, not for the person.
        code: String,
    },
    /// No usable answer: it may have been sent.
    #[error("the SMS gateway cannot be reached")]
    Unavailable,
    /// The gateway's own limit for this phone or this account.
    #[error("the SMS gateway's own limit is reached")]
    Limited,
}

/// The gateway in use; a clone is the same gateway.
#[derive(Clone)]
pub enum SmsSender {
    /// Writes to stderr.
    Console,
    /// Posts signed JSON.
    Http(http::Gateway),
    /// Calls Alibaba Cloud.
    Aliyun(aliyun::Gateway),
    /// Calls Tencent Cloud.
    Tencent(tencent::Gateway),
}

impl SmsSender {
    /// The gateway that `settings` name; `http` should follow no redirects.
    pub fn new(
        settings: Settings,
        http: reqwest::Client,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        match settings {
            Settings::Console => Self::Console,
            Settings::Http(settings) => Self::Http(http::Gateway::new(settings, http, clock)),
            Settings::Aliyun(settings) => Self::Aliyun(aliyun::Gateway::new(settings, http, clock, entropy)),
            Settings::Tencent(settings) => Self::Tencent(tencent::Gateway::new(settings, http, clock)),
        }
    }

    /// Hands the code to the gateway, within five seconds.
    ///
    /// # Errors
    /// `Unavailable` does not mean that nothing was sent; `Refused` and `Limited` do.
    pub async fn send(&self, message: &CodeMessage<'_>) -> Result<(), SmsError> {
        match self {
            Self::Console => console::send(message),
            Self::Http(gateway) => gateway.send(message).await,
            Self::Aliyun(gateway) => gateway.send(message).await,
            Self::Tencent(gateway) => gateway.send(message).await,
        }
    }

    /// The gateway's name, as `sms.provider` says it.
    pub fn provider(&self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Http(_) => "http",
            Self::Aliyun(_) => "aliyun",
            Self::Tencent(_) => "tencent",
        }
    }
}
