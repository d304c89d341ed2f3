//! Telling people things without a dispatcher: an order as a backend would make it, spread over inboxes a page at a time.

use menfang::domain::ids::AppId;
use menfang::domain::notification::{Audience, Channel, Notification, NotificationState, Outbox, Priority};
use menfang::domain::scope::OrgScope;
use menfang::store::notifications::NewNotification;
use serde_json::Value;

use super::TestServer;

impl TestServer {
    /// Stores an order of an app, and spreads nothing; nor does the server from now on.
    pub(crate) async fn store_order(
        &self,
        app: AppId,
        channel: Channel,
        audience: Audience,
        data: &Value,
    ) -> Notification {
        self.running().dispatcher.drain().await;
        let store = &self.running().store;
        let organization = store.app(app).await.unwrap().unwrap().organization;
        let new = NewNotification {
            app,
            outbox: Outbox(organization.0),
            channel,
            template: Some("purchase".into()),
            data: data.to_string(),
            url: Some("https://example.com/orders/42".into()),
            audience,
            priority: Priority::Normal,
            send_at: None,
            expires_at: None,
            created_by: "key_test".into(),
        };
        let unit = store.begin().await.unwrap();
        let ordered = unit.create_notification(OrgScope::of_row(organization), &new).await.unwrap();
        unit.commit().await.unwrap();
        ordered
    }

    /// Spreads an order in pages of `size`, each in a unit of its own; gives it as it is then.
    pub(crate) async fn spread(&self, ordered: &Notification, size: u64) -> Notification {
        let store = &self.running().store;
        let mut position = ordered.position.clone();
        loop {
            let unit = store.begin().await.unwrap();
            let page = unit.inbox_audience(ordered, position.as_deref(), size).await.unwrap();
            let state =
                if page.next.is_some() { NotificationState::Expanding } else { NotificationState::Sending };
            let step = (position.as_deref(), page.next.as_deref());
            assert!(unit.spread_notification(ordered.id, step, state).await.unwrap());
            let went = unit.add_to_inboxes(ordered, &page.people).await.unwrap();
            unit.count_deliveries(ordered.organization, ordered.id, went).await.unwrap();
            unit.commit().await.unwrap();
            position = page.next;
            if position.is_none() {
                let scope = OrgScope::of_row(ordered.organization);
                return store.notification(scope, ordered.id).await.unwrap().unwrap();
            }
        }
    }

    /// Tells an audience something by an app; each time a moment later than the one before.
    pub(crate) async fn tell(&self, slug: &str, channel: Channel, audience: Audience, data: &Value) {
        self.advance_millis(1);
        let app = self.portal(slug).await.app;
        let ordered = self.store_order(app, channel, audience, data).await;
        assert_eq!(self.spread(&ordered, 100).await.state, NotificationState::Done);
    }
}
