//! The bounded queues of pushes, and the task that works them off.
//!
//! Receipts come as fast as messages are sent and have a queue of their own, so that they never keep an event of a person
//! waiting. The deliveries share one client, which keeps its connections.

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    task::{JoinHandle, JoinSet},
};

use super::{Event, Verification, delivery, push::Push, verification};
use crate::{instant::Millis, state::Account};

/// Pushes that wait for their turn; more are given up, as WeChat gives up on a server that cannot follow.
const WAITING: usize = 4096;
/// Receipts that wait for their turn. Who puts one more waits, and so do the receipts behind it.
const RECEIPTS_WAITING: usize = 256;
/// Pushes and verifications on their way at once, and as many receipts.
const AT_ONCE: usize = 64;

/// How patient deliveries are.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// How long a callback may take to answer.
    pub(crate) deadline: Duration,
    /// The pause after an answer that will not do.
    pub(crate) pause: Duration,
}

impl Pace {
    /// As WeChat does it.
    pub(crate) const WECHAT: Self =
        Self { deadline: Duration::from_secs(5), pause: Duration::from_millis(300) };
}

/// What came of the first delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Delivered {
    /// Whether the callback took it.
    pub(crate) delivered: bool,
    /// The HTTP status, if there was an answer at all.
    pub(crate) status: Option<u16>,
}

impl Delivered {
    /// No answer.
    pub(crate) const NO: Self = Self { delivered: false, status: None };
}

enum Task {
    Push(Box<Push>, oneshot::Sender<Delivered>),
    Verify(Verification, oneshot::Sender<bool>),
    Later(Box<Later>),
}

/// An event that is written when its turn has come.
struct Later {
    account: Account,
    openid: String,
    event: Event,
    at: Millis,
}

/// The sending ends.
#[derive(Clone)]
pub(crate) struct Outbox {
    events: mpsc::Sender<Task>,
    receipts: mpsc::Sender<Task>,
}

impl Outbox {
    /// Starts the task that delivers. It ends when every sending end is gone, or when it is aborted.
    ///
    /// # Errors
    /// No HTTP client can be made on this machine.
    pub(crate) fn start(pace: Pace) -> anyhow::Result<(Self, JoinHandle<()>)> {
        let client = reqwest::Client::builder()
            .user_agent("Mozilla/4.0")
            .timeout(pace.deadline)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let (events, events_to_come) = mpsc::channel(WAITING);
        let (receipts, receipts_to_come) = mpsc::channel(RECEIPTS_WAITING);
        let deliveries = async move {
            tokio::join!(
                work_off(client.clone(), pace, events_to_come),
                work_off(client, pace, receipts_to_come)
            );
        };
        Ok((Self { events, receipts }, tokio::spawn(deliveries)))
    }

    /// Puts an event in the queue and waits for its first delivery. `None` if the account wants no events.
    pub(crate) async fn push(
        &self,
        account: &Account,
        openid: String,
        event: &Event,
        at: Millis,
    ) -> Option<Delivered> {
        let push = Push::new(account, openid, event, at)?;
        let (first, outcome) = oneshot::channel();
        if self.events.try_send(Task::Push(Box::new(push), first)).is_err() {
            tracing::warn!(appid = %account.appid, "too many callbacks are waiting: this event is lost");
            return Some(Delivered::NO);
        }
        Some(outcome.await.unwrap_or(Delivered::NO))
    }

    /// Puts an event in the queue of receipts, waiting for room, and does not wait for its delivery.
    pub(crate) async fn push_when_there_is_room(
        &self,
        account: Account,
        openid: String,
        event: Event,
        at: Millis,
    ) {
        if account.callback_url.is_none() {
            return;
        }
        let later = Later { account, openid, event, at };
        if self.receipts.send(Task::Later(Box::new(later))).await.is_err() {
            tracing::warn!("the deliveries have ended: this receipt is lost");
        }
    }

    /// Verifies a callback URL as WeChat does when it is saved. `None` if the account has none.
    pub(crate) async fn verify(&self, account: &Account) -> Option<bool> {
        let verification = Verification::new(account)?;
        let (sender, outcome) = oneshot::channel();
        if self.events.try_send(Task::Verify(verification, sender)).is_err() {
            return Some(false);
        }
        Some(outcome.await.unwrap_or(false))
    }
}

async fn work_off(client: reqwest::Client, pace: Pace, mut tasks: mpsc::Receiver<Task>) {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    // Dropped with this task, and everything on its way with it.
    let mut on_their_way = JoinSet::new();
    while let Some(task) = tasks.recv().await {
        while on_their_way.try_join_next().is_some() {}
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
        let client = client.clone();
        on_their_way.spawn(async move {
            match task {
                Task::Push(push, first) => delivery::deliver(&client, pace, &push, first).await,
                Task::Later(later) => {
                    let Later { account, openid, event, at } = *later;
                    if let Some(push) = Push::new(&account, openid, &event, at) {
                        // Nobody asks how the first delivery went.
                        let (first, _) = oneshot::channel();
                        delivery::deliver(&client, pace, &push, first).await;
                    }
                }
                Task::Verify(verification, outcome) => {
                    let _ = outcome.send(verification::verify(&client, &verification).await);
                }
            }
            drop(turn);
        });
    }
    while on_their_way.join_next().await.is_some() {}
}
