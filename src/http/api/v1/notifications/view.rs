//! How a notification is shown.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::clock::Millis;
use crate::domain::notification::{
    Channel as KnownChannel, Counts, Notification as Known, Outbox, Pause, Priority as KnownPriority,
};
use crate::domain::progress::Progress;
use crate::http::site::Site;
use crate::store::StoreError;

use super::audience::Audience;

/// How a notification reaches people.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Channel {
    /// A template message of the service account.
    Wechat,
    /// A message in the inbox of members and collaborators.
    StationMessage,
    /// An approval in the inbox.
    Approval,
    /// A form in the inbox.
    FillIn,
}

impl From<Channel> for KnownChannel {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Wechat => Self::Wechat,
            Channel::StationMessage => Self::StationMessage,
            Channel::Approval => Self::Approval,
            Channel::FillIn => Self::FillIn,
        }
    }
}

impl From<KnownChannel> for Channel {
    fn from(channel: KnownChannel) -> Self {
        match channel {
            KnownChannel::Wechat => Self::Wechat,
            KnownChannel::StationMessage => Self::StationMessage,
            KnownChannel::Approval => Self::Approval,
            KnownChannel::FillIn => Self::FillIn,
        }
    }
}

/// What goes first.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Priority {
    /// Before everything else; a share of the day's quota is kept for it.
    Urgent,
    /// In its turn.
    #[default]
    Normal,
    /// When nothing else waits.
    Bulk,
}

impl From<Priority> for KnownPriority {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::Urgent => Self::Urgent,
            Priority::Normal => Self::Normal,
            Priority::Bulk => Self::Bulk,
        }
    }
}

impl From<KnownPriority> for Priority {
    fn from(priority: KnownPriority) -> Self {
        match priority {
            KnownPriority::Urgent => Self::Urgent,
            KnownPriority::Normal => Self::Normal,
            KnownPriority::Bulk => Self::Bulk,
        }
    }
}

/// How many deliveries are in which state.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(super) struct DeliveryCounts {
    /// Waiting.
    pending: i32,
    /// Being sent.
    sending: i32,
    /// Taken by WeChat.
    sent: i32,
    /// Arrived.
    delivered: i32,
    /// Taken by WeChat and not delivered, as its receipt says.
    rejected: i32,
    /// Not sent, for a reason that was known before.
    skipped: i32,
    /// Not sent, and not tried again.
    failed: i32,
    /// Perhaps sent, and too old to repeat safely: they wait for a person.
    uncertain: i32,
}

impl From<Counts> for DeliveryCounts {
    fn from(counts: Counts) -> Self {
        let Counts { pending, sending, sent, delivered, rejected, skipped, failed, uncertain } = counts;
        Self { pending, sending, sent, delivered, rejected, skipped, failed, uncertain }
    }
}

/// A notification.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Notification {
    /// Its id.
    id: String,
    /// `queued`, `expanding` (being spread over its audience), `sending`, `done`, `cancelled`; or `paused` while something holds it
    /// up, which `reason` names.
    #[schema(pattern = "^(queued|expanding|sending|paused|done|cancelled)$")]
    state: String,
    /// Why it is paused, or why the rest of it was not sent, as a stable word: `daily_quota`, `template_gone`, `restored` (a
    /// backup was put back), …
    reason: Option<String>,
    /// When it goes on by itself, at the latest, while it is paused.
    #[schema(format = DateTime)]
    resumes_at: Option<String>,
    /// How many deliveries are in which state; of a notification that is being spread, those that there are so far.
    counts: DeliveryCounts,
    /// How it reaches people.
    channel: Channel,
    /// WeChat's id of the template; for inboxes a word for the client, if any.
    template: Option<String>,
    /// What goes first.
    priority: Priority,
    /// The id of its app.
    app: String,
    /// Who is told.
    #[schema(value_type = Audience)]
    audience: Value,
    /// What a tap opens.
    url: Option<String>,
    /// Not before.
    #[schema(format = DateTime)]
    send_at: String,
    /// Not after.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// When it was ordered.
    #[schema(format = DateTime)]
    created_at: String,
    /// When nothing was left to send.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
}

/// What a stream of progress sends with each change: a whole snapshot.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct NotificationProgress {
    /// The notification's id.
    id: String,
    /// As in `Notification`.
    #[schema(pattern = "^(queued|expanding|sending|paused|done|cancelled)$")]
    state: String,
    /// As in `Notification`.
    reason: Option<String>,
    /// As in `Notification`.
    #[schema(format = DateTime)]
    resumes_at: Option<String>,
    /// As in `Notification`.
    counts: DeliveryCounts,
}

impl From<&Progress> for NotificationProgress {
    fn from(progress: &Progress) -> Self {
        Self {
            id: progress.id.to_string(),
            state: progress.state.to_owned(),
            reason: progress.reason.clone(),
            resumes_at: progress.resumes_at.map(Millis::rfc3339),
            counts: progress.counts.into(),
        }
    }
}

/// What holds up the outboxes of some notifications.
pub(super) struct Pauses {
    known: HashMap<Outbox, Option<Pause>>,
    now: Millis,
}

impl Pauses {
    /// Reads what holds these outboxes up.
    ///
    /// # Errors
    /// The database is away.
    pub(super) async fn of(
        site: &Site,
        outboxes: impl IntoIterator<Item = Outbox>,
    ) -> Result<Self, StoreError> {
        let mut known = HashMap::new();
        for outbox in outboxes {
            if let std::collections::hash_map::Entry::Vacant(place) = known.entry(outbox) {
                place.insert(site.admin.store().pause_of(outbox).await?);
            }
        }
        Ok(Self { known, now: site.admin.now() })
    }

    /// A notification as it is shown now.
    pub(super) fn view(&self, known: &Known) -> Notification {
        let pause = self.known.get(&known.outbox).and_then(Option::as_ref);
        let Progress { id, state, reason, resumes_at, counts, .. } = Progress::of(known, pause, self.now);
        Notification {
            id: id.to_string(),
            state: state.to_owned(),
            reason,
            resumes_at: resumes_at.map(Millis::rfc3339),
            counts: counts.into(),
            channel: known.channel.into(),
            template: known.template.clone(),
            priority: known.priority.into(),
            app: known.app.to_string(),
            audience: json!(known.audience),
            url: known.url.clone(),
            send_at: known.send_at.rfc3339(),
            expires_at: known.expires_at.map(Millis::rfc3339),
            created_at: known.created_at.rfc3339(),
            finished_at: known.finished_at.map(Millis::rfc3339),
        }
    }
}

/// An example.
pub(super) fn example(state: &str) -> Value {
    json!({
        "id": "ntf_01J0000000000000000000000A", "state": state, "reason": null, "resumes_at": null,
        "counts": counts_example(), "channel": "wechat", "template": "TEMPLATE_ID", "priority": "normal",
        "app": "app_01J0000000000000000000000A", "audience": {"all": true}, "url": "https://app.example.com/orders/42",
        "send_at": "2026-11-22T10:00:00.000Z", "expires_at": null, "created_at": "2026-11-22T10:00:00.000Z",
        "finished_at": null,
    })
}

/// An example of counts.
pub(super) fn counts_example() -> Value {
    json!({
        "pending": 0, "sending": 0, "sent": 0, "delivered": 0, "rejected": 0, "skipped": 0, "failed": 0, "uncertain": 0,
    })
}
