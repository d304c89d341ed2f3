//! Ordering and sending notifications, and the whole state of an outbox as text.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

use menfang::actors::dispatcher::Dispatched;
use menfang::domain::audit::By;
use menfang::domain::scope::OrgScope;
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};

use super::TestServer;
use super::database::Rows;
use super::server::{AES_KEY, APPID, ORIGINAL_ID, SECRET, TOKEN};

/// A template with a text and a time.
pub(crate) const TEMPLATE: &str = "OrderUpdateOrderUpdateOrderUpdateOrderUpda1";
/// Another one.
pub(crate) const SECOND_TEMPLATE: &str = "DeliveryNoticeDeliveryNoticeDeliveryNotice2";

impl TestServer {
    /// Gives the service account its templates, and has them fetched.
    pub(crate) async fn with_templates(self) -> Self {
        let content = "Order:{{thing1.DATA}}\nTime:{{time2.DATA}}";
        self.give_templates(&json!([
            {"template_id": TEMPLATE, "title": "Order update", "content": content},
            {"template_id": SECOND_TEMPLATE, "title": "Delivery notice", "content": content},
        ]))
        .await;
        self
    }

    /// Gives the service account these templates and no others, and has them fetched.
    pub(crate) async fn give_templates(&self, templates: &Value) {
        self.register_with(&json!({"templates": templates})).await;
        let scope = OrgScope::of_row(self.organization);
        let synced = self.running().admin.sync_templates(scope, &By::operator()).await.unwrap();
        synced.settle(None).await.unwrap();
    }

    /// How the service account is registered with the sandbox, with these settings changed.
    pub(crate) fn registration(&self, change: &Value) -> Value {
        let mut body = json!({
            "appid": APPID, "original_id": ORIGINAL_ID, "secret": SECRET, "token": TOKEN,
            "encoding_aes_key": AES_KEY, "mode": "safe",
            "callback_url": self.at(&format!("/wechat/{APPID}/events")),
            "redirect_domains": [self.url.strip_prefix("http://").unwrap()],
        });
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        body
    }

    /// Registers the service account with the sandbox anew, with these settings changed.
    pub(crate) async fn register_with(&self, change: &Value) {
        self.sandbox_post("/sandbox/accounts", &self.registration(change)).await;
    }

    /// So many people who follow, and are known to.
    pub(crate) async fn with_followers(self, count: u32) -> Self {
        self.sandbox_post(
            "/sandbox/people/bulk",
            &json!({"appid": APPID, "count": count, "following": true}),
        )
        .await;
        self.own_backend().post(&format!("{}/followers/sync", self.org()), json!({})).await.expect(202);
        self.import_followers().await;
        self
    }

    /// What an order to all followers says, changed by `change`.
    pub(crate) fn draft(change: &Value) -> Value {
        let mut draft = json!({
            "channel": "wechat", "template": TEMPLATE,
            "data": {"thing1": "Order 42", "time2": "2026-11-22 18:00"},
            "audience": {"followers": "all"},
        });
        for (key, value) in change.as_object().unwrap() {
            draft[key] = value.clone();
        }
        draft
    }

    /// Orders a notification of the first app, and gives its id.
    pub(crate) async fn order(&self, change: Value) -> String {
        self.order_of("suppliers", change).await
    }

    /// Orders a notification of an app, and gives its id; each is a second younger than the one before.
    pub(crate) async fn order_of(&self, slug: &str, change: Value) -> String {
        self.advance(1);
        let place = format!("{}/notifications", self.app(slug).await);
        let ordered = self.own_backend().post(&place, Self::draft(&change)).await.expect(202).json();
        ordered["id"].as_str().unwrap().to_owned()
    }

    /// Sends until nothing is due.
    pub(crate) async fn dispatch(&self) -> Dispatched {
        self.running().dispatcher.dispatch_due().await.unwrap()
    }

    pub(crate) async fn notification(&self, id: &str) -> Value {
        self.own_backend().get(&format!("/notifications/{id}")).await.expect(200).json()
    }

    /// Orders a notification, sends what is due, and gives how it stands then.
    pub(crate) async fn send(&self, change: Value) -> Value {
        let id = self.order(change).await;
        self.dispatch().await;
        self.notification(&id).await
    }

    /// Looks at a notification, as a backend would, until it is so far.
    pub(crate) async fn notification_until(&self, id: &str, far: impl Fn(&Value) -> bool) -> Value {
        let mut looks = tokio::time::interval(Duration::from_millis(30));
        // What a slow machine did not get to is not made up for: a key may ask only so often.
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let wait = async {
            loop {
                looks.tick().await;
                let notification = self.notification(id).await;
                if far(&notification) {
                    return notification;
                }
            }
        };
        let Ok(notification) = tokio::time::timeout(Duration::from_secs(30), wait).await else {
            panic!("not so far: {}\n{}", self.notification(id).await, self.outbox_snapshot().await)
        };
        notification
    }

    /// Waits until every message that was taken has its receipt.
    pub(crate) async fn receipts_of(&self, id: &str) -> Value {
        self.all_sent(id).await;
        let mut looks = tokio::time::interval(Duration::from_millis(100));
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for _ in 0..200 {
            looks.tick().await;
            let notification = self.notification(id).await;
            if notification["counts"]["sent"] == 0 {
                return notification;
            }
            // A receipt that came before the answer to its send is looked at again a moment later.
            self.advance(1);
        }
        panic!("receipts are missing\n{}", self.outbox_snapshot().await)
    }

    /// Waits until nothing is left to send.
    pub(crate) async fn all_sent(&self, id: &str) -> Value {
        self.notification_until(id, is_over).await
    }

    /// The openids of people of the sandbox.
    pub(crate) async fn openids(&self, people: &[&str]) -> Vec<Value> {
        let mut openids = Vec::new();
        for id in people {
            let person = self.sandbox_get(&format!("/sandbox/people/{id}")).await;
            openids.push(person["openids"][APPID].clone());
        }
        openids
    }

    /// What the sandbox counts of messages.
    pub(crate) async fn messages(&self) -> Value {
        self.sandbox_get("/sandbox/stats").await["messages"].clone()
    }

    /// In how many deliveries, receipts and holds a person stands.
    pub(crate) async fn outbox_rows_of(&self, openid: &str) -> [usize; 3] {
        let Rows(db) = self.database().await;
        let deliveries = entities::delivery::Entity::find().all(&db).await.unwrap();
        let receipts = entities::receipt::Entity::find().all(&db).await.unwrap();
        let holds = entities::recipient_hold::Entity::find().all(&db).await.unwrap();
        db.close().await.unwrap();
        let theirs = |one: &&entities::delivery::Model| {
            one.recipient == openid || one.openid.as_deref() == Some(openid)
        };
        [
            deliveries.iter().filter(theirs).count(),
            receipts.iter().filter(|one| one.openid == openid).count(),
            holds.iter().filter(|one| one.openid == openid).count(),
        ]
    }

    /// Everything that stands in the outbox: a line for each notification, and below it one for each kind of its deliveries with
    /// how many are alike. Ids, openids and times are left out, so that the same story always gives the same text.
    pub(crate) async fn outbox_snapshot(&self) -> String {
        let Rows(db) = self.database().await;
        let notifications =
            entities::notification::Entity::find().order_by_asc(entities::notification::Column::Id);
        let deliveries = entities::delivery::Entity::find().order_by_asc(entities::delivery::Column::Id);
        let (notifications, deliveries) =
            (notifications.all(&db).await.unwrap(), deliveries.all(&db).await.unwrap());
        let outboxes = entities::outbox::Entity::find().all(&db).await.unwrap();
        let receipts = entities::receipt::Entity::find().all(&db).await.unwrap();
        db.close().await.unwrap();
        let mut text = String::new();
        for outbox in outboxes.iter().filter(|outbox| outbox.pause_reason.is_some()) {
            writeln!(text, "paused: {}", outbox.pause_reason.as_deref().unwrap()).unwrap();
        }
        for (number, one) in notifications.iter().enumerate() {
            let stopped = one.stopped.as_deref().map(|why| format!(", stopped: {why}")).unwrap_or_default();
            let open = if one.open { ", open" } else { "" };
            writeln!(text, "{} {} {}{stopped}{open}", number + 1, one.channel, one.state).unwrap();
            let mut kinds: Vec<(String, u32)> = Vec::new();
            let mut places: HashMap<String, usize> = HashMap::new();
            for delivery in deliveries.iter().filter(|delivery| delivery.notification_id == one.id) {
                let kind = kind_of(delivery);
                let place = *places.entry(kind.clone()).or_insert_with(|| {
                    kinds.push((kind, 0));
                    kinds.len() - 1
                });
                kinds[place].1 += 1;
            }
            kinds.sort();
            for (kind, count) in kinds {
                writeln!(text, "  {count} {kind}").unwrap();
            }
        }
        if !receipts.is_empty() {
            writeln!(text, "{} receipts wait", receipts.len()).unwrap();
        }
        text
    }
}

fn is_over(notification: &Value) -> bool {
    let counts = &notification["counts"];
    let over = notification["state"] == "done" || notification["state"] == "cancelled";
    over && counts["pending"] == 0 && counts["sending"] == 0
}

fn kind_of(delivery: &entities::delivery::Model) -> String {
    let mut kind = delivery.state.clone();
    if let Some(reason) = &delivery.reason {
        write!(kind, " ({reason})").unwrap();
    }
    if let Some(errcode) = delivery.errcode {
        write!(kind, " errcode {errcode}").unwrap();
    }
    write!(kind, ", tries {}", delivery.attempts).unwrap();
    if delivery.msgid.is_some() {
        kind.push_str(", numbered");
    }
    if delivery.unknown_since.is_some() {
        kind.push_str(", outcome unknown");
    }
    if delivery.again > 0 {
        write!(kind, ", again {}", delivery.again).unwrap();
    }
    kind
}
