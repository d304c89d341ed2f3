//! Tencent Cloud's SMS service: `SendSms` of 2021-01-11, signed by TC3-HMAC-SHA256.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::domain::clock::{Clock, Millis};

use super::delivery::{Answer, authority, by_status, deliver, hex, hmac_sha256, refused, sha256_hex};
use super::{CodeMessage, SmsError};

/// Where the service is.
pub const ENDPOINT: &str = "https://sms.tencentcloudapi.com";

/// The region that sends to the mainland.
pub const REGION: &str = "ap-guangzhou";

const ACTION: &str = "SendSms";
const VERSION: &str = "2021-01-11";
const SERVICE: &str = "sms";
const ALGORITHM: &str = "TC3-HMAC-SHA256";
const CONTENT_TYPE: &str = "application/json; charset=utf-8";
const SIGNED_HEADERS: &str = "content-type;host;x-tc-action";

/// What the account, its app and its approved texts are.
#[derive(Debug, Clone)]
pub struct TencentSettings {
    /// The key's public half.
    pub secret_id: String,
    /// The key's secret half.
    pub secret_key: SecretString,
    /// The SMS application, as the console shows it.
    pub sdk_app_id: String,
    /// The approved signature that stands in front of the text.
    pub sign_name: String,
    /// The approved template; its one variable `{1}` is the code.
    pub template_id: String,
    /// [`REGION`] unless the account says otherwise.
    pub region: String,
    /// Without a path; [`ENDPOINT`] unless something stands in.
    pub endpoint: String,
}

/// Calls the service.
#[derive(Clone)]
pub struct Gateway {
    settings: TencentSettings,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
}

impl Gateway {
    pub(super) fn new(settings: TencentSettings, http: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        Self { settings, http, clock }
    }

    pub(super) async fn send(&self, message: &CodeMessage<'_>) -> Result<(), SmsError> {
        let settings = &self.settings;
        let body = serde_json::json!({
            "PhoneNumberSet": [message.phone],
            "SmsSdkAppId": settings.sdk_app_id,
            "SignName": settings.sign_name,
            "TemplateId": settings.template_id,
            "TemplateParamSet": [message.code],
            "SessionContext": message.id,
        })
        .to_string();
        let url =
            reqwest::Url::parse(settings.endpoint.trim_end_matches('/')).map_err(|_| refused("endpoint"))?;
        let timestamp = self.clock.now();
        let call = Call {
            host: &authority(&url),
            service: SERVICE,
            action: ACTION,
            timestamp: timestamp.seconds(),
            date: &date(timestamp)?,
            body: &body,
        };
        let authorization = call.authorization(&settings.secret_id, settings.secret_key.expose_secret());
        let request = self
            .http
            .post(url)
            .header("Content-Type", CONTENT_TYPE)
            .header("X-TC-Action", ACTION)
            .header("X-TC-Version", VERSION)
            .header("X-TC-Region", &settings.region)
            .header("X-TC-Timestamp", call.timestamp)
            .header("Authorization", authorization)
            .body(body.clone());
        judge(&deliver(request).await?)
    }
}

/// One call, in the parts that its signature covers.
struct Call<'a> {
    host: &'a str,
    service: &'a str,
    action: &'a str,
    timestamp: i64,
    date: &'a str,
    body: &'a str,
}

impl Call<'_> {
    /// Method, path, empty query, headers in lower case, their names and the body's hash, one per line.
    fn canonical_request(&self) -> String {
        let (host, action) = (self.host, self.action.to_ascii_lowercase());
        format!(
            "POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{host}\nx-tc-action:{action}\n\n{SIGNED_HEADERS}\n{}",
            sha256_hex(self.body.as_bytes())
        )
    }

    fn scope(&self) -> String {
        format!("{}/{}/tc3_request", self.date, self.service)
    }

    /// The key is derived for one day and one service.
    fn authorization(&self, secret_id: &str, secret_key: &str) -> String {
        let scope = self.scope();
        let hashed = sha256_hex(self.canonical_request().as_bytes());
        let to_sign = format!("{ALGORITHM}\n{}\n{scope}\n{hashed}", self.timestamp);
        let for_date = hmac_sha256(format!("TC3{secret_key}").as_bytes(), self.date.as_bytes());
        let for_service = hmac_sha256(&for_date, self.service.as_bytes());
        let signing_key = hmac_sha256(&for_service, b"tc3_request");
        let signature = hex(&hmac_sha256(&signing_key, to_sign.as_bytes()));
        format!(
            "{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={SIGNED_HEADERS}, Signature={signature}"
        )
    }
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "Response")]
    response: Response,
}

#[derive(Deserialize)]
struct Response {
    #[serde(rename = "Error")]
    error: Option<Verdict>,
    #[serde(rename = "SendStatusSet", default)]
    statuses: Vec<Verdict>,
}

#[derive(Deserialize)]
struct Verdict {
    #[serde(rename = "Code")]
    code: String,
}

/// HTTP 200 for nearly everything: an `Error` concerns the call, a status the one phone it was for.
fn judge(answer: &Answer) -> Result<(), SmsError> {
    let Ok(Envelope { response }) = serde_json::from_slice(&answer.body) else {
        return Err(match answer.status {
            200..=299 => SmsError::Unavailable,
            status => by_status(status),
        });
    };
    let verdict = response.error.as_ref().or_else(|| response.statuses.first());
    match verdict.map(|verdict| verdict.code.as_str()) {
        Some("Ok") if response.error.is_none() => Ok(()),
        Some(code) if is_limit(code) => Err(SmsError::Limited),
        Some(code) if code.starts_with("InternalError") || code == "ServiceUnavailable" => {
            Err(SmsError::Unavailable)
        }
        Some(code) => Err(refused(code)),
        None => Err(SmsError::Unavailable),
    }
}

/// Per phone and 30 seconds, hour or day; per account and day; and calls per second.
fn is_limit(code: &str) -> bool {
    let family = code.split('.').next().unwrap_or_default();
    // More numbers in one call than allowed is our mistake, not a frequency.
    let ours = code == "LimitExceeded.PhoneNumberCountLimit";
    matches!(family, "LimitExceeded" | "RequestLimitExceeded") && !ours
}

/// The day in UTC, which the key is derived for.
fn date(now: Millis) -> Result<String, SmsError> {
    OffsetDateTime::from_unix_timestamp(now.seconds())
        .ok()
        .and_then(|instant| instant.format(format_description!("[year]-[month]-[day]")).ok())
        .ok_or_else(|| refused("clock"))
}
