//! Web authorization: the page the phone opens, the code it brings back, and the profile if it was granted.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::client::{Credentials, WeChat, within_deadline};
use super::error::{Class, Interface, NetworkFailure, WeChatError};

/// Pause before a code is offered a second time, which may be done once and within a second.
const SECOND_OFFER_AFTER: Duration = Duration::from_millis(300);

/// Longest nickname that is kept, in characters; WeChat's own are far shorter.
const NICKNAME_LIMIT: usize = 64;

/// Longest picture address that is kept, in bytes.
const AVATAR_URL_LIMIT: usize = 512;

/// How much the person is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Silent: the openid only.
    Base,
    /// Asks the person: nickname and picture too.
    UserInfo,
}

impl Scope {
    /// WeChat's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base => "snsapi_base",
            Self::UserInfo => "snsapi_userinfo",
        }
    }
}

/// What a code was worth: who the person is to this service account.
#[derive(Clone)]
pub struct Authorization {
    /// The person's name within this service account, follower or not.
    pub openid: String,
    /// The person's own token, good for the profile and nothing else.
    pub user_token: SecretString,
    /// What was granted, in WeChat's names.
    pub scope: String,
    /// The person's name across the accounts of one owner, where WeChat tells it.
    pub unionid: Option<String>,
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// What a person shows of herself; either may be missing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Without control characters, at most 64 characters.
    pub nickname: Option<String>,
    /// An http or https address on WeChat's servers; it stops working when the person changes the picture.
    pub avatar_url: Option<String>,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct CodeAnswer {
    access_token: SecretString,
    openid: String,
    #[serde(default)]
    scope: String,
    unionid: Option<String>,
    is_snapshotuser: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct ProfileAnswer {
    nickname: Option<String>,
    headimgurl: Option<String>,
}

impl WeChat {
    /// The page that asks the person; the parameters stand in the one order that WeChat accepts: it matches the link by pattern.
    ///
    /// `state` is at most 128 characters of `[A-Za-z0-9]`.
    pub fn authorize_url(&self, appid: &str, redirect_uri: &str, scope: Scope, state: &str) -> String {
        format!(
            "{}/connect/oauth2/authorize?appid={}&redirect_uri={}&response_type=code&scope={}&state={}#wechat_redirect",
            self.open_url(),
            percent_encoded(appid),
            percent_encoded(redirect_uri),
            scope.as_str(),
            percent_encoded(state),
        )
    }

    /// Trades a code for the person's openid; a code is good once and for five minutes.
    ///
    /// # Errors
    /// `SnapshotUser` for a virtual person; advice `Reauthorize` for a code that is used, late or foreign.
    pub async fn exchange_code(
        &self,
        credentials: &Credentials,
        code: &str,
    ) -> Result<Authorization, WeChatError> {
        let answer = within_deadline(async {
            match self.offer_code(credentials, code).await {
                Err(busy) if busy.class() == Some(Class::Transient) => {
                    tokio::time::sleep(SECOND_OFFER_AFTER).await;
                    self.offer_code(credentials, code).await
                }
                other => other,
            }
        })
        .await?;
        if answer.is_snapshotuser.as_ref().is_some_and(is_set) {
            return Err(WeChatError::SnapshotUser);
        }
        if !is_openid(&answer.openid) {
            return Err(WeChatError::Network(NetworkFailure::Body));
        }
        Ok(Authorization {
            openid: answer.openid,
            user_token: answer.access_token,
            scope: answer.scope,
            unionid: answer.unionid.filter(|unionid| is_openid(unionid)),
        })
    }

    async fn offer_code(&self, credentials: &Credentials, code: &str) -> Result<CodeAnswer, WeChatError> {
        let query = [
            ("appid", credentials.appid.as_str()),
            ("secret", credentials.secret.expose_secret()),
            ("code", code),
            ("grant_type", "authorization_code"),
        ];
        self.get("/sns/oauth2/access_token", &query, Interface::Person).await
    }

    /// Nickname and picture in the language `lang` (`zh_CN`, `zh_TW` or `en`).
    ///
    /// # Errors
    /// `ScopeTooNarrow` without asking when the profile was not granted; `SnapshotUser` for a virtual person.
    pub async fn user_profile(
        &self,
        authorization: &Authorization,
        lang: &str,
    ) -> Result<Profile, WeChatError> {
        if !authorization.scope.split([',', ' ']).any(|granted| granted == Scope::UserInfo.as_str()) {
            return Err(WeChatError::ScopeTooNarrow);
        }
        let query = [
            ("access_token", authorization.user_token.expose_secret()),
            ("openid", authorization.openid.as_str()),
            ("lang", lang),
        ];
        match self.get::<ProfileAnswer>("/sns/userinfo", &query, Interface::Person).await {
            Ok(answer) => Ok(Profile {
                nickname: answer.nickname.and_then(|name| presentable(&name)),
                avatar_url: answer.headimgurl.filter(|url| is_picture(url)),
            }),
            // The scope was granted, so this is the other meaning of 48001.
            Err(refused) if refused.errcode() == Some(48_001) => Err(WeChatError::SnapshotUser),
            Err(other) => Err(other),
        }
    }
}

/// The marker has been seen as a number; a change of its JSON type must not let a virtual person in.
fn is_set(marker: &serde_json::Value) -> bool {
    match marker {
        serde_json::Value::Null | serde_json::Value::Bool(false) => false,
        serde_json::Value::Number(number) => number.as_f64() != Some(0.0),
        serde_json::Value::String(text) => !text.is_empty() && text != "0",
        _ => true,
    }
}

/// The shape of openids and unionids, wide enough for any that WeChat may invent: today 28 characters.
pub(super) fn is_openid(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn presentable(name: &str) -> Option<String> {
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(NICKNAME_LIMIT).collect();
    (!name.is_empty()).then_some(name)
}

fn is_picture(url: &str) -> bool {
    url.len() <= AVATAR_URL_LIMIT && (url.starts_with("https://") || url.starts_with("http://"))
}

/// RFC 3986: everything but the unreserved characters, byte by byte.
fn percent_encoded(text: &str) -> String {
    use fmt::Write as _;
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
