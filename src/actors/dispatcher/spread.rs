//! Spreading notifications over their audiences, a page in each unit; and ending what waits of those that are stopped. What a
//! holder of the lease before this one had taken is freed here, too.

use tokio::time::Instant;

use crate::bus::Nudge;
use crate::domain::delivery::{DeliveryState, failed};
use crate::domain::notification::{Notification, NotificationState, Stop};
use crate::store::dispatch::Moves;
use crate::store::notification_progress::Which;
use crate::store::receipts::Ended;

use super::session::{LOOK_PAUSE, Receipts, Session, StepError};

/// People in a page of an audience.
const PAGE: usize = 1_000;
/// Deliveries ended, freed, or entered receipts, in one unit.
const ROWS: u64 = 500;

impl Session<'_> {
    /// Frees what holders before this one had taken.
    pub(super) async fn free_left(&mut self) -> Result<(), StepError> {
        loop {
            let rules = self.tools().rules.sends;
            let unit = self.begin_unit().await?;
            let mut moves = Moves::new();
            let (freed, lost) = unit.free_deliveries(&self.lease, &rules, ROWS, &mut moves).await?;
            self.note_uncertain(&unit, &lost);
            unit.count_moves(&self.lease, moves).await?;
            self.commit(unit).await?;
            if freed > 0 {
                tracing::info!(outbox.id = %self.lease.outbox, freed = freed, uncertain = lost.len(), "what a dispatcher before had taken is free again");
                self.tools().bus.nudge(Nudge::Changes);
            }
            self.done.uncertain += lost.len() as u64;
            if freed < usize::try_from(ROWS).unwrap_or(usize::MAX) {
                return Ok(());
            }
        }
    }

    /// Brings the first notification that is not spread, or not ended, a page further; true when something was done.
    pub(super) async fn spread(&mut self) -> Result<bool, StepError> {
        if self.account.is_none() && !self.is_of_inboxes() {
            let unit = self.begin_unit().await?;
            if unit.stop_notifications(self.lease.outbox, Which::All, Stop::Unbound).await? > 0 {
                self.commit(unit).await?;
                return Ok(true);
            }
        }
        let some = self.tools().store.notifications_to_spread(self.lease.outbox, self.now(), 20).await?;
        for notification in self.in_turn(some) {
            let ended = notification.stopped.and_then(|stop| Some((stop.ends_as()?, stop.name())));
            let done = match ended {
                Some(end) => self.sweep(&notification, end).await?,
                None if notification.expired(self.now()) => {
                    let unit = self.begin_unit().await?;
                    let stopped = unit.stop_expired(self.lease.outbox).await?;
                    self.commit(unit).await?;
                    stopped > 0
                }
                None => self.spread_page(&notification).await?,
            };
            if done {
                self.tools().bus.nudge(Nudge::Changes);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Those of the first lane, one of another app than the last time in front: a large audience of one app does not hold up another's.
    fn in_turn(&mut self, mut some: Vec<Notification>) -> Vec<Notification> {
        let Some(first) = some.first().map(|one| one.priority) else { return some };
        let lane = some.iter().take_while(|one| one.priority == first).count();
        let last = self.spread_last;
        if let Some(other) = some[..lane].iter().position(|one| Some(one.app) != last) {
            some[..=other].rotate_right(1);
        }
        self.spread_last = some.first().map(|one| one.app);
        some
    }

    async fn spread_page(&mut self, notification: &Notification) -> Result<bool, StepError> {
        if self.is_of_inboxes() {
            return self.spread_into_inboxes(notification).await;
        }
        let Some(account) = self.account.clone() else { return Ok(false) };
        let unit = self.begin_unit().await?;
        let page = unit.audience(notification, &account, PAGE).await?;
        let state =
            if page.next.is_some() { NotificationState::Expanding } else { NotificationState::Sending };
        let position = (notification.position.as_deref(), page.next.as_deref());
        if !unit.spread_notification(notification.id, position, state).await? {
            // Called off meanwhile.
            return Ok(true);
        }
        let counts = unit.add_deliveries(notification, &account, &page.people).await?;
        unit.count_deliveries(notification.organization, notification.id, counts).await?;
        self.commit(unit).await?;
        self.more = true;
        Ok(true)
    }

    /// Those who have inboxes have their share as soon as it is stored there.
    async fn spread_into_inboxes(&mut self, notification: &Notification) -> Result<bool, StepError> {
        let position = notification.position.as_deref();
        let unit = self.begin_unit().await?;
        let page = unit.inbox_audience(notification, position, PAGE as u64).await?;
        let state =
            if page.next.is_some() { NotificationState::Expanding } else { NotificationState::Sending };
        let further = (position, page.next.as_deref());
        if !unit.spread_notification(notification.id, further, state).await? {
            return Ok(true);
        }
        let counts = unit.add_to_inboxes(notification, &page.people).await?;
        unit.count_deliveries(notification.organization, notification.id, counts).await?;
        self.commit(unit).await?;
        Ok(true)
    }

    /// Ends what waits of a stopped notification; false when nothing waits but what is under way.
    async fn sweep(
        &mut self,
        notification: &Notification,
        (state, reason): (DeliveryState, &str),
    ) -> Result<bool, StepError> {
        let unit = self.begin_unit().await?;
        let waiting = unit.waiting_of(notification.id, ROWS).await?;
        let mut moves = Moves::new();
        unit.end_deliveries(&waiting, (state, reason, None), &mut moves).await?;
        if state == DeliveryState::Failed {
            self.done.failed += waiting.len() as u64;
        }
        if moves.is_empty() {
            let closed = unit.close_notification(notification.id).await?;
            self.commit(unit).await?;
            return Ok(closed);
        }
        unit.count_moves(&self.lease, moves).await?;
        self.commit(unit).await?;
        Ok(true)
    }

    /// Enters what WeChat told of messages at their deliveries, and not a few at a time while more of it comes; true when there
    /// are more than one unit takes.
    pub(super) async fn enter_receipts(&mut self) -> Result<bool, StepError> {
        if Instant::now() < self.receipts.not_before {
            self.receipts.wait = true;
            return Ok(false);
        }
        self.receipts.wait = false;
        if !self.tools().store.has_receipts(self.lease.outbox, self.now()).await? {
            return Ok(false);
        }
        let unit = self.begin_unit().await?;
        let mut moves = Moves::new();
        let looked_at = unit.enter_receipts(&self.lease, ROWS, meaning, &mut moves).await?;
        unit.count_moves(&self.lease, moves).await?;
        self.commit(unit).await?;
        metrics::counter!("menfang_receipts_total").increment(looked_at as u64);
        self.tools().bus.nudge(Nudge::Changes);
        let full = looked_at as u64 >= ROWS;
        if !full {
            self.receipts = Receipts { not_before: Instant::now() + LOOK_PAUSE, wait: true };
        }
        Ok(full)
    }
}

/// What a receipt's word means for its delivery.
fn meaning(status: &str) -> Ended {
    let rejected = |reason| Ended { state: DeliveryState::Rejected, reason: Some(reason) };
    match status {
        "delivered" => Ended { state: DeliveryState::Delivered, reason: None },
        "user_block" => rejected(failed::USER_BLOCK),
        "frequency" => rejected(failed::FREQUENCY_LIMITED),
        _ => rejected(failed::SYSTEM_FAILED),
    }
}
