//! Outcomes of sends written down as the dispatcher does it, with nothing sent: many in a unit, each unit under a lease.

use std::time::Duration;

use menfang::domain::clock::Millis;
use menfang::domain::ids::{AppId, OrgId, ServiceAccountId, new_uuid};
use menfang::domain::notification::{Audience, Channel, Outbox, Priority, QuotaDay};
use menfang::domain::scope::OrgScope;
use menfang::domain::service_account::{PushMode, ServiceAccount};
use menfang::server::World;
use menfang::store::dispatch::{Due, Lane, Moves};
use menfang::store::notifications::NewNotification;
use menfang::store::outboxes::{Lease, UsedQuota};
use menfang::store::spreading::Recipient;
use menfang::store::vault::Vault;
use menfang::store::{Database, Store};

use crate::measure::rates::measure;

use super::{IN_UNIT, Load};

/// Deliveries that are being sent.
struct Sending {
    lease: Lease,
    units: Vec<Vec<(Due, Option<i64>)>>,
}

/// A database of its own.
pub(crate) struct Outcomes {
    store: Store,
    world: World,
}

impl Outcomes {
    pub(crate) async fn open(url: &str) -> anyhow::Result<Self> {
        let world = World::real()?;
        let long = Duration::from_mins(1);
        let database = Database {
            url: url.to_owned(),
            readers: 2,
            acquire: long,
            connections: 4,
            background_connections: 2,
            answer: long,
            transaction: long,
            behind: long,
            beside: false,
        };
        let vault = Vault::new(&[("bench".into(), [7; 32])], [7; 32]);
        let store = Store::open(&database, vault, world.clock.clone(), world.entropy.clone()).await?;
        store.migrate_up().await?;
        Ok(Self { store, world })
    }

    /// How many a second are written down, the more of them in a unit the more there are.
    pub(crate) async fn rates(&self, most: usize) -> anyhow::Result<[(Load, f64); 3]> {
        let mut rates = Load::ALL.map(|load| (load, 0.0));
        for (load, rate) in &mut rates {
            let many = load.of((most / 4).max(1));
            let sending = self.take(many, load.of(IN_UNIT)).await?;
            *rate = measure(many, self.record(&sending)).await?;
        }
        Ok(rates)
    }

    /// Takes so many deliveries of a new order, so many in a unit.
    async fn take(&self, many: usize, in_unit: usize) -> anyhow::Result<Sending> {
        let id = || new_uuid(&*self.world.clock, &*self.world.entropy);
        let (organization, app, outbox) = (OrgId(id()), AppId(id()), Outbox(id()));
        let unit = self.store.begin().await?;
        let lease = unit.take_outbox((outbox, organization), "bench", Duration::from_mins(10)).await?;
        let lease = lease.ok_or_else(|| anyhow::anyhow!("the outbox is new"))?;
        let order = order(app, outbox);
        let notification = unit.create_notification(OrgScope::of_row(organization), &order).await?;
        let person = |number: usize| Recipient {
            user: None,
            openid: Some(format!("oBench_{}_{number:06}", id().as_simple())),
        };
        let people: Vec<Recipient> = (0..many).map(person).collect();
        let counts = unit.add_deliveries(&notification, &account(organization, outbox), &people).await?;
        unit.count_deliveries(organization, notification.id, counts).await?;
        unit.commit().await?;
        let lane = Lane { outbox, priority: Priority::Normal };
        let mut units = Vec::new();
        for unit_of in (0..many).step_by(in_unit) {
            let (unit, mut moves) = (self.store.begin().await?, Moves::new());
            let due = unit.due_deliveries(lane, app, in_unit.min(many - unit_of)).await?;
            unit.take_deliveries(&lease, &due, &mut moves).await?;
            unit.count_moves(&lease, moves).await?;
            unit.commit().await?;
            let number = |place: usize| Some(i64::try_from(unit_of + place).unwrap_or(0) + 1);
            units.push(due.into_iter().enumerate().map(|(place, due)| (due, number(place))).collect());
        }
        Ok(Sending { lease, units })
    }

    /// Writes down that all of them were sent.
    async fn record(&self, sending: &Sending) -> anyhow::Result<()> {
        let quota = UsedQuota { day: QuotaDay(0), used: 0, limit: None, asked_at: Millis(0) };
        for sent in &sending.units {
            let (unit, mut moves) = (self.store.begin().await?, Moves::new());
            anyhow::ensure!(unit.hold_outbox(&sending.lease).await?, "the lease lasts");
            unit.settle_sent(&sending.lease, sent, &mut moves).await?;
            unit.count_moves(&sending.lease, moves).await?;
            unit.set_used_quota(&sending.lease, &quota).await?;
            unit.commit().await?;
        }
        Ok(())
    }
}

fn order(app: AppId, outbox: Outbox) -> NewNotification {
    NewNotification {
        app,
        outbox,
        channel: Channel::Wechat,
        template: Some("template".into()),
        data: "{}".into(),
        url: None,
        audience: Audience::Openids(Vec::new()),
        priority: Priority::Normal,
        send_at: None,
        expires_at: None,
        created_by: "bench".into(),
    }
}

fn account(organization: OrgId, outbox: Outbox) -> ServiceAccount {
    let now = Millis(0);
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
