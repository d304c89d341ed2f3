//! One pretend person, and how they stand to each account.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::instant::Millis;

/// How a person stands to one account.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Relation {
    /// Whether they follow now.
    pub(crate) following: bool,
    /// When they last began to follow.
    pub(crate) since: Millis,
    /// The place in the account's list of followers, in the order of following.
    pub(crate) place: u64,
    /// The scene of the parametric QR code that brought them.
    pub(crate) scene: Option<String>,
    /// Whether they refuse everything from the account.
    pub(crate) blocks_account: bool,
    /// The templates they refuse.
    pub(crate) refused_templates: BTreeSet<String>,
}

impl Relation {
    /// Refuses one template, or everything when none is named.
    pub(super) fn block(&mut self, template_id: Option<String>) {
        match template_id {
            Some(template) => {
                self.refused_templates.insert(template);
            }
            None => self.blocks_account = true,
        }
    }
}

/// A pretend person.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) nickname: String,
    pub(crate) joined_at: Millis,
    /// By appid; an account they never had to do with is absent.
    pub(crate) relations: BTreeMap<String, Relation>,
}

impl Person {
    pub(super) fn new(id: String, nickname: String, joined_at: Millis) -> Self {
        Self { id, nickname, joined_at, relations: BTreeMap::new() }
    }

    /// The openid by which this account knows them.
    pub(crate) fn openid(&self, appid: &str) -> String {
        openid(appid, &self.id)
    }

    /// Whether they follow the account.
    pub(crate) fn follows(&self, appid: &str) -> bool {
        self.relations.get(appid).is_some_and(|relation| relation.following)
    }

    /// The accounts they follow.
    pub(crate) fn following(&self) -> impl Iterator<Item = &str> {
        self.relations.iter().filter(|(_, relation)| relation.following).map(|(appid, _)| appid.as_str())
    }
}

/// 28 characters: an `o`, five that are the account's, as with WeChat's own, and 22 for the person.
/// Computed, not stored, so that accounts registered later need no list of people.
pub(super) fn openid(appid: &str, person: &str) -> String {
    let account = URL_SAFE_NO_PAD.encode(Sha256::digest(appid.as_bytes()));
    let within = URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{appid} {person}").as_bytes()));
    format!("o{}{}", &account[..5], &within[..22])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openids_have_wechats_shape_and_differ_by_account() {
        let one = openid("wx0123456789abcdef", "per_1");
        assert_eq!(one.len(), 28);
        assert!(one.starts_with('o'));
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert_ne!(one, openid("wx0123456789abcdef", "per_2"));
        assert_ne!(one, openid("wxfedcba9876543210", "per_1"));
        assert_eq!(one, openid("wx0123456789abcdef", "per_1"), "the same for ever");
    }
}
