//! The table of live inboxes: the only door to inbox actors, as the registry is to those of QR sessions.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::{Actor, Addr, ArbiterHandle};

use crate::domain::ids::{AccountId, AccountLoginId};

use super::frame::close;
use super::inbox::{Attach, CloseAll, InboxActor, InboxFrame, Look, Tools};
use super::registry::WatchError;
use super::watcher::{self, Updates};

/// In how many portions watchers are sent away.
const SLICES: u32 = 20;

/// The inboxes that somebody watches on this node.
#[derive(Clone, Default)]
pub struct Live(Arc<Mutex<HashMap<AccountId, Addr<InboxActor>>>>);

impl Live {
    fn table(&self) -> MutexGuard<'_, HashMap<AccountId, Addr<InboxActor>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an actor that has stopped out of the table, unless another one stands in its place.
    pub(super) fn forget(&self, account: AccountId, address: &Addr<InboxActor>) {
        let mut table = self.table();
        if table.get(&account).is_some_and(|known| known == address) {
            table.remove(&account);
            metrics::gauge!("menfang_inboxes_live").decrement(1);
        }
    }
}

/// The door.
#[derive(Clone)]
pub struct Inboxes {
    live: Live,
    tools: Arc<Tools>,
    arbiters: Arc<Vec<ArbiterHandle>>,
    next: Arc<AtomicUsize>,
    draining: Arc<AtomicBool>,
}

impl Inboxes {
    /// A table whose actors live on `arbiters`. It needs no bound of its own: every inbox in it has a live connection, and
    /// those are bounded.
    pub fn new(tools: Tools, arbiters: Vec<ArbiterHandle>) -> Self {
        Self {
            live: Live::default(),
            tools: Arc::new(tools),
            arbiters: Arc::new(arbiters),
            next: Arc::default(),
            draining: Arc::default(),
        }
    }

    /// Watches an inbox by a login: the present frame first, then every new one, then the code to close with. Dropping the
    /// updates is leaving.
    ///
    /// # Errors
    /// The inbox has too much to do, or this node is going down.
    pub fn watch(
        &self,
        account: AccountId,
        login: AccountLoginId,
    ) -> Result<Updates<InboxFrame>, WatchError> {
        if self.draining.load(Ordering::Relaxed) {
            return Err(WatchError::Restarting);
        }
        let (mut watcher, updates) = watcher::channel();
        // An actor that has just stopped takes nothing: then a new one does.
        for _ in 0..2 {
            let address = self.of(account)?;
            match address.try_send(Attach { watcher, login }) {
                Ok(()) => return Ok(updates),
                Err(actix::dev::SendError::Full(_)) => {
                    metrics::counter!("menfang_mailbox_full_total", "actor" => "inbox").increment(1);
                    return Err(WatchError::Overloaded);
                }
                Err(actix::dev::SendError::Closed(back)) => {
                    watcher = back.watcher;
                    self.live.forget(account, &address);
                }
            }
        }
        Err(WatchError::Overloaded)
    }

    fn of(&self, account: AccountId) -> Result<Addr<InboxActor>, WatchError> {
        let mut table = self.live.table();
        if let Some(address) = table.get(&account).filter(|address| address.connected()) {
            return Ok(address.clone());
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.arbiters.len().max(1);
        let arbiter = self.arbiters.get(turn).ok_or(WatchError::Overloaded)?;
        let actor = InboxActor::new(account, Arc::clone(&self.tools), self.live.clone());
        let address = InboxActor::start_in_arbiter(arbiter, move |_| actor);
        if table.insert(account, address.clone()).is_none() {
            metrics::gauge!("menfang_inboxes_live").increment(1);
        }
        Ok(address)
    }

    /// Tells the inboxes of these accounts, if they live here, to look.
    pub fn look(&self, changed: impl IntoIterator<Item = AccountId>) {
        for account in changed {
            let address = self.live.table().get(&account).cloned();
            // A full mailbox already holds a look; one that has stopped needs none.
            if let Some(address) = address {
                drop(address.try_send(Look));
            }
        }
    }

    /// Tells every inbox to look.
    pub fn look_at_all(&self) {
        let all: Vec<AccountId> = self.live.table().keys().copied().collect();
        self.look(all);
    }

    /// How many inboxes live here.
    pub fn live_inboxes(&self) -> usize {
        self.live.table().len()
    }

    /// Takes no new watchers and sends all others away with 1012, spread over `span`.
    pub async fn drain(&self, span: Duration) {
        self.draining.store(true, Ordering::Relaxed);
        let all: Vec<_> = self.live.table().values().cloned().collect();
        let portion = all.len().div_ceil(usize::try_from(SLICES).unwrap_or(1)).max(1);
        for some in all.chunks(portion) {
            for address in some {
                drop(address.try_send(CloseAll(close::RESTARTING)));
            }
            if portion > 1 {
                tokio::time::sleep(span / SLICES).await;
            }
        }
    }
}
