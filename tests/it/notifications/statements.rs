//! What is done for many people at once is asked of the database at once: so many statements for a unit, however many rows it has.

use std::time::Duration;

use menfang::domain::delivery::DeliveryState;
use menfang::domain::ids::{AppId, OrgId, ServiceAccountId, new_uuid};
use menfang::domain::notification::{
    Audience, Channel, EVERYBODY, Notification, NotificationState, Outbox, Priority,
};
use menfang::domain::scope::OrgScope;
use menfang::domain::service_account::{PushMode, ServiceAccount};
use menfang::server::world::{OsEntropy, SystemClock};
use menfang::store::dispatch::{Lane, Moves};
use menfang::store::notifications::NewNotification;
use menfang::store::outboxes::Lease;
use menfang::store::receipts::{Ended, NewReceipt};
use menfang::store::vault::Vault;
use menfang::store::{Store, Unit};
use serde_json::json;
use uuid::Uuid;

use crate::support::TestServer;
use crate::support::database::OwnDatabase;

/// As many as go into one statement.
const MANY: usize = 500;
const FEW: usize = 20;

/// An outbox of a service account whose followers are all in one notification.
struct Desk {
    store: Store,
    account: ServiceAccount,
    notification: Notification,
    lease: Lease,
    people: usize,
    _folder: tempfile::TempDir,
}

/// How many statements each step took.
#[derive(Debug, PartialEq, Eq)]
struct Steps {
    spread: u64,
    took: u64,
    recorded: u64,
    kept: u64,
    entered: u64,
}

impl Desk {
    async fn with(people: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::new(&[("test".into(), [1; 32])], [2; 32]);
        let store = OwnDatabase::create(folder.path(), "menfang.db").await.open(vault).await;
        store.migrate_up().await.unwrap();
        let (organization, outbox) = (OrgId(id()), Outbox(id()));
        let account = account(organization, outbox);
        let everybody: Vec<usize> = (0..people).collect();
        // One by one they are many statements, and a unit has its time.
        for some in everybody.chunks(FEW) {
            let unit = store.begin().await.unwrap();
            for number in some {
                let openid = openid(*number);
                unit.set_follower(organization, account.id, &openid, true, unit.now()).await.unwrap();
            }
            unit.commit().await.unwrap();
        }
        let unit = store.begin().await.unwrap();
        let scope = OrgScope::of_row(organization);
        let notification = unit.create_notification(scope, &order(outbox)).await.unwrap();
        let lease = unit.take_outbox((outbox, organization), "test", Duration::from_mins(1)).await.unwrap();
        unit.commit().await.unwrap();
        Self { store, account, notification, lease: lease.unwrap(), people, _folder: folder }
    }

    /// Does something in a unit; gives how many statements it took.
    async fn counted(&self, work: impl AsyncFnOnce(&Unit)) -> u64 {
        let unit = self.store.begin().await.unwrap();
        let before = self.store.statements();
        work(&unit).await;
        let took = self.store.statements() - before;
        unit.commit().await.unwrap();
        took
    }

    async fn spread(&self, unit: &Unit) {
        let page = unit.audience(&self.notification, &self.account, MANY + 1).await.unwrap();
        assert_eq!(page.people.len(), self.people);
        let state = NotificationState::Sending;
        assert!(unit.spread_notification(self.notification.id, (None, None), state).await.unwrap());
        let counts = unit.add_deliveries(&self.notification, &self.account, &page.people).await.unwrap();
        assert_eq!(usize::try_from(counts.pending).unwrap(), self.people);
        unit.count_deliveries(self.account.organization, self.notification.id, counts).await.unwrap();
        // The same page once more adds nobody.
        let counts = unit.add_deliveries(&self.notification, &self.account, &page.people).await.unwrap();
        assert_eq!(counts.total(), 0);
    }

    fn receipts(&self) -> Vec<NewReceipt> {
        let receipt = |number: usize| NewReceipt {
            organization: self.account.organization,
            account: self.account.id,
            dedup_key: format!("{number:064}"),
            openid: openid(number),
            msgid: msgid(number),
            status: "delivered",
            happened_at: self.notification.created_at,
        };
        (0..self.people).map(receipt).collect()
    }

    /// From spreading to the last receipt.
    async fn steps(&self) -> Steps {
        let spread = self.counted(async |unit| self.spread(unit).await).await;
        let lane = Lane { outbox: self.notification.outbox, priority: Priority::Normal };
        let mut taken = Vec::new();
        let took = self.counted(async |unit| {
            let mut moves = Moves::new();
            let due = unit.due_deliveries(lane, self.notification.app, MANY).await.unwrap();
            unit.take_deliveries(&self.lease, &due, &mut moves).await.unwrap();
            unit.count_moves(&self.lease, moves).await.unwrap();
            taken = due;
        });
        let took = took.await;
        assert_eq!(taken.len(), self.people);
        let sent: Vec<_> = taken
            .into_iter()
            .map(|due| (due.openid.clone(), due))
            .map(|(to, due)| (due, number_of(&to)))
            .collect();
        let recorded = self.counted(async |unit| {
            let mut moves = Moves::new();
            assert!(unit.hold_outbox(&self.lease).await.unwrap());
            unit.settle_sent(&self.lease, &sent, &mut moves).await.unwrap();
            unit.count_moves(&self.lease, moves).await.unwrap();
        });
        let recorded = recorded.await;
        let receipts = self.receipts();
        let kept = self.counted(async |unit| unit.keep_receipts(&receipts).await.unwrap()).await;
        let entered = self.counted(async |unit| {
            let mut moves = Moves::new();
            let read = |_: &str| Ended { state: DeliveryState::Delivered, reason: None };
            let looked_at = unit.enter_receipts(&self.lease, MANY as u64, read, &mut moves).await.unwrap();
            assert_eq!(looked_at, self.people);
            unit.count_moves(&self.lease, moves).await.unwrap();
        });
        let entered = entered.await;
        Steps { spread, took, recorded, kept, entered }
    }
}

#[actix_web::test]
async fn a_unit_takes_as_many_statements_for_many_people_as_for_few() {
    let (few, many) = (Desk::with(FEW).await, Desk::with(MANY).await);
    let steps = many.steps().await;
    assert_eq!(few.steps().await, steps);
    let Steps { spread, took, recorded, kept, entered } = steps;
    // MySQL asks twice about rows that may have been there.
    assert!(spread <= 8, "a page of an audience, twice: {spread}");
    assert!(took <= 4, "a batch taken: {took}");
    assert!(recorded <= 5, "a batch of outcomes: {recorded}");
    assert!(kept <= 3, "receipts stored: {kept}");
    assert!(entered <= 7, "receipts entered: {entered}");
    // Each of them has the number that WeChat gave it, and so its receipt.
    let scope = OrgScope::of_row(many.account.organization);
    let over = many.store.notification(scope, many.notification.id).await.unwrap().unwrap();
    assert_eq!(usize::try_from(over.counts.delivered).unwrap(), MANY, "{over:?}");
}

#[actix_web::test]
async fn messages_are_taken_and_recorded_many_at_a_time() {
    let settings = [("wechat.sends_per_second", "1000")];
    let server = TestServer::start_with(&settings).await.with_templates().await.with_followers(800).await;
    server.register_with(&json!({"callback_url": "http://127.0.0.1:9/nowhere"})).await;
    let store = &server.running().store;
    let before = store.statements();
    let order = server.order(json!({})).await;
    server.dispatch().await;
    // Asking the server itself would take statements, too.
    let mut looks = tokio::time::interval(Duration::from_millis(100));
    for _ in 0..300 {
        looks.tick().await;
        if server.messages().await["total"] == 800 {
            break;
        }
    }
    let took = store.statements() - before;
    server.all_sent(&order).await;
    // A slow machine has its outcomes a few at a time, and looks around meanwhile; taken and recorded one by one they were five each.
    assert!(took < 800 * 2, "{took} statements for 800 messages");
}

fn id() -> Uuid {
    new_uuid(&SystemClock, &OsEntropy)
}

fn openid(number: usize) -> String {
    format!("oFollower{number:06}")
}

fn msgid(number: usize) -> i64 {
    i64::try_from(number).unwrap() + 1
}

fn number_of(openid: &str) -> Option<i64> {
    Some(msgid(openid.strip_prefix("oFollower")?.parse().unwrap()))
}

fn order(outbox: Outbox) -> NewNotification {
    NewNotification {
        app: AppId(id()),
        outbox,
        channel: Channel::Wechat,
        template: Some("template".into()),
        data: "{}".into(),
        url: None,
        audience: Audience::Followers(EVERYBODY.into()),
        priority: Priority::Normal,
        send_at: None,
        expires_at: None,
        created_by: "test".into(),
    }
}

fn account(organization: OrgId, outbox: Outbox) -> ServiceAccount {
    let now = menfang::domain::clock::Millis(0);
    ServiceAccount {
        id: ServiceAccountId(outbox.0),
        organization,
        appid: "wx0123456789abcdef".into(),
        secret: String::new().into(),
        token: String::new().into(),
        encoding_aes_key: String::new().into(),
        previous_encoding_aes_key: None,
        mode: PushMode::Safe,
        original_id: None,
        domain_file: None,
        created_at: now,
        updated_at: now,
    }
}
