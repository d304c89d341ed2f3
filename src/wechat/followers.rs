//! Who follows the service account: one person, a hundred, or all of them page by page.

use std::fmt;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::clock::Millis;

use super::client::{Credentials, WeChat};
use super::error::{NetworkFailure, WeChatError};
use super::oauth::is_openid;

/// Most people whose details are given in one answer.
const BATCH_LIMIT: usize = 100;

/// Which of WeChat's languages places and names would be in; nothing that is read here depends on it.
const LANGUAGE: &str = "zh_CN";

/// Whether a person follows the service account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followership {
    /// Only followers can receive template messages.
    pub follows: bool,
    /// Since when, to the second; only known of followers.
    pub since: Option<Millis>,
}

/// A page of the list of all followers.
#[derive(Clone, PartialEq, Eq)]
pub struct FollowerPage {
    /// How many people follow the account at this moment.
    pub total: u64,
    /// At most 10,000 of them.
    pub openids: Vec<String>,
    /// What to ask for next; none when the list is over.
    pub next: Option<String>,
}

/// At most a hundred openids, which is what WeChat answers at once; only [`OpenidBatch::split`] makes one.
#[derive(Clone, Copy)]
pub struct OpenidBatch<'a>(&'a [String]);

/// What WeChat tells of one person; of somebody who does not follow, nothing but that.
#[derive(Clone, PartialEq, Eq)]
pub struct FollowerDetails {
    /// The person's name within this service account.
    pub openid: String,
    /// Only followers can receive template messages.
    pub follows: bool,
    /// Since when, to the second.
    pub followed_at: Option<Millis>,
    /// How the person came: `ADD_SCENE_SEARCH`, `ADD_SCENE_QR_CODE`, …
    pub scene: Option<String>,
    /// What the parametric QR code that led here stands for.
    pub qr_scene: Option<String>,
    /// The person's name across the accounts of one owner, where WeChat tells it.
    pub unionid: Option<String>,
    /// The language of the person's WeChat; WeChat has left it empty since 2021.
    pub language: Option<String>,
    /// What the account's operators call the person.
    pub remark: Option<String>,
}

impl fmt::Debug for FollowerPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowerPage")
            .field("total", &self.total)
            .field("count", &self.openids.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FollowerDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowerDetails")
            .field("follows", &self.follows)
            .field("followed_at", &self.followed_at)
            .field("scene", &self.scene)
            .finish_non_exhaustive()
    }
}

impl<'a> OpenidBatch<'a> {
    /// All of `openids`, in batches of a hundred and a rest; none when there are none.
    pub fn split(openids: &'a [String]) -> impl Iterator<Item = Self> {
        openids.chunks(BATCH_LIMIT).map(Self)
    }
}

#[derive(Deserialize)]
struct ListAnswer {
    #[serde(default)]
    total: u64,
    data: Option<ListData>,
    next_openid: Option<String>,
}

#[derive(Default, Deserialize)]
struct ListData {
    #[serde(default)]
    openid: Vec<String>,
}

#[derive(Deserialize)]
struct BatchAnswer {
    user_info_list: Vec<UserInfo>,
}

#[derive(Deserialize)]
struct UserInfo {
    #[serde(default)]
    openid: String,
    #[serde(default)]
    subscribe: u8,
    subscribe_time: Option<i64>,
    subscribe_scene: Option<String>,
    qr_scene_str: Option<String>,
    qr_scene: Option<Value>,
    unionid: Option<String>,
    language: Option<String>,
    remark: Option<String>,
}

impl WeChat {
    /// Asks whether `openid` follows the account; a refused access token is repaired once.
    ///
    /// # Errors
    /// WeChat's refusal, or that it cannot be reached; asking again is always safe.
    pub async fn follower(
        &self,
        credentials: &Credentials,
        openid: &str,
    ) -> Result<Followership, WeChatError> {
        let query = [("openid", openid), ("lang", LANGUAGE)];
        let info: UserInfo = self.get_as_account(credentials, "/cgi-bin/user/info", &query).await?;
        Ok(Followership { follows: info.follows(), since: info.followed_at() })
    }

    /// A page of the list of all followers: the first one, or the one after `next` of the page before.
    ///
    /// WeChat allows 500 of these calls a day.
    ///
    /// # Errors
    /// WeChat's refusal (40003 for a `next` that is nobody's), or that it cannot be reached; asking again is always safe.
    pub async fn follower_page(
        &self,
        credentials: &Credentials,
        next: Option<&str>,
    ) -> Result<FollowerPage, WeChatError> {
        let query: Vec<_> = next.map(|openid| ("next_openid", openid)).into_iter().collect();
        let answer: ListAnswer = self.get_as_account(credentials, "/cgi-bin/user/get", &query).await?;
        let listed = answer.data.unwrap_or_default().openid;
        // WeChat's own example begins with an empty openid.
        let openids: Vec<_> = listed.into_iter().filter(|openid| !openid.is_empty()).collect();
        let following = answer.next_openid.filter(|openid| !openid.is_empty() && !openids.is_empty());
        // A page that leads to itself would be read for ever.
        let leads_back = following.is_some() && following.as_deref() == next;
        if leads_back || !openids.iter().chain(&following).all(|openid| is_openid(openid)) {
            return Err(WeChatError::Network(NetworkFailure::Body));
        }
        Ok(FollowerPage { total: answer.total, openids, next: following })
    }

    /// What WeChat tells of a hundred people at once; who does not follow is among them.
    ///
    /// # Errors
    /// WeChat's refusal (40003 when one of them is nobody), or that it cannot be reached; asking again is always safe.
    pub async fn follower_details(
        &self,
        credentials: &Credentials,
        people: OpenidBatch<'_>,
    ) -> Result<Vec<FollowerDetails>, WeChatError> {
        let people: Vec<_> =
            people.0.iter().map(|openid| json!({"openid": openid, "lang": LANGUAGE})).collect();
        let body = json!({"user_list": people});
        let answer: BatchAnswer =
            self.post_as_account(credentials, "/cgi-bin/user/info/batchget", &body).await?;
        if !answer.user_info_list.iter().all(|info| is_openid(&info.openid)) {
            return Err(WeChatError::Network(NetworkFailure::Body));
        }
        Ok(answer.user_info_list.into_iter().map(UserInfo::details).collect())
    }
}

impl UserInfo {
    fn follows(&self) -> bool {
        self.subscribe == 1
    }

    fn followed_at(&self) -> Option<Millis> {
        self.subscribe_time.filter(|_| self.follows()).map(|seconds| Millis(seconds.saturating_mul(1000)))
    }

    fn details(self) -> FollowerDetails {
        let (follows, followed_at) = (self.follows(), self.followed_at());
        // Without `subscribe` nothing else in the answer means anything.
        let told = |text: Option<String>| text.filter(|text| follows && !text.is_empty());
        FollowerDetails {
            openid: self.openid,
            follows,
            followed_at,
            scene: told(self.subscribe_scene),
            qr_scene: told(self.qr_scene_str.filter(|text| !text.is_empty()).or(number(self.qr_scene))),
            unionid: told(self.unionid).filter(|unionid| is_openid(unionid)),
            language: told(self.language),
            remark: told(self.remark),
        }
    }
}

/// A scene that is a number; 0 is none.
fn number(scene: Option<Value>) -> Option<String> {
    scene?.as_u64().filter(|&number| number != 0).map(|number| number.to_string())
}
