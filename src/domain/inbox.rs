//! Inboxes: what registered people are told on the web and in the mobile app.

use std::collections::BTreeMap;

use super::clock::Millis;
use super::ids::{AccountId, AppId, DeliveryId, OrgId};
use super::notification::Channel;

/// What an item of an inbox is: the channels that end there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboxKind {
    /// A message.
    StationMessage,
    /// Something to approve.
    Approval,
    /// A form to fill in.
    FillIn,
}

impl InboxKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::StationMessage, Self::Approval, Self::FillIn];

    /// The channel that it comes by.
    pub fn channel(self) -> Channel {
        match self {
            Self::StationMessage => Channel::StationMessage,
            Self::Approval => Channel::Approval,
            Self::FillIn => Channel::FillIn,
        }
    }

    /// What comes by a channel; nothing by one that ends elsewhere.
    pub fn of_channel(channel: Channel) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.channel() == channel)
    }
}

/// Leave to look into one account's inbox: at what came from these organizations, in which the account is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxScope {
    /// Whose inbox.
    pub account: AccountId,
    /// From where, in order of their ids; what came from elsewhere is not shown.
    pub organizations: Vec<OrgId>,
}

/// What stands in an inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxItem {
    /// The delivery by which it came.
    pub id: DeliveryId,
    /// What it is.
    pub kind: InboxKind,
    /// The app that sent it.
    pub app: (AppId, String),
    /// The app's organization.
    pub organization: (OrgId, String),
    /// A word for the client, if any.
    pub template: Option<String>,
    /// The fields.
    pub data: BTreeMap<String, String>,
    /// What a tap opens.
    pub url: Option<String>,
    /// When it came.
    pub created_at: Millis,
    /// When it was read.
    pub read_at: Option<Millis>,
}
