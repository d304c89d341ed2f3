//! `[sms]`: how verification codes are sent.

use std::str::FromStr;

use super::values::Values;
use super::wechat::BASE_WANTED;
use super::{BaseUrl, ConfigError, Secret};

/// Who sends verification codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsProvider {
    /// The log: for trials.
    Console,
    /// A gateway of one's own.
    Http,
    /// Alibaba Cloud.
    Aliyun,
    /// Tencent Cloud.
    Tencent,
}

impl FromStr for SmsProvider {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "console" => Ok(Self::Console),
            "http" => Ok(Self::Http),
            "aliyun" => Ok(Self::Aliyun),
            "tencent" => Ok(Self::Tencent),
            _ => Err(()),
        }
    }
}

/// The section `sms`. The parts of providers that are not chosen may be empty.
#[derive(Debug, Clone)]
pub struct Sms {
    /// Who sends.
    pub provider: SmsProvider,
    /// Country codes that may get codes, such as `+86`.
    pub allowed_countries: Vec<CountryCode>,
    /// The text with `{app}`, `{code}` and `{minutes}`.
    pub text: String,
    /// A gateway of one's own.
    pub http: SmsHttp,
    /// Alibaba Cloud.
    pub aliyun: SmsAliyun,
    /// Tencent Cloud.
    pub tencent: SmsTencent,
}

/// The section `sms.http`.
#[derive(Debug, Clone)]
pub struct SmsHttp {
    /// Where orders are posted; set when this provider is chosen.
    pub url: Option<BaseUrl>,
    /// Signs the orders.
    pub secret: Secret,
}

/// The section `sms.aliyun`.
#[derive(Debug, Clone)]
pub struct SmsAliyun {
    /// `AccessKey` ID.
    pub access_key_id: String,
    /// `AccessKey` secret.
    pub access_key_secret: Secret,
    /// The approved signature.
    pub sign_name: String,
    /// Code of the approved template.
    pub template_code: String,
    /// What calls are built on.
    pub endpoint: BaseUrl,
}

/// The section `sms.tencent`.
#[derive(Debug, Clone)]
pub struct SmsTencent {
    /// `SecretId`.
    pub secret_id: String,
    /// `SecretKey`.
    pub secret_key: Secret,
    /// SDK app id of the SMS application.
    pub sdk_app_id: String,
    /// The approved signature.
    pub sign_name: String,
    /// Id of the approved template.
    pub template_id: String,
    /// Region in which the call is made.
    pub region: String,
    /// What calls are built on.
    pub endpoint: BaseUrl,
}

impl Sms {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("sms");
        let sms = Self {
            provider: section.parse("provider", "\"console\", \"http\", \"aliyun\" or \"tencent\"")?,
            allowed_countries: section.parse_list("allowed_countries", "country codes, such as +86")?,
            text: section.text("text")?,
            http: SmsHttp {
                url: section.parse_unless_empty("http.url", BASE_WANTED)?,
                secret: section.secret("http.secret")?,
            },
            aliyun: SmsAliyun {
                access_key_id: section.text("aliyun.access_key_id")?,
                access_key_secret: section.secret("aliyun.access_key_secret")?,
                sign_name: section.text("aliyun.sign_name")?,
                template_code: section.text("aliyun.template_code")?,
                endpoint: section.parse("aliyun.endpoint", BASE_WANTED)?,
            },
            tencent: SmsTencent {
                secret_id: section.text("tencent.secret_id")?,
                secret_key: section.secret("tencent.secret_key")?,
                sdk_app_id: section.text("tencent.sdk_app_id")?,
                sign_name: section.text("tencent.sign_name")?,
                template_id: section.text("tencent.template_id")?,
                region: section.text("tencent.region")?,
                endpoint: section.parse("tencent.endpoint", BASE_WANTED)?,
            },
        };
        sms.validate()?;
        Ok(sms)
    }

    /// Checks that somebody can get a code, that the text holds it, and that the chosen provider has all it needs.
    ///
    /// # Errors
    /// Names the first key that is missing.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.allowed_countries.is_empty() {
            return Err(ConfigError::new(
                "sms.allowed_countries",
                "must name at least one country code, such as +86",
            ));
        }
        if !self.text.contains("{code}") {
            return Err(ConfigError::new("sms.text", "must hold {code}, where the verification code goes"));
        }
        let (name, required) = self.required();
        match required.into_iter().find(|(_, missing)| *missing) {
            None => Ok(()),
            Some((key, _)) => {
                Err(ConfigError::new(key, format!("must be set while sms.provider is {name:?}")))
            }
        }
    }

    /// The chosen provider, its keys, and whether each of them is missing.
    fn required(&self) -> (&'static str, Vec<(&'static str, bool)>) {
        match self.provider {
            SmsProvider::Console => ("console", Vec::new()),
            SmsProvider::Http => (
                "http",
                vec![
                    ("sms.http.url", self.http.url.is_none()),
                    ("sms.http.secret", self.http.secret.is_empty()),
                ],
            ),
            SmsProvider::Aliyun => (
                "aliyun",
                vec![
                    ("sms.aliyun.access_key_id", self.aliyun.access_key_id.is_empty()),
                    ("sms.aliyun.access_key_secret", self.aliyun.access_key_secret.is_empty()),
                    ("sms.aliyun.sign_name", self.aliyun.sign_name.is_empty()),
                    ("sms.aliyun.template_code", self.aliyun.template_code.is_empty()),
                ],
            ),
            SmsProvider::Tencent => (
                "tencent",
                vec![
                    ("sms.tencent.secret_id", self.tencent.secret_id.is_empty()),
                    ("sms.tencent.secret_key", self.tencent.secret_key.is_empty()),
                    ("sms.tencent.sdk_app_id", self.tencent.sdk_app_id.is_empty()),
                    ("sms.tencent.sign_name", self.tencent.sign_name.is_empty()),
                    ("sms.tencent.template_id", self.tencent.template_id.is_empty()),
                    ("sms.tencent.region", self.tencent.region.is_empty()),
                ],
            ),
        }
    }
}

/// A country code of the telephone network: a plus sign and 1 to 3 digits (ITU-T E.164).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountryCode(String);

impl CountryCode {
    /// The code with its plus sign.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CountryCode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix('+').ok_or(())?;
        let fine = matches!(digits.len(), 1..=3)
            && !digits.starts_with('0')
            && digits.bytes().all(|d| d.is_ascii_digit());
        if fine { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}
