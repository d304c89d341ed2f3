//! The change feed: reads the `changes` table when nudged, and once a second anyway, for all live views of this node.
//!
//! Server start makes me; I hold the numbers of the last few seconds, because numbers may be committed out of their
//! order; I never stop by myself.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::bus::{Bus, Nudge};
use crate::domain::ids::{AccountId, AppId};
use crate::domain::qr_ticket::QrRef;
use crate::store::changes::Topic;
use crate::store::{Store, StoreError};

use super::inboxes::Inboxes;
use super::progress::ProgressWatchers;
use super::registry::Registry;
use super::supervision::LifeLine;

/// How often the table is read without a nudge.
const INTERVAL: Duration = Duration::from_secs(1);
/// How far back numbers are read again: longer than any unit may take to commit.
const OVERLAP: Duration = Duration::from_secs(10);
/// Lines read at once.
const PAGE: u64 = 1_000;

/// Which lines were seen, and from where to read.
#[derive(Default)]
struct Position {
    /// Every line up to this one was seen long ago.
    low_water: i64,
    seen: VecDeque<(i64, Instant)>,
    /// The same numbers, to ask for.
    known: HashSet<i64>,
}

/// The live views of this node, which the feed tells to look.
#[derive(Clone)]
pub struct Views {
    /// Of QR sessions.
    pub registry: Registry,
    /// Of inboxes.
    pub inboxes: Inboxes,
    /// Of notifications.
    pub progress: ProgressWatchers,
}

/// The actor.
pub struct ChangeFeed {
    store: Store,
    bus: Bus,
    views: Views,
    life: Option<LifeLine>,
}

impl ChangeFeed {
    /// A feed for these views.
    pub fn new(store: Store, bus: Bus, views: Views, life: LifeLine) -> Self {
        Self { store, bus, views, life: Some(life) }
    }
}

impl Actor for ChangeFeed {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (store, bus, views, life) =
            (self.store.clone(), self.bus.clone(), self.views.clone(), self.life.take());
        let run = async move {
            let _life = life;
            run(store, bus, views).await;
        };
        ctx.spawn(run.into_actor(self));
    }
}

async fn run(store: Store, bus: Bus, views: Views) {
    let mut nudges = bus.listen();
    let mut position = Position::default();
    let mut known = false;
    let mut tick = tokio::time::interval(INTERVAL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            nudge = nudges.recv() => match nudge {
                // One look answers every nudge that is waiting.
                Ok(Nudge::Changes) | Err(RecvError::Lagged(_)) => while nudges.try_recv().is_ok() {},
                Ok(Nudge::Follower { .. } | Nudge::Imports | Nudge::Outbox) => continue,
                Err(RecvError::Closed) => return,
            },
            _ = tick.tick() => {}
        }
        let read =
            if known { position.read(&store, &views).await } else { position.start(&store, &views).await };
        match read {
            Ok(()) => known = true,
            Err(error) => {
                // What was not read through is not passed over: all that follows from the table is read anew.
                known = false;
                tracing::warn!(error = %error, "the change feed could not be read; sessions wait for the next look");
            }
        }
    }
}

impl Position {
    /// Begins at the end of the table; whoever watches already looks once, in case a line came just before.
    async fn start(&mut self, store: &Store, views: &Views) -> Result<(), StoreError> {
        self.low_water = store.latest_change().await?;
        views.registry.closed_are(store.closed_portals().await?);
        views.registry.look_at_all();
        views.inboxes.look_at_all();
        views.progress.look_at_all();
        Ok(())
    }

    async fn read(&mut self, store: &Store, views: &Views) -> Result<(), StoreError> {
        let now = Instant::now();
        while self.seen.front().is_some_and(|&(_, at)| now.duration_since(at) > OVERLAP) {
            if let Some((id, _)) = self.seen.pop_front() {
                self.known.remove(&id);
                self.low_water = self.low_water.max(id);
            }
        }
        let mut after = self.low_water;
        loop {
            let page = store.changes_after(after, PAGE).await?;
            let Some(last) = page.last().map(|change| change.id) else { return Ok(()) };
            let full = page.len() as u64 == PAGE;
            let fresh: Vec<_> = page.into_iter().filter(|change| self.known.insert(change.id)).collect();
            self.seen.extend(fresh.iter().map(|change| (change.id, now)));
            let sessions = fresh.iter().filter(|change| change.topic == Some(Topic::QrSession));
            views.registry.look(sessions.filter_map(|change| QrRef::from_hex(&change.subject)));
            let inboxes = fresh.iter().filter(|change| change.topic == Some(Topic::Inbox));
            let accounts: HashSet<AccountId> =
                inboxes.filter_map(|change| change.subject.parse().ok()).collect();
            views.inboxes.look(accounts);
            let moved = fresh.iter().filter(|change| change.topic == Some(Topic::Notification));
            views.progress.look(moved.filter_map(|change| change.subject.parse().ok()));
            let portals = fresh.iter().filter(|change| change.topic == Some(Topic::Portal));
            let apps: HashSet<AppId> = portals.filter_map(|change| change.subject.parse().ok()).collect();
            for app in apps {
                let open = store.takes_sign_ins(app).await?;
                views.registry.portal_switched(app, !open);
            }
            if !full {
                return Ok(());
            }
            after = last;
        }
    }
}
