//! What a dispatcher does for each batch of deliveries that are due.

use std::time::Duration;

use entities::delivery;
use menfang::domain::clock::Clock;
use menfang::domain::delivery::DeliveryState;
use menfang::domain::ids::{AppId, OrgId, new_uuid};
use menfang::domain::notification::{Outbox, Priority};
use menfang::server::world::{OsEntropy, SystemClock};
use menfang::store::dispatch::{Lane, Moves};
use sea_orm::{ActiveValue::Set, EntityTrait};
use uuid::Uuid;

use super::rows::{rows, store};
use super::{assert_at_most, blocks, counted};

const BATCH: usize = 500;
/// The first batch fills caches of statements; it is not counted.
const BATCHES: usize = 3;

fn due(organization: OrgId, outbox: Outbox, app: AppId, number: usize) -> delivery::ActiveModel {
    let now = SystemClock.now().0;
    delivery::ActiveModel {
        id: Set(new_uuid(&SystemClock, &OsEntropy)),
        org_id: Set(organization.0),
        notification_id: Set(Uuid::from_u128(1)),
        outbox_id: Set(outbox.0),
        app_id: Set(app.0),
        lane: Set(Priority::Normal.lane()),
        recipient: Set(format!("o{number:027}")),
        user_id: Set(None),
        account_id: Set(None),
        openid: Set(Some(format!("o{number:027}"))),
        state: Set(DeliveryState::Pending.name().into()),
        reason: Set(None),
        errcode: Set(None),
        attempts: Set(0),
        due_at: Set(now),
        unknown_since: Set(None),
        fence: Set(0),
        msgid: Set(None),
        again: Set(0),
        resend_of: Set(None),
        created_at: Set(now),
        sent_at: Set(None),
        finished_at: Set(None),
    }
}

#[test]
fn a_batch_is_claimed_with_few_allocations_for_each_delivery() {
    counted(async {
        let folder = tempfile::tempdir().unwrap();
        let (store, rows) = (store(folder.path()).await, rows(folder.path()).await);
        let fresh = || new_uuid(&SystemClock, &OsEntropy);
        let (organization, outbox, app) = (OrgId(fresh()), Outbox(fresh()), AppId(fresh()));
        for batch in 0..BATCHES {
            let deliveries = (0..BATCH).map(|number| due(organization, outbox, app, batch * BATCH + number));
            delivery::Entity::insert_many(deliveries).exec_without_returning(&rows).await.unwrap();
        }
        let unit = store.begin().await.unwrap();
        let lease = unit.take_outbox((outbox, organization), "test", Duration::from_secs(10)).await.unwrap();
        let lease = lease.unwrap();
        unit.commit().await.unwrap();
        let lane = Lane { outbox, priority: Priority::Normal };
        let mut before = blocks();
        for batch in 0..BATCHES {
            if batch == 1 {
                before = blocks();
            }
            let unit = store.begin().await.unwrap();
            assert!(unit.hold_outbox(&lease).await.unwrap());
            let due = unit.due_deliveries(lane, app, BATCH).await.unwrap();
            assert_eq!(due.len(), BATCH);
            let mut moves = Moves::new();
            unit.take_deliveries(&lease, &due, &mut moves).await.unwrap();
            unit.commit().await.unwrap();
        }
        let counted = (BATCHES - 1) * BATCH;
        assert_at_most(30, before, counted as u64, "claim of a delivery, in batches of 500");
    });
}
