//! Receipts of template messages: those that are not due yet, and the task that hands them on when they are.
//!
//! There is one for each message, so there are as many as sends. None has a task of its own: they wait in one queue, and
//! go on to the deliveries as fast as those take them.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Serialize;
use tokio::sync::Notify;

use super::Event;
use crate::{
    instant::{Millis, now},
    traffic::ReceiptPlan,
    world::World,
};

/// Receipts that wait, some 150 bytes each. Where one more does not fit, it is lost, as WeChat loses some: the message
/// stays sent, and nobody is told how it went.
const WAITING: usize = 500_000;

/// What the account's server will be told about one message.
#[derive(Clone)]
pub(crate) struct Receipt {
    pub(crate) appid: String,
    pub(crate) openid: String,
    pub(crate) msgid: i64,
    /// `success` or `failed:…`
    pub(crate) status: String,
    pub(crate) due: Millis,
}

/// How many there were.
#[derive(Clone, Copy, Default, Serialize)]
pub(crate) struct ReceiptCounts {
    /// Handed on to be delivered.
    pushed: u64,
    /// Not due yet, or not taken yet.
    waiting: usize,
    /// Swallowed by a fault, or one too many.
    lost: u64,
}

#[derive(Default)]
struct Queue {
    /// By the moment, and by the order of coming.
    waiting: BinaryHeap<Reverse<Turn>>,
    next_number: u64,
    pushed: u64,
    lost: u64,
}

struct Turn {
    number: u64,
    receipt: Receipt,
}

impl Turn {
    const fn rank(&self) -> (Millis, u64) {
        (self.receipt.due, self.number)
    }
}

impl PartialEq for Turn {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Turn {}

impl PartialOrd for Turn {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Turn {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

/// The receipts that wait.
#[derive(Default)]
pub(crate) struct Receipts {
    queue: Mutex<Queue>,
    something_new: Notify,
}

impl Receipts {
    /// Puts a receipt in the queue: once, twice or not at all, as the plan has it.
    pub(crate) fn put(&self, plan: &ReceiptPlan, receipt: Receipt) {
        let mut queue = self.queue();
        if plan.copies == 0 {
            queue.lost += 1;
            return;
        }
        for _ in 1..plan.copies {
            queue.put(receipt.clone());
        }
        queue.put(receipt);
        drop(queue);
        self.something_new.notify_one();
    }

    /// How many there were since the start, or since the last reset.
    pub(crate) fn counts(&self) -> ReceiptCounts {
        let queue = self.queue();
        ReceiptCounts { pushed: queue.pushed, waiting: queue.waiting.len(), lost: queue.lost }
    }

    /// Begins again with none.
    pub(crate) fn clear(&self) {
        *self.queue() = Queue::default();
    }

    /// Waits for the first that is due.
    async fn next(&self) -> Receipt {
        loop {
            let until_due = match self.queue().take(now()) {
                Ok(receipt) => return receipt,
                Err(until_due) => until_due,
            };
            let news = self.something_new.notified();
            match until_due {
                None => news.await,
                // Whichever comes first; both mean: look again.
                Some(wait) => {
                    let _ = tokio::time::timeout(Duration::from_millis(wait), news).await;
                }
            }
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn put(&mut self, receipt: Receipt) {
        if self.waiting.len() >= WAITING {
            self.lost += 1;
            if self.lost.is_power_of_two() {
                tracing::warn!(lost = self.lost, "too many receipts are waiting: some are lost");
            }
            return;
        }
        self.waiting.push(Reverse(Turn { number: self.next_number, receipt }));
        self.next_number += 1;
    }

    /// The first receipt if it is due, else how long it is until then; `None` without any.
    fn take(&mut self, now: Millis) -> Result<Receipt, Option<Millis>> {
        let Some(Reverse(first)) = self.waiting.peek() else { return Err(None) };
        if first.receipt.due > now {
            return Err(Some(first.receipt.due - now));
        }
        let Some(Reverse(turn)) = self.waiting.pop() else { return Err(None) };
        self.pushed += 1;
        Ok(turn.receipt)
    }
}

/// Hands receipts on when they are due, for ever. An account's callback is that of the moment.
pub(crate) async fn hand_on(world: Arc<World>) {
    loop {
        let Receipt { appid, openid, msgid, status, .. } = world.receipts.next().await;
        let account = world.ledger().state().accounts.get(&appid).cloned();
        let Some(account) = account else { continue };
        let event = Event::TemplateSendJobFinish { msgid, status };
        world.outbox.push_when_there_is_room(account, openid, event, now()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(msgid: i64, due: Millis) -> Receipt {
        Receipt { appid: "wx1".to_owned(), openid: "o".to_owned(), msgid, status: "success".to_owned(), due }
    }

    #[test]
    fn receipts_come_when_they_are_due_and_in_the_order_of_coming() {
        let mut queue = Queue::default();
        for (msgid, due) in [(1, 30), (2, 10), (3, 10), (4, 20)] {
            queue.put(receipt(msgid, due));
        }
        let mut take = |now| queue.take(now).map(|receipt| receipt.msgid);
        assert_eq!(take(5), Err(Some(5)));
        assert_eq!((take(10), take(10), take(10)), (Ok(2), Ok(3), Err(Some(10))));
        assert_eq!((take(100), take(100), take(100)), (Ok(4), Ok(1), Err(None)));
    }

    #[test]
    fn one_too_many_is_lost() {
        let mut queue = Queue::default();
        for _ in 0..=WAITING {
            queue.put(receipt(1, 1));
        }
        assert_eq!((queue.waiting.len(), queue.lost), (WAITING, 1));
    }

    #[test]
    fn a_plan_says_how_often_a_receipt_comes() {
        let receipts = Receipts::default();
        for copies in [0, 1, 2] {
            receipts.put(&ReceiptPlan { copies, ..ReceiptPlan::default() }, receipt(1, 1));
        }
        let counts = receipts.counts();
        assert_eq!((counts.waiting, counts.lost), (3, 1));
    }
}
