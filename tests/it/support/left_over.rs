//! People to tell, and notifications and deliveries as a dispatcher leaves them.

use menfang::domain::ids::{DeliveryId, NotificationId};
use menfang::domain::notification::Audience;
use menfang::server::world::OsEntropy;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::database::Rows;
use super::outbox::TEMPLATE;
use super::{Backend, TestServer};

impl TestServer {
    /// An order by the template of the tests, to an audience.
    #[expect(clippy::needless_pass_by_value, reason = "stories write it down on the spot")]
    pub(crate) fn wechat_order(audience: Value) -> Value {
        json!({
            "channel": "wechat", "template": TEMPLATE, "audience": audience,
            "data": {"thing1": "Order 42", "time2": "2026-11-22 18:00"},
        })
    }

    /// An active external user of an app, by its id.
    pub(crate) async fn guest(&self, backend: &Backend, app: &str) -> String {
        let phone = json!({"phone": self.fresh_number()});
        let place = format!("{app}/external-users");
        let made = backend.post(&format!("{place}/invitations"), phone).await.expect(201).json();
        let id = made["id"].as_str().unwrap().to_owned();
        backend.post(&format!("{place}/{id}/approve"), json!({})).await.expect(200);
        id
    }

    /// A notification of an app that is done, with a delivery that failed; by their ids.
    pub(crate) async fn past_notification(&self, organization: &str, app: &str) -> (String, String) {
        let id = NotificationId::generate(self.clock(), &OsEntropy);
        let (org, app): (menfang::domain::ids::OrgId, menfang::domain::ids::AppId) =
            (organization.parse().unwrap(), app.parse().unwrap());
        let now = self.now().0;
        let row = entities::notification::ActiveModel {
            id: Set(id.0),
            org_id: Set(org.0),
            app_id: Set(app.0),
            outbox_id: Set(org.0),
            channel: Set("station_message".into()),
            template_id: Set(None),
            data: Set(r#"{"title":"Hello"}"#.into()),
            url: Set(None),
            audience: Set(serde_json::to_string(&Audience::All(true)).unwrap()),
            lane: Set(1),
            state: Set("done".into()),
            stopped: Set(None),
            open: Set(false),
            send_at: Set(now),
            expires_at: Set(None),
            position: Set(None),
            pending: Set(0),
            sending: Set(0),
            sent: Set(0),
            delivered: Set(0),
            rejected: Set(0),
            skipped: Set(0),
            failed: Set(0),
            uncertain: Set(0),
            created_by: Set("operator".into()),
            created_at: Set(now),
            finished_at: Set(Some(now)),
        };
        let Rows(db) = self.database().await;
        row.insert(&db).await.unwrap();
        db.close().await.unwrap();
        let delivery = self.leave_delivery(&id.to_string(), "o_somebody", "failed").await;
        (id.to_string(), delivery)
    }

    /// A delivery of a notification in a state, as a dispatcher would have left it; by its id. Only that state is counted.
    pub(crate) async fn leave_delivery(&self, notification: &str, openid: &str, state: &str) -> String {
        let id = DeliveryId::generate(self.clock(), &OsEntropy);
        let parent: NotificationId = notification.parse().unwrap();
        let Rows(db) = self.database().await;
        let whole = entities::notification::Entity::find_by_id(parent.0).one(&db).await.unwrap().unwrap();
        let now = self.now().0;
        let row = entities::delivery::ActiveModel {
            id: Set(id.0),
            org_id: Set(whole.org_id),
            notification_id: Set(whole.id),
            outbox_id: Set(whole.outbox_id),
            app_id: Set(whole.app_id),
            lane: Set(whole.lane),
            recipient: Set(openid.into()),
            user_id: Set(None),
            account_id: Set(None),
            openid: Set(Some(openid.into())),
            state: Set(state.into()),
            reason: Set((state == "failed").then(|| "refused".into())),
            errcode: Set((state == "failed").then_some(40_003)),
            attempts: Set(1),
            due_at: Set(now),
            unknown_since: Set(None),
            fence: Set(0),
            msgid: Set((state == "delivered").then_some(9_007_199_254_740_993)),
            again: Set(0),
            resend_of: Set(None),
            created_at: Set(now),
            sent_at: Set(None),
            finished_at: Set(Some(now)),
        };
        row.insert(&db).await.unwrap();
        let mut counted = whole.clone().into_active_model();
        match state {
            "failed" => counted.failed = Set(whole.failed + 1),
            "uncertain" => counted.uncertain = Set(whole.uncertain + 1),
            "rejected" => counted.rejected = Set(whole.rejected + 1),
            "delivered" => counted.delivered = Set(whole.delivered + 1),
            "skipped" => counted.skipped = Set(whole.skipped + 1),
            _ => panic!("no dispatcher leaves a delivery as {state}"),
        }
        counted.update(&db).await.unwrap();
        db.close().await.unwrap();
        id.to_string()
    }
}
