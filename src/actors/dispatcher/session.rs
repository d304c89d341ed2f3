//! One session: from taking the lease until nothing is due, in one loop that owns all it holds.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::bus::Nudge;
use crate::domain::clock::Millis;
use crate::domain::notification::{Pause, Priority};
use crate::domain::service_account::ServiceAccount;
use crate::store::outboxes::{Lease, UsedQuota};
use crate::store::{StoreError, Unit};
use crate::wechat::{Credentials, TemplateMessage};

use super::answer::{self, Told};
use super::pace::Pace;
use super::ready::{Ready, Taken};
use super::record::Landed;
use super::{Dispatched, Dispatcher, Tools};

/// How often rows are looked at without a nudge.
const TICK: Duration = Duration::from_millis(500);
/// Outcomes are written down when there are so many, or when the first has waited so long.
const FLUSH_AT: usize = 200;
const FLUSH_AFTER: Duration = Duration::from_millis(50);
/// How long to wait after the database was away.
const DATABASE_PAUSE: Duration = Duration::from_secs(1);
/// A share of the places in flight that only urgent messages take: one in so many.
const URGENT_PLACES: usize = 4;

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
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a session holds.
pub(super) struct Session<'d> {
    pub(super) dispatcher: &'d Dispatcher,
    pub(super) pace: &'d Pace,
    pub(super) lease: Lease,
    /// The service account; none for inboxes, or when it was unbound.
    pub(super) account: Option<Arc<ServiceAccount>>,
    pub(super) pause: Option<Pause>,
    pub(super) probe_at: Millis,
    /// How often in a row something was wrong with the account, or a probe found nothing.
    pub(super) setbacks: u32,
    pub(super) quota: UsedQuota,
    pub(super) ready: Ready,
    /// Whether more is due than was taken.
    pub(super) more: bool,
    pub(super) landed: Vec<Landed>,
    pub(super) done: Dispatched,
    flying: JoinSet<Landed>,
    flush_at: Instant,
    held_at: Instant,
}

impl<'d> Session<'d> {
    pub(super) async fn begin(
        dispatcher: &'d Dispatcher,
        pace: &'d Pace,
        lease: Lease,
    ) -> Result<Self, StoreError> {
        let row = dispatcher.tools.store.outbox(lease.outbox).await?;
        let row = row.ok_or_else(|| StoreError::Inconsistent {
            table: "outboxes",
            column: "id",
            id: lease.outbox.to_string(),
        })?;
        let account = dispatcher.tools.store.service_account_of(lease.organization).await?;
        let account = account.filter(|account| account.id.0 == lease.outbox.0);
        Ok(Self {
            dispatcher,
            pace,
            lease,
            account: account.map(Arc::new),
            pause: row.pause,
            probe_at: row.probe_at,
            setbacks: 0,
            quota: row.quota,
            ready: Ready::default(),
            more: false,
            landed: Vec::new(),
            done: Dispatched::default(),
            flying: JoinSet::new(),
            flush_at: Instant::now(),
            held_at: Instant::now(),
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
        if !unit.hold_outbox(&self.lease).await? {
            return Err(StepError::Lost);
        }
        self.held_at = Instant::now();
        Ok(unit)
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
            Err(StepError::Store(error)) => Err(error),
        }
    }

    async fn work(&mut self, linger: Duration) -> Result<(), StepError> {
        self.free_left().await?;
        let mut nudges = self.tools().bus.listen();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut look = true;
        let mut idle_since: Option<Instant> = None;
        while !self.dispatcher.is_draining() {
            self.send_what_may_go();
            self.collect()?;
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
            let idle = self.ready.is_empty() && self.flying.is_empty() && self.landed.is_empty();
            if idle {
                let since = *idle_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= linger {
                    return Ok(());
                }
            } else {
                idle_since = None;
            }
            let may_send = self.may_send();
            tokio::select! {
                () = self.pace.go(), if may_send => self.send_next(),
                Some(landed) = self.flying.join_next(), if !self.flying.is_empty() => self.land(landed.map_err(|_| StepError::Crashed)?),
                () = tokio::time::sleep_until(self.flush_at), if !self.landed.is_empty() => look = true,
                nudge = nudges.recv() => match nudge {
                    Ok(Nudge::Outbox) | Err(RecvError::Lagged(_)) => {
                        while nudges.try_recv().is_ok() {}
                        look = true;
                    }
                    Ok(_) => {}
                    Err(RecvError::Closed) => return Ok(()),
                },
                _ = tick.tick() => look = true,
                () = tokio::time::sleep(linger), if idle => {}
            }
        }
        Ok(())
    }

    /// Waits for what is on its way, gives back what is only taken, and lets the outbox go.
    async fn finish(&mut self) -> Result<(), StepError> {
        let untried = self.ready.drain(|_| true);
        self.landed.extend(untried.into_iter().map(Landed::untried));
        while let Some(landed) = self.flying.join_next().await {
            let landed = landed.map_err(|_| StepError::Crashed)?;
            self.land(landed);
        }
        while !self.landed.is_empty() {
            self.flush().await?;
        }
        let unit = self.begin_unit().await?;
        unit.release_outbox(&self.lease).await?;
        Ok(unit.commit().await?)
    }

    /// One look at the rows; true when something was done, so that there may be more.
    async fn look(&mut self) -> Result<bool, StepError> {
        let mut progress = false;
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
            self.begin_unit().await?.commit().await?;
            self.look_at_account().await?;
        }
        Ok(progress)
    }

    /// The account may have been unbound, or its secret changed.
    async fn look_at_account(&mut self) -> Result<(), StepError> {
        let account = self.tools().store.service_account_of(self.lease.organization).await?;
        self.account = account.filter(|account| account.id.0 == self.lease.outbox.0).map(Arc::new);
        Ok(())
    }

    /// How many are taken and not yet written down.
    pub(super) fn in_the_air(&self) -> usize {
        self.ready.ahead(Priority::Bulk) + self.flying.len() + self.landed.len()
    }

    fn wants_more(&self) -> bool {
        (self.more && self.ready.ahead(Priority::Bulk) <= self.pace.window() / 2)
            || self.landed.len() >= FLUSH_AT
            || (!self.landed.is_empty() && self.flush_at <= Instant::now())
    }

    /// Down to which priority there are places in flight; some are kept for what is urgent.
    fn places(&self) -> Option<Priority> {
        let all = self.tools().rules.in_flight;
        match self.flying.len() {
            flying if flying < all - all / URGENT_PLACES => Some(Priority::Bulk),
            flying if flying < all => Some(Priority::Urgent),
            _ => None,
        }
    }

    fn may_send(&self) -> bool {
        let waiting = |down_to: Priority| self.ready.ahead(down_to) > 0;
        self.places().is_some_and(waiting)
    }

    fn send_what_may_go(&mut self) {
        while self.may_send() && self.pace.try_go() {
            self.send_next();
        }
    }

    /// Sends the next message, whose place in the pace is taken already.
    fn send_next(&mut self) {
        let Some(down_to) = self.places() else { return };
        let pace = self.pace;
        let Some(taken) = self.ready.pop(down_to, |app| pace.app_may(app)) else { return };
        let now = self.now();
        let Some(account) = self.account.clone() else {
            return self.land(Landed::untried(taken));
        };
        if !self.tools().rules.sends.may_repeat(taken.due.unknown_since, now) {
            return self.land(Landed::too_late(taken));
        }
        let wechat = self.tools().wechat.clone();
        self.flying.spawn(async move { send(&wechat, &account, taken).await });
    }

    fn collect(&mut self) -> Result<(), StepError> {
        while let Some(landed) = self.flying.try_join_next() {
            let landed = landed.map_err(|_| StepError::Crashed)?;
            self.land(landed);
        }
        Ok(())
    }

    fn land(&mut self, landed: Landed) {
        if self.landed.is_empty() {
            self.flush_at = Instant::now() + FLUSH_AFTER;
        }
        self.landed.push(landed);
    }
}

async fn send(wechat: &crate::wechat::WeChat, account: &ServiceAccount, taken: Taken) -> Landed {
    let credentials = Credentials {
        account: account.id,
        organization: account.organization,
        appid: account.appid.clone(),
        secret: account.secret.clone(),
    };
    let client_msg_id = taken.due.id.to_string();
    let message = TemplateMessage {
        openid: &taken.due.openid,
        template_id: &taken.letter.template,
        data: &taken.letter.data,
        url: taken.letter.url.as_deref(),
        client_msg_id: &client_msg_id,
    };
    let answered = wechat.send_template(&credentials, &message).await;
    if let Err(error) = &answered {
        tracing::debug!(delivery.id = %taken.due.id, error = %error, "a message was not taken");
    }
    let Told { answer, beyond } = answer::read(answered);
    Landed { taken, answer, beyond }
}
