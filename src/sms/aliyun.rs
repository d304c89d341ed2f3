//! Alibaba Cloud's SMS service: `SendSms` of 2017-05-25, signed by signature method V3 (ACS3-HMAC-SHA256).

use std::fmt::Write as _;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::domain::clock::{Clock, Entropy, Millis, random};

use super::delivery::{Answer, authority, by_status, deliver, hex, hmac_sha256, refused, sha256_hex};
use super::{CodeMessage, SmsError};

/// Where the service is.
pub const ENDPOINT: &str = "https://dysmsapi.aliyuncs.com";

const ACTION: &str = "SendSms";
const VERSION: &str = "2017-05-25";
const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// What the account and its approved texts are.
#[derive(Debug, Clone)]
pub struct AliyunSettings {
    /// The access key's public half.
    pub access_key_id: String,
    /// The access key's secret half.
    pub access_key_secret: SecretString,
    /// The approved signature that stands in front of the text.
    pub sign_name: String,
    /// The approved template; its one variable is `code`.
    pub template_code: String,
    /// Without a path; [`ENDPOINT`] unless something stands in.
    pub endpoint: String,
}

/// Calls the service.
#[derive(Clone)]
pub struct Gateway {
    settings: AliyunSettings,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// What both a result and an error of the service hold.
#[derive(Deserialize)]
struct Verdict {
    #[serde(rename = "Code")]
    code: String,
}

impl Gateway {
    pub(super) fn new(
        settings: AliyunSettings,
        http: reqwest::Client,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { settings, http, clock, entropy }
    }

    /// Everything goes in the query, as this older (RPC) kind of API wants it; the body stays empty.
    pub(super) async fn send(&self, message: &CodeMessage<'_>) -> Result<(), SmsError> {
        let template_param = serde_json::json!({ "code": message.code }).to_string();
        let query = canonical_query(&[
            ("OutId", message.id),
            ("PhoneNumbers", &number(message.phone)),
            ("SignName", &self.settings.sign_name),
            ("TemplateCode", &self.settings.template_code),
            ("TemplateParam", &template_param),
        ]);
        let base = self.settings.endpoint.trim_end_matches('/');
        let url = reqwest::Url::parse(&format!("{base}/?{query}")).map_err(|_| refused("endpoint"))?;
        let call = Call {
            host: &authority(&url),
            action: ACTION,
            version: VERSION,
            query: &query,
            date: &date(self.clock.now())?,
            nonce: &hex(&random::<16>(&*self.entropy)),
        };
        let mut request = self.http.post(url);
        // The first one, `host`, is the HTTP client's own to write; it says the same.
        for (name, value) in call.headers().into_iter().skip(1) {
            request = request.header(name, value);
        }
        let secret = self.settings.access_key_secret.expose_secret();
        let authorization = call.authorization(&self.settings.access_key_id, secret);
        judge(&deliver(request.header("Authorization", authorization)).await?)
    }
}

/// One call, in the parts that its signature covers.
struct Call<'a> {
    host: &'a str,
    action: &'a str,
    version: &'a str,
    query: &'a str,
    date: &'a str,
    nonce: &'a str,
}

impl Call<'_> {
    /// The signed headers, in the order of their names.
    fn headers(&self) -> [(&'static str, String); 6] {
        [
            ("host", self.host.to_owned()),
            ("x-acs-action", self.action.to_owned()),
            ("x-acs-content-sha256", sha256_hex(b"")),
            ("x-acs-date", self.date.to_owned()),
            ("x-acs-signature-nonce", self.nonce.to_owned()),
            ("x-acs-version", self.version.to_owned()),
        ]
    }

    fn signed_headers(&self) -> String {
        self.headers().map(|(name, _)| name).join(";")
    }

    /// Method, path, query, headers, their names and the body's hash, one per line.
    fn canonical_request(&self) -> String {
        let headers = self.headers().map(|(name, value)| format!("{name}:{value}\n")).concat();
        format!("POST\n/\n{}\n{headers}\n{}\n{}", self.query, self.signed_headers(), sha256_hex(b""))
    }

    fn authorization(&self, access_key_id: &str, access_key_secret: &str) -> String {
        let to_sign = format!("{ALGORITHM}\n{}", sha256_hex(self.canonical_request().as_bytes()));
        let signature = hex(&hmac_sha256(access_key_secret.as_bytes(), to_sign.as_bytes()));
        format!(
            "{ALGORITHM} Credential={access_key_id},SignedHeaders={},Signature={signature}",
            self.signed_headers()
        )
    }
}

/// The result stands in `Code`, with HTTP 200 as well as with 4xx and 5xx.
fn judge(answer: &Answer) -> Result<(), SmsError> {
    let Ok(Verdict { code }) = serde_json::from_slice(&answer.body) else {
        return Err(match answer.status {
            200..=299 => SmsError::Unavailable,
            status => by_status(status),
        });
    };
    match code.as_str() {
        "OK" if answer.status == 200 => Ok(()),
        limit if is_limit(limit) => Err(SmsError::Limited),
        // The service's own trouble, or the account's door closed for a moment.
        "isp.SYSTEM_ERROR" | "isp.GATEWAY_ERROR" | "isp.UNKNOWN" | "InternalError" | "ServiceUnavailable" => {
            Err(SmsError::Unavailable)
        }
        _ if answer.status >= 500 => Err(SmsError::Unavailable),
        code => Err(refused(code)),
    }
}

/// Per phone and minute, hour or day; per account and day or month; and calls per second.
fn is_limit(code: &str) -> bool {
    const LIMITS: [&str; 5] = [
        "BUSINESS_LIMIT_CONTROL",
        "DAY_LIMIT_CONTROL",
        "MONTH_LIMIT_CONTROL",
        "BUSINESS_LIMIT_HOUR",
        "BUSINESS_LIMIT_DAY",
    ];
    let bare = code.strip_prefix("isv.").unwrap_or(code);
    LIMITS.iter().any(|limit| bare.starts_with(limit)) || bare.starts_with("Throttling")
}

/// Mainland numbers go bare, others as country code and number, without a plus sign.
fn number(phone: &str) -> String {
    phone.strip_prefix("+86").or_else(|| phone.strip_prefix('+')).unwrap_or(phone).to_owned()
}

/// Sorted by name, names and values percent-encoded by RFC 3986.
fn canonical_query(parameters: &[(&str, &str)]) -> String {
    let mut parameters: Vec<_> =
        parameters.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    parameters.sort_unstable();
    parameters.join("&")
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn date(now: Millis) -> Result<String, SmsError> {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    OffsetDateTime::from_unix_timestamp(now.seconds())
        .ok()
        .and_then(|instant| instant.format(format).ok())
        .ok_or_else(|| refused("clock"))
}
