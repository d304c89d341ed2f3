//! The dispatcher: sends what is due by one outbox (a service account, or an organization's way into inboxes).
//!
//! `DispatchWatch`, one for each node, looks when nudged and once a second, and starts a dispatcher for every outbox with
//! something to do that nobody sends by. A dispatcher takes the outbox's lease, frees what a holder before it left behind, and
//! works until nothing is due: spreading notifications over their audiences, taking deliveries, sending them at the account's pace,
//! writing down what came of it, entering receipts. Then it gives the lease back and stops. All that it needs stands in rows; it
//! holds what it has taken and not yet sent, which is at most half a second of work. If it dies, the lease runs out, and the next
//! one repeats what may be repeated.

mod answer;
mod claim;
mod pace;
mod pauses;
mod ready;
mod record;
mod sender;
mod session;
mod spread;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, ArbiterHandle, AsyncContext, Context, WrapFuture};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use crate::bus::{About, Bus};
use crate::domain::clock::{Clock, Entropy, random};
use crate::domain::ids::{AppId, OrgId};
use crate::domain::keys::hex;
use crate::domain::notification::{Outbox, Pause, Priority};
use crate::domain::policy::DispatchRules;
use crate::store::dispatch::Lane;
use crate::store::outboxes::OutboxRow;
use crate::store::{Store, StoreError};
use crate::wechat::WeChat;

use pace::Pace;
use session::{Ended, Session};

use super::supervision::LifeLine;

/// How often it is looked whether something is due, without a nudge.
const INTERVAL: Duration = Duration::from_secs(1);
/// The shortest time between two looks.
const LOOK_PAUSE: Duration = Duration::from_millis(50);
/// How long a dispatcher that has nothing to do waits for more: receipts come soon after the last message.
const LINGER: Duration = Duration::from_millis(500);

/// What dispatchers work with.
pub struct Tools {
    /// The rows.
    pub store: Store,
    /// The bus.
    pub bus: Bus,
    /// The WeChat client.
    pub wechat: WeChat,
    /// The time that is stored.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// How messages are sent.
    pub rules: DispatchRules,
}

/// Sends what is due; the actors and tests call the same.
pub struct Dispatcher {
    tools: Tools,
    /// Who this node is, in the rows of leases.
    holder: String,
    desks: Mutex<HashMap<Outbox, Arc<Desk>>>,
    draining: watch::Sender<bool>,
}

/// What stays of an outbox from one session to the next.
struct Desk {
    /// Held by the one session of this process.
    busy: tokio::sync::Mutex<()>,
    pace: Pace,
    /// How often in a row something was in the way of all messages, or a probe found that it still was.
    setbacks: AtomicU32,
    /// How many messages in a row came to no answer, or were not taken because WeChat is busy.
    unanswered: AtomicU32,
    /// The app that had its turn last: the next one begins.
    turn: Mutex<Option<AppId>>,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dispatched {
    /// Messages that WeChat took.
    pub sent: u64,
    /// Tries that are made again.
    pub retried: u64,
    /// Messages of which nobody knows, and that are not repeated.
    pub uncertain: u64,
    /// Messages that are given up.
    pub failed: u64,
    /// Messages that turned out not to be for a follower.
    pub skipped: u64,
}

impl Dispatched {
    fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.retried += other.retried;
        self.uncertain += other.uncertain;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl Dispatcher {
    /// Takes what it works with.
    pub fn new(tools: Tools) -> Self {
        let holder = hex(&random::<8>(&*tools.entropy));
        Self { tools, holder, desks: Mutex::default(), draining: watch::Sender::new(false) }
    }

    /// Sends all that is due, by every outbox in turn, until nothing is; what another node sends is left to it.
    ///
    /// # Errors
    /// The database is away; what was sent is sent.
    pub async fn dispatch_due(&self) -> Result<Dispatched, StoreError> {
        let mut all = Dispatched::default();
        loop {
            let outboxes = self.outboxes_with_work(&HashSet::new()).await?;
            let mut worked = false;
            for (outbox, organization) in outboxes {
                if let Ended::Idle(done) = self.serve(outbox, organization, Duration::ZERO).await? {
                    all.add(done);
                    worked = true;
                }
            }
            if !worked {
                return Ok(all);
            }
        }
    }

    /// Ends all sessions: what is on its way is waited for, what is only taken is given back.
    pub async fn drain(&self) {
        self.draining.send_replace(true);
        let desks: Vec<_> =
            self.desks.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        for desk in desks {
            drop(desk.busy.lock().await);
        }
    }

    fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// One session by an outbox, if nobody else is at it.
    async fn serve(
        &self,
        outbox: Outbox,
        organization: OrgId,
        linger: Duration,
    ) -> Result<Ended, StoreError> {
        let desk = self.desk(outbox);
        let _busy = desk.busy.lock().await;
        if self.is_draining() || !self.has_work(outbox).await? {
            return Ok(Ended::Nothing);
        }
        let unit = self.tools.store.begin().await?;
        let lease = unit.take_outbox((outbox, organization), &self.holder, self.tools.rules.lease).await?;
        let Some(lease) = lease else { return Ok(Ended::Elsewhere) };
        unit.commit().await?;
        Session::begin(self, Arc::clone(&desk), lease).await?.run(linger).await
    }

    fn desk(&self, outbox: Outbox) -> Arc<Desk> {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            Arc::new(Desk {
                busy: tokio::sync::Mutex::default(),
                pace: Pace::new(&self.tools.rules),
                setbacks: AtomicU32::new(0),
                unanswered: AtomicU32::new(0),
                turn: Mutex::default(),
            })
        };
        Arc::clone(desks.entry(outbox).or_insert_with(new))
    }

    /// Outboxes that have something to do, but for those.
    async fn outboxes_with_work(
        &self,
        but_for: &HashSet<Outbox>,
    ) -> Result<Vec<(Outbox, OrgId)>, StoreError> {
        let (store, now) = (&self.tools.store, self.tools.clock.now());
        let mut outboxes = store.outboxes_with_work(now).await?;
        outboxes.extend(store.outboxes_with_receipts(now).await?);
        outboxes.sort_unstable();
        outboxes.dedup();
        let mut with_work = Vec::new();
        for (outbox, organization) in outboxes {
            if !but_for.contains(&outbox) && self.has_work(outbox).await? {
                with_work.push((outbox, organization));
            }
        }
        Ok(with_work)
    }

    /// Whether something can be done by an outbox now, and nobody does it. Reads only: what waits for its time costs no writes.
    async fn has_work(&self, outbox: Outbox) -> Result<bool, StoreError> {
        let (store, now) = (&self.tools.store, self.tools.clock.now());
        let row = store.outbox(outbox).await?;
        // A lease that ends later than any is given by a clock that was put back since.
        let elsewhere = |row: &OutboxRow| {
            let lasts = now < row.leased_until && row.leased_until <= now.plus(self.tools.rules.lease * 2);
            lasts && row.holder.as_ref() != Some(&self.holder)
        };
        if row.as_ref().is_some_and(elsewhere) {
            return Ok(false);
        }
        let pause = row.as_ref().and_then(|row| row.pause.as_ref()).filter(|pause| now < pause.resumes_at);
        if let (Some(row), Some(pause)) = (&row, pause)
            && pauses::is_probed(pause)
            && row.probe_at <= now
        {
            return Ok(true);
        }
        // In the order in which a delivery goes through them, so that none that goes on slips past between two reads; one that is
        // given back meanwhile is found by the next look.
        Ok(!store.notifications_to_spread(outbox, now, 1).await?.is_empty()
            || self.has_due(outbox, pause).await?
            || store.has_sending(outbox).await?
            || store.has_receipts(outbox, now).await?)
    }

    async fn has_due(&self, outbox: Outbox, pause: Option<&Pause>) -> Result<bool, StoreError> {
        let now = self.tools.clock.now();
        for priority in Priority::ALL {
            let held = pause.is_some_and(|pause| pause.holds(priority, now));
            if !held && self.tools.store.has_due(Lane { outbox, priority }, now).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The actor of one outbox; it stops when nothing is due.
struct Dispatching {
    dispatcher: Arc<Dispatcher>,
    outbox: Outbox,
    organization: OrgId,
    /// Given up when this actor ends, however it ends.
    _place: AtWork,
}

/// A place in the set of outboxes at work.
struct AtWork {
    all: Arc<Mutex<HashSet<Outbox>>>,
    outbox: Outbox,
}

impl AtWork {
    /// A place in the set; none when somebody has it.
    fn enter(all: &Arc<Mutex<HashSet<Outbox>>>, outbox: Outbox) -> Option<Self> {
        let is_new = all.lock().unwrap_or_else(PoisonError::into_inner).insert(outbox);
        is_new.then(|| Self { all: Arc::clone(all), outbox })
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.outbox);
    }
}

impl Actor for Dispatching {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (dispatcher, outbox, organization) =
            (Arc::clone(&self.dispatcher), self.outbox, self.organization);
        let work = async move {
            match dispatcher.serve(outbox, organization, LINGER).await {
                Ok(Ended::Idle(done)) => {
                    tracing::debug!(outbox.id = %outbox, sent = done.sent, failed = done.failed, "nothing more is due");
                }
                Ok(Ended::Nothing | Ended::Elsewhere | Ended::Lost) => {}
                Err(error) => {
                    tracing::warn!(outbox.id = %outbox, organization.id = %organization, error = %error, "a dispatcher ended early; another one goes on");
                }
            }
        };
        ctx.spawn(work.into_actor(self).map(|(), _, ctx| ctx.stop()));
    }
}

/// The actor that starts dispatchers.
pub struct DispatchWatch {
    dispatcher: Arc<Dispatcher>,
    home: ArbiterHandle,
    at_work: Arc<Mutex<HashSet<Outbox>>>,
    life: Option<LifeLine>,
}

impl DispatchWatch {
    /// An actor that starts dispatchers on `home`.
    pub fn new(dispatcher: Arc<Dispatcher>, home: ArbiterHandle, life: LifeLine) -> Self {
        Self { dispatcher, home, at_work: Arc::default(), life: Some(life) }
    }
}

impl Actor for DispatchWatch {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (dispatcher, home, at_work) =
            (Arc::clone(&self.dispatcher), self.home.clone(), Arc::clone(&self.at_work));
        let life = self.life.take();
        let run = async move {
            let _life = life;
            watch_for_work(&dispatcher, &home, &at_work).await;
        };
        ctx.spawn(run.into_actor(self));
    }
}

async fn watch_for_work(
    dispatcher: &Arc<Dispatcher>,
    home: &ArbiterHandle,
    at_work: &Arc<Mutex<HashSet<Outbox>>>,
) {
    let mut nudges = dispatcher.tools.bus.listen(About::Outbox);
    let mut tick = tokio::time::interval(INTERVAL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !dispatcher.is_draining() {
        tokio::select! {
            nudge = nudges.recv() => match nudge {
                // One look answers every nudge that is waiting.
                Ok(_) | Err(RecvError::Lagged(_)) => while nudges.try_recv().is_ok() {},
                Err(RecvError::Closed) => return,
            },
            _ = tick.tick() => {}
        }
        let busy = at_work.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match dispatcher.outboxes_with_work(&busy).await {
            Ok(outboxes) => {
                for (outbox, organization) in outboxes {
                    let Some(place) = AtWork::enter(at_work, outbox) else { continue };
                    let dispatcher = Arc::clone(dispatcher);
                    Dispatching::start_in_arbiter(home, move |_| Dispatching {
                        dispatcher,
                        outbox,
                        organization,
                        _place: place,
                    });
                }
            }
            Err(error) => tracing::warn!(error = %error, "what is due waits for the next look"),
        }
        tokio::time::sleep(LOOK_PAUSE).await;
    }
    // A node that drains starts nothing more, and this actor is not to be built again.
    std::future::pending::<()>().await;
}
