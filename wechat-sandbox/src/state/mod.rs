//! Everything the sandbox remembers, as a pure value: accounts, people, menus, templates, messages,
//! tokens, authorizations, SMS.
//! No clock, no chance and no file in here: a [`Change`] carries the moment and the random parts, so that replaying
//! the journal gives the same state. Read by every handler, changed only through the ledger.

mod access_token;
mod account;
mod authorization;
mod change;
mod crowd;
mod menu;
mod message;
mod openid;
mod people;
mod person;
mod qr_code;
mod sms;
mod template;
mod usage;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use access_token::{AccountTokens, FamilyName, StableAnswer, Standing, TOKEN_LIFE, TokenLife};
pub(crate) use account::{Account, AccountStanding, Mode, RateLimit};
pub(crate) use authorization::{Code, CodeStanding, RefreshStanding, Scope, UserToken};
pub(crate) use change::Change;
pub(crate) use crowd::{Crowd, Member};
pub(crate) use menu::{Action, Button, Entry, Menu};
pub(crate) use message::{Message, Payload, Sending};
pub(crate) use openid::Openids;
pub(crate) use people::People;
pub(crate) use person::{Person, Relation};
pub(crate) use qr_code::{KEY as QR_KEY, QrCode, is_link_of_qr_code};
pub(crate) use sms::Sms;
pub(crate) use template::{Part, TEMPLATES_IN_USE, Template};
pub(crate) use usage::DAILY_SENDS;

/// All that outlives a restart.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// Service accounts by appid.
    pub(crate) accounts: BTreeMap<String, Account>,
    /// The people, in the order in which they came.
    pub(crate) people: People,
    /// The custom menus of the accounts.
    pub(crate) menus: menu::Menus,
    /// The message templates of the accounts.
    pub(crate) templates: template::Templates,
    /// The template messages that were taken on.
    pub(crate) messages: message::Messages,
    /// What the accounts have used of their daily numbers.
    pub(crate) usages: usage::Usages,
    /// The parametric QR codes of the accounts.
    pub(crate) qr_codes: qr_code::QrCodes,
    /// The server credentials of each account, by appid.
    pub(crate) tokens: BTreeMap<String, AccountTokens>,
    /// Codes and user tokens of web authorization.
    pub(crate) authorizations: authorization::Authorizations,
    /// The SMS gateway's inbox.
    pub(crate) sms: sms::Inbox,
}

impl State {
    /// What makes the openids of each account.
    pub(crate) fn openids(&self) -> Vec<Openids<'_>> {
        self.accounts.keys().map(|appid| Openids::of(appid)).collect()
    }

    /// Makes a change that has been decided. Never fails: what no longer applies is ignored.
    pub(crate) fn apply(&mut self, change: Change) {
        match change {
            Change::Snapshot(state) => {
                *self = *state;
                self.people.index(self.accounts.keys());
                self.messages.index();
            }
            Change::AccountRegistered(account) => {
                self.people.know_account(&account.appid);
                self.accounts.insert(account.appid.clone(), account);
            }
            Change::PersonJoined { id, nickname, at } => {
                self.people.join(Person::new(id, nickname, at));
            }
            Change::CrowdCame(crowd) => self.people.come(crowd),
            Change::Followed { person, appid, scene, at } => self.people.follow(&person, &appid, scene, at),
            Change::Unfollowed { person, appid } => self.people.unfollow(&person, &appid),
            Change::Blocked { person, appid, template_id } => {
                if let Some(relation) = self.people.relation_mut(&person, &appid) {
                    relation.block(template_id);
                }
            }
            Change::Unblocked { person, appid, template_id } => {
                if let Some(relation) = self.people.relation_mut(&person, &appid) {
                    relation.unblock(template_id.as_deref());
                }
            }
            Change::TemplatesSet { appid, templates } => self.templates.set(appid, templates),
            Change::TemplateAdded { appid, template } => self.templates.add(appid, template),
            Change::TemplateDeleted { appid, template_id } => self.templates.remove(&appid, &template_id),
            Change::MessageSent { message, payload } => self.take_on(message, payload),
            Change::DuplicateDropped { appid, at } => {
                self.messages.duplicates_dropped += 1;
                self.usages.count(&appid, at);
            }
            Change::QuotaCleared { appid, at } => self.usages.clear(appid, at),
            Change::QrCodeMade(code) => self.qr_codes.make(code),
            Change::MenuCreated { appid, buttons } => self.menus.create(appid, buttons),
            Change::MenuDeleted { appid } => self.menus.delete(&appid),
            Change::TokenIssued { appid, family, token, forced, at } => {
                self.tokens.entry(appid).or_default().issue(family, token, forced, at);
            }
            Change::TokensEnded { appid, forgotten } => {
                if let Some(tokens) = self.tokens.get_mut(&appid) {
                    tokens.end(forgotten);
                }
            }
            Change::CodeIssued { code, record } => self.authorizations.issue_code(code, record),
            Change::CodeExchanged { code, access_token, refresh_token, at } => {
                self.authorizations.exchange(&code, access_token, refresh_token, at);
            }
            Change::UserTokenRefreshed { old_refresh_token, access_token, refresh_token, at } => {
                self.authorizations.refresh(&old_refresh_token, access_token, refresh_token, at);
            }
            Change::SmsAccepted(sms) => self.sms.accept(sms),
            Change::Reset => *self = Self::default(),
        }
    }

    fn take_on(&mut self, message: Message, payload: Option<Payload>) {
        let at = message.at;
        if let Some(appid) = self.messages.take_on(message, payload) {
            self.usages.count(appid, at);
        }
    }
}
