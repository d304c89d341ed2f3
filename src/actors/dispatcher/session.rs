//! One session: from taking the lease until nothing is due, in one loop that owns all it holds.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::bus::About;
use crate::domain::clock::Millis;
use crate::domain::ids::AppId;
use crate::domain::notification::{Pause, Priority};
use crate::domain::service_account::ServiceAccount;
use crate::store::outboxes::{Lease, UsedQuota};
use crate::store::{StoreError, Unit};

use super::pauses::{Asking, answer_of};
use super::record::Landed;
use super::sender::Sender;
use super::{Desk, Dispatched, Dispatcher, Tools};

/// How often rows are looked at without a nudge.
const TICK: Duration = Duration::from_millis(500);
/// Outcomes are written down when there are so many, or when the first has waited so long.
const FLUSH_AT: usize = 500;
const FLUSH_AFTER: Duration = Duration::from_millis(50);
/// The shortest time between two looks that nudges ask for.
pub(super) const LOOK_PAUSE: Duration = Duration::from_millis(50);
/// How often the account's row is read: it may be unbound, or have another secret.
const ACCOUNT_LOOK: Duration = Duration::from_secs(1);
/// How long to wait after the database was away.
const DATABASE_PAUSE: Duration = Duration::from_secs(1);

/// How a session ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// There was nothing to do.
    Nothing,
    /// Another node is at it.
    Elsewhere,
    /// The lease was lost; its new holder goes on.
    Lost,
    /// Nothing is due any more.
    Idle(Dispatched),
}

/// Why a step was not made.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error("the lease is lost")]
    Lost,
    #[error("a send ended in a panic")]
    Crashed,
    #[error("whether it was written is not known: {0}")]
    Unsure(StoreError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a session holds.
pub(super) struct Session<'d> {
    pub(super) dispatcher: &'d Dispatcher,
    pub(super) desk: Arc<Desk>,
    pub(super) sender: Sender,
    /// How many are taken and not yet written down.
    pub(super) taken: usize,
    pub(super) lease: Lease,
    /// The service account; none for inboxes, or when it was unbound.
    pub(super) account: Option<Arc<ServiceAccount>>,
    pub(super) pause: Option<Pause>,
    pub(super) probe_at: Millis,
    /// Whether the pause, or its end, is not yet written.
    pub(super) pause_is_news: bool,
    /// Whether one message goes first, to see whether what was in the way is gone.
    pub(super) careful: bool,
    pub(super) quota: UsedQuota,
    /// The question about the quota that is on its way.
    pub(super) asking: Option<Asking>,
    /// When WeChat's last word about the quota came, or was given up.
    pub(super) answered_at: Option<Instant>,
    /// The app whose notification was spread last.
    pub(super) spread_last: Option<AppId>,
    /// Whether more is due than was taken.
    pub(super) more: bool,
    pub(super) landed: Vec<Landed>,
    pub(super) done: Dispatched,
    flush_at: Instant,
    /// When the last unit began, by the clock of rows and by this machine's.
    unit_began: (Millis, Instant),
    held_at: Instant,
    saw_account_at: Instant,
    looked_at: Instant,
    pub(super) receipts: Receipts,
}

/// When receipts are entered: those that come one after the other, together.
pub(super) struct Receipts {
    pub(super) not_before: Instant,
    /// Whether there may be some.
    pub(super) wait: bool,
}

impl<'d> Session<'d> {
    pub(super) async fn begin(
        dispatcher: &'d Dispatcher,
        desk: Arc<Desk>,
        lease: Lease,
    ) -> Result<Self, StoreError> {
        let row = dispatcher.tools.store.outbox(lease.outbox).await?;
        let row = row.ok_or_else(|| StoreError::Inconsistent {
            table: "outboxes",
            column: "id",
            id: lease.outbox.to_string(),
        })?;
        let account = dispatcher.tools.store.service_account_of(lease.organization).await?;
        let account = account.filter(|account| account.id.0 == lease.outbox.0).map(Arc::new);
        let sender = Sender::start(&desk, &dispatcher.tools);
        sender.set_account(account.clone());
        let now = Instant::now();
        sender.hold_until(row.leased_until, now + dispatcher.tools.rules.lease);
        Ok(Self {
            dispatcher,
            sender,
            desk,
            taken: 0,
            lease,
            account,
            pause: row.pause,
            probe_at: row.probe_at,
            pause_is_news: false,
            careful: false,
            quota: row.quota,
            asking: None,
            answered_at: None,
            spread_last: None,
            more: false,
            landed: Vec::new(),
            done: Dispatched::default(),
            flush_at: now,
            unit_began: (dispatcher.tools.clock.now(), now),
            held_at: now,
            saw_account_at: now,
            looked_at: now,
            receipts: Receipts { not_before: now, wait: false },
        })
    }

    pub(super) fn tools(&self) -> &'d Tools {
        &self.dispatcher.tools
    }

    pub(super) fn now(&self) -> Millis {
        self.tools().clock.now()
    }

    /// Whether this outbox leads into inboxes.
    pub(super) fn is_of_inboxes(&self) -> bool {
        self.lease.outbox.0 == self.lease.organization.0
    }

    /// A unit of this lease.
    pub(super) async fn begin_unit(&mut self) -> Result<Unit, StepError> {
        let unit = self.tools().store.begin().await?;
        self.unit_began = (self.now(), Instant::now());
        if !unit.hold_outbox(&self.lease).await? {
            return Err(StepError::Lost);
        }
        Ok(unit)
    }

    /// Makes a unit of this lease true; from then on the lease lasts its whole length again.
    pub(super) async fn commit(&mut self, unit: Unit) -> Result<(), StepError> {
        // Whether one that failed is true after all nobody knows: the next session frees what it may have taken.
        unit.commit().await.map_err(StepError::Unsure)?;
        let (length, (at, instant)) = (self.tools().rules.lease, self.unit_began);
        self.sender.hold_until(at.plus(length), instant + length);
        self.held_at = Instant::now();
        Ok(())
    }

    /// Works until nothing is due, and then `linger` longer for what may come.
    pub(super) async fn run(mut self, linger: Duration) -> Result<Ended, StoreError> {
        let worked = self.work(linger).await;
        let finished = match worked {
            Ok(()) => self.finish().await,
            Err(error) => Err(error),
        };
        match finished {
            Ok(()) => Ok(Ended::Idle(self.done)),
            Err(StepError::Lost) => {
                tracing::warn!(outbox.id = %self.lease.outbox, "a dispatcher lost its lease; what it had taken is its successor's");
                Ok(Ended::Lost)
            }
            Err(StepError::Crashed) => {
                tracing::error!(outbox.id = %self.lease.outbox, "a send ended in a panic");
                Ok(Ended::Lost)
            }
            Err(StepError::Store(error) | StepError::Unsure(error)) => Err(error),
        }
    }

    async fn work(&mut self, linger: Duration) -> Result<(), StepError> {
        self.free_left().await?;
        let mut news = self.tools().bus.listen(About::Outbox);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut look, mut nudged) = (true, false);
        let mut idle_since: Option<Instant> = None;
        while !self.dispatcher.is_draining() {
            while let Some(landed) = self.sender.landed_by_now() {
                self.land(landed);
            }
            if look || self.wants_more() {
                match self.look().await {
                    Ok(progress) => look = progress,
                    Err(StepError::Store(StoreError::Unavailable(_))) => {
                        // What is held stays held: when the rows are back, and the lease with them, it goes on.
                        tokio::time::sleep(DATABASE_PAUSE).await;
                    }
                    Err(error) => return Err(error),
                }
                if look {
                    idle_since = None;
                    tokio::task::yield_now().await;
                    continue;
                }
            }
            let idle = self.taken == 0 && self.asking.is_none() && !nudged && !self.receipts.wait;
            if idle {
                let since = *idle_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= linger {
                    return Ok(());
                }
            } else {
                idle_since = None;
            }
            tokio::select! {
                landed = self.sender.landed() => self.land(landed.ok_or(StepError::Crashed)?),
                () = tokio::time::sleep_until(self.flush_at), if !self.landed.is_empty() => look = true,
                nudge = news.recv() => match nudge {
                    Ok(_) | Err(RecvError::Lagged(_)) => {
                        while news.try_recv().is_ok() {}
                        nudged = true;
                    }
                    Err(RecvError::Closed) => return Ok(()),
                },
                // Receipts come one by one, and each says so: one look is enough for all that come together.
                () = tokio::time::sleep_until(self.looked_at + LOOK_PAUSE), if nudged => (look, nudged) = (true, false),
                () = tokio::time::sleep_until(self.receipts.not_before), if self.receipts.wait => look = true,
                quota = answer_of(&mut self.asking), if self.asking.is_some() => {
                    look = match self.take_quota(quota).await {
                        Ok(()) => true,
                        // It is asked once more later.
                        Err(StepError::Store(StoreError::Unavailable(_))) => false,
                        Err(error) => return Err(error),
                    };
                }
                _ = tick.tick() => look = true,
                () = tokio::time::sleep(linger), if idle => {}
            }
        }
        Ok(())
    }

    /// Waits for what is on its way, gives back what is only taken, and lets the outbox go.
    async fn finish(&mut self) -> Result<(), StepError> {
        let untried = self.sender.take_back(|_| true);
        self.landed.extend(untried.into_iter().map(Landed::untried));
        while self.taken > 0 {
            if self.landed.len() == self.taken || self.landed.len() >= FLUSH_AT {
                self.flush().await?;
            } else {
                let landed = self.sender.landed().await.ok_or(StepError::Crashed)?;
                self.land(landed);
            }
        }
        let unit = self.begin_unit().await?;
        unit.release_outbox(&self.lease).await?;
        self.commit(unit).await
    }

    /// One look at the rows; true when something was done, so that there may be more.
    async fn look(&mut self) -> Result<bool, StepError> {
        let mut progress = false;
        self.looked_at = Instant::now();
        if self.saw_account_at.elapsed() > ACCOUNT_LOOK {
            self.look_at_account().await?;
        }
        if self.landed.len() >= FLUSH_AT || (!self.landed.is_empty() && self.flush_at <= Instant::now()) {
            self.flush().await?;
            progress = true;
        }
        self.probe().await?;
        // What is urgent is taken before anything that takes long.
        progress |= self.claim().await?;
        progress |= self.enter_receipts().await?;
        progress |= self.spread().await?;
        if self.held_at.elapsed() > self.tools().rules.lease / 3 {
            let unit = self.begin_unit().await?;
            self.commit(unit).await?;
        }
        Ok(progress)
    }

    /// The account may have been unbound, or its secret changed.
    async fn look_at_account(&mut self) -> Result<(), StepError> {
        let account = self.tools().store.service_account_of(self.lease.organization).await?;
        self.account = account.filter(|account| account.id.0 == self.lease.outbox.0).map(Arc::new);
        self.sender.set_account(self.account.clone());
        self.saw_account_at = Instant::now();
        Ok(())
    }

    fn wants_more(&self) -> bool {
        (self.more && self.sender.ahead(Priority::Bulk) <= self.desk.pace.window() / 2)
            || self.landed.len() >= FLUSH_AT
            || (!self.landed.is_empty() && self.flush_at <= Instant::now())
    }

    fn land(&mut self, landed: Landed) {
        if self.landed.is_empty() {
            self.flush_at = Instant::now() + FLUSH_AFTER;
        }
        // Once for each answer, however often writing it down is tried.
        match landed.beyond {
            Some(beyond) => {
                self.beyond(beyond);
                // What is true of others, too, is written at once, so that less of them is tried in vain.
                self.flush_at = Instant::now();
            }
            None => self.count_answer(&landed.answer),
        }
        self.landed.push(landed);
    }
}
