//! One pretend person, and how they stand to each account.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Openids;
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

    /// Takes back what [`Relation::block`] did.
    pub(super) fn unblock(&mut self, template_id: Option<&str>) {
        match template_id {
            Some(template) => {
                self.refused_templates.remove(template);
            }
            None => self.blocks_account = false,
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
        Openids::of(appid).person(&self.id)
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
