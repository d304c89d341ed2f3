//! The change feed: reads the `changes` table when nudged, and once a second anyway, for all live views of this node. A QR
//! session that a sign-in has written, on this node or another, is shown before, by the bus: its line is passed over.
//!
//! Server start makes me; I hold the highest number seen and those it left out, because numbers may be committed out of
//! their order; I never stop by myself.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::bus::{About, Bus};
use crate::domain::ids::{AccountId, AppId};
use crate::domain::qr_ticket::QrRef;
use crate::store::changes::{Change, Topic};
use crate::store::{Store, StoreError};

use super::inboxes::Inboxes;
use super::progress::ProgressWatchers;
use super::registry::Registry;
use super::supervision::LifeLine;

/// How often the table is read without a nudge.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long a number that was left out is waited for: longer than any unit may take to commit.
const OVERLAP: Duration = Duration::from_secs(10);
/// Lines read at once.
const PAGE: u64 = 1_000;
/// Numbers that are waited for at most; beyond it the oldest are given up, and everybody who watches looks once when that is over.
const MISSING: usize = 2_000;

/// Which lines were seen, and from where to read.
#[derive(Default)]
struct Position {
    /// The highest number seen.
    highest: i64,
    /// Numbers below it whose line has not come, and since when: their units were slower than others that began after them, or
    /// were never committed.
    missing: BTreeMap<i64, Instant>,
    /// When numbers were given up last: until their units have ended, what they change may be told by nothing.
    gave_up: Option<Instant>,
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
    let mut nudges = bus.listen(About::Changes);
    let mut position = Position::default();
    let mut known = false;
    views.registry.may_miss_some();
    let mut tick = tokio::time::interval(INTERVAL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            nudge = nudges.recv() => match nudge {
                // One look answers every nudge that is waiting.
                Ok(_) | Err(RecvError::Lagged(_)) => while nudges.try_recv().is_ok() {},
                Err(RecvError::Closed) => return,
            },
            _ = tick.tick() => {}
        }
        let read =
            if known { position.read(&store, &views).await } else { position.start(&store, &views).await };
        match read {
            Ok(()) => {
                known = true;
                if position.gave_up.is_some() {
                    views.registry.may_miss_some();
                }
            }
            Err(error) => {
                // What was not read through is not passed over: all that follows from the table is read anew.
                known = false;
                views.registry.may_miss_some();
                tracing::warn!(error = %error, "the change feed could not be read; sessions wait for the next look");
            }
        }
    }
}

impl Position {
    /// Begins at the end of the table; whoever watches already looks once, in case a line came just before.
    async fn start(&mut self, store: &Store, views: &Views) -> Result<(), StoreError> {
        let last = store.last_changes(PAGE).await?;
        views.registry.hears_of_all();
        *self = Self { highest: last.first().map_or(0, |first| first - 1), ..Self::default() };
        for id in last {
            self.saw(id, Instant::now());
        }
        views.registry.closed_are(store.closed_portals().await?);
        look_at_all(views);
        Ok(())
    }

    async fn read(&mut self, store: &Store, views: &Views) -> Result<(), StoreError> {
        let now = Instant::now();
        self.missing.retain(|_, since| now.duration_since(*since) <= OVERLAP);
        if self.gave_up.take_if(|at| now.duration_since(*at) > OVERLAP).is_some() {
            views.registry.hears_of_all();
            look_at_all(views);
        }
        if !self.missing.is_empty() {
            let late = store.changes_among(self.missing.keys().copied()).await?;
            tell(store, views, &late).await?;
            for change in late {
                self.missing.remove(&change.id);
            }
        }
        loop {
            let page = store.changes_after(self.highest, PAGE).await?;
            tell(store, views, &page).await?;
            for change in &page {
                self.saw(change.id, now);
            }
            if (page.len() as u64) < PAGE {
                return Ok(());
            }
        }
    }

    /// Notes a number above all before it, and those that it leaves out.
    fn saw(&mut self, id: i64, now: Instant) {
        let left_out = (self.highest + 1..id).rev().take(MISSING);
        self.missing.extend(left_out.map(|missing| (missing, now)));
        let all_are_waited_for =
            usize::try_from(id - self.highest - 1).is_ok_and(|left_out| left_out <= MISSING);
        if !all_are_waited_for || self.missing.len() > MISSING {
            self.gave_up = Some(now);
        }
        while self.missing.len() > MISSING {
            self.missing.pop_first();
        }
        self.highest = id;
    }
}

/// Has everybody look, whatever they watch.
fn look_at_all(views: &Views) {
    views.registry.look_at_all();
    views.inboxes.look_at_all();
    views.progress.look_at_all();
}

/// Has everybody look who watches what changed.
async fn tell(store: &Store, views: &Views, changes: &[Change]) -> Result<(), StoreError> {
    let of = |topic| changes.iter().filter(move |change| change.topic == Some(topic));
    let sessions = of(Topic::QrSession);
    views.registry.look(sessions.filter_map(|change| Some((QrRef::from_hex(&change.subject)?, change.seq))));
    let accounts: HashSet<AccountId> =
        of(Topic::Inbox).filter_map(|change| change.subject.parse().ok()).collect();
    views.inboxes.look(accounts);
    views.progress.look(of(Topic::Notification).filter_map(|change| change.subject.parse().ok()));
    let apps: HashSet<AppId> = of(Topic::Portal).filter_map(|change| change.subject.parse().ok()).collect();
    for app in apps {
        let open = store.takes_sign_ins(app).await?;
        views.registry.portal_switched(app, !open);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_left_out_are_waited_for() {
        let (mut position, now) = (Position::default(), Instant::now());
        for id in [1, 2, 5, 6] {
            position.saw(id, now);
        }
        assert_eq!(position.highest, 6);
        assert_eq!(position.missing.keys().copied().collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn what_is_waited_for_has_a_bound() {
        let (mut position, now) = (Position::default(), Instant::now());
        position.saw(i64::MAX, now);
        assert!(position.gave_up.is_some(), "and whoever it leaves out is made good");
        assert_eq!(position.missing.len(), MISSING);
        assert_eq!(position.missing.last_key_value().map(|(id, _)| *id), Some(i64::MAX - 1));
    }
}
