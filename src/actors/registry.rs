//! The registry: the only door to QR-session actors. It is a table, not an actor, so that nothing stands between a
//! watcher and its session, and a panic anywhere leaves it whole.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::{Actor, Addr};

use crate::bus::{SessionNews, Written};
use crate::domain::ids::AppId;
use crate::domain::qr_ticket::{QrRef, Waiting};

use super::frame::{StateFrame, close};
use super::qr_session::{Attach, CloseAll, Left, Look, QrSessionActor, Show, Tools};
use super::watcher::{self, Updates, Watcher};

/// Why nothing can be watched now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// This node holds as many as it may, or the session's mailbox is full.
    #[error("overloaded")]
    Overloaded,
    /// The server is going down.
    #[error("restarting")]
    Restarting,
}

/// What a watcher of a session gets. Dropping it is leaving, which the session's actor is told.
pub struct Watching {
    updates: Updates<StateFrame>,
    left: Option<(Sessions, QrRef, Addr<QrSessionActor>)>,
}

#[cfg(test)]
impl Watching {
    /// What a watcher gets from a session that no actor has.
    pub(crate) fn without_actor(updates: Updates<StateFrame>) -> Self {
        Self { updates, left: None }
    }
}

impl Deref for Watching {
    type Target = Updates<StateFrame>;

    fn deref(&self) -> &Self::Target {
        &self.updates
    }
}

impl DerefMut for Watching {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.updates
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.updates.leave();
        if let Some((sessions, r, address)) = &self.left {
            sessions.left(*r, address);
            // Where this finds no place, whatever stands there has the actor see who is gone.
            drop(address.try_send(Left));
        }
    }
}

/// A session that somebody watches.
struct Live {
    app: AppId,
    address: Addr<QrSessionActor>,
    /// How many watch it. An actor that is without them is not found any more, so nobody comes to one that is about to stop.
    watchers: usize,
}

/// Adds a watcher to those of an actor, which has its turn later: this may be done while the table is held.
fn attach(address: &Addr<QrSessionActor>, watcher: Watcher<StateFrame>) -> Result<(), WatchError> {
    address.try_send(Attach(watcher)).map_err(|_| {
        metrics::counter!("menfang_mailbox_full_total", "actor" => "qr_session").increment(1);
        WatchError::Overloaded
    })
}

/// The live sessions of this node.
#[derive(Clone, Default)]
pub struct Sessions(Arc<Mutex<HashMap<QrRef, Live>>>);

impl Sessions {
    fn table(&self) -> MutexGuard<'_, HashMap<QrRef, Live>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an actor that has stopped out of the table, unless another one stands in its place.
    pub(super) fn forget(&self, r: QrRef, address: &Addr<QrSessionActor>) {
        self.take(r, address, |_| true);
    }

    /// One of its watchers has left: with the last one an actor goes from the table.
    fn left(&self, r: QrRef, address: &Addr<QrSessionActor>) {
        self.take(r, address, |live| {
            live.watchers = live.watchers.saturating_sub(1);
            live.watchers == 0
        });
    }

    fn take(&self, r: QrRef, address: &Addr<QrSessionActor>, goes: impl FnOnce(&mut Live) -> bool) {
        let mut table = self.table();
        if table.get_mut(&r).filter(|live| live.address == *address).is_some_and(goes) {
            table.remove(&r);
            metrics::gauge!("menfang_qr_sessions_live").decrement(1);
        }
    }
}

/// The door.
#[derive(Clone)]
pub struct Registry {
    sessions: Sessions,
    tools: Arc<Tools>,
    at_most: usize,
    draining: Arc<AtomicBool>,
}

impl Registry {
    /// A registry with no session in it.
    pub fn new(tools: Tools, at_most: usize) -> Self {
        Self { sessions: Sessions::default(), tools: Arc::new(tools), at_most, draining: Arc::default() }
    }

    /// Watches a session, whose actor lives on the thread of its first watcher, so that nothing between them has to wake another
    /// thread: the present frame first, then every new one, then the code to close with.
    ///
    /// # Errors
    /// This node is full or going down.
    pub fn watch(&self, waiting: Waiting) -> Result<Watching, WatchError> {
        if self.draining.load(Ordering::Relaxed) {
            return Err(WatchError::Restarting);
        }
        let (watcher, updates) = watcher::channel();
        let mut table = self.sessions.table();
        // An actor that has stopped takes nothing: then a new one does.
        let known = table.get_mut(&waiting.r).filter(|live| live.address.connected());
        let left = if let Some(live) = known {
            attach(&live.address, watcher)?;
            live.watchers += 1;
            live.address.clone()
        } else {
            if table.len() >= self.at_most {
                let full = "qr_sessions_per_node";
                metrics::counter!("menfang_limit_hits_total", "limit" => full).increment(1);
                return Err(WatchError::Overloaded);
            }
            let actor = QrSessionActor::new(waiting, Arc::clone(&self.tools), self.sessions.clone());
            let address = actor.start();
            attach(&address, watcher)?;
            let live = Live { app: waiting.app, address: address.clone(), watchers: 1 };
            if table.insert(waiting.r, live).is_none() {
                metrics::gauge!("menfang_qr_sessions_live").increment(1);
            }
            address
        };
        drop(table);
        Ok(Watching { updates, left: Some((self.sessions.clone(), waiting.r, left)) })
    }

    /// Tells the sessions of these rows, if they live here, to look, unless they have seen the step that their row is at.
    pub fn look(&self, changed: impl Iterator<Item = (QrRef, Option<u32>)>) {
        let now = self.tools.clock.now();
        for (r, seq) in changed {
            // Before it is looked for: whoever comes meanwhile finds one or the other.
            self.tools.scanned.put(r, now);
            let address = self.sessions.table().get(&r).map(|live| live.address.clone());
            // A mailbox holds more than all the steps of a session's life: a full one is that of an actor which reads nothing any more.
            if let Some(address) = address {
                drop(address.try_send(Look(seq)));
            }
        }
    }

    /// Has a session, if it lives here, show its row: as it was just written, or as it reads it.
    pub fn tell(&self, news: SessionNews) {
        match news {
            SessionNews::Here(written) => self.show(written),
            SessionNews::Elsewhere { r, seq } => self.look(std::iter::once((r, Some(seq)))),
        }
    }

    fn show(&self, written: Arc<Written>) {
        let r = written.session.r;
        self.tools.scanned.put(r, self.tools.clock.now());
        let address = self.sessions.table().get(&r).map(|live| live.address.clone());
        // The change feed tells it too.
        if let Some(address) = address {
            drop(address.try_send(Show(written)));
        }
    }

    /// Tells every session to look: time has moved.
    pub fn look_at_all(&self) {
        let all: Vec<QrRef> = self.sessions.table().keys().copied().collect();
        self.look(all.into_iter().map(|r| (r, None)));
    }

    /// Whether the portal of an app is closed, as the change feed last read it.
    pub fn is_closed(&self, app: AppId) -> bool {
        self.tools.closed.holds(app)
    }

    /// From now on this node is told of every session that is written.
    pub fn hears_of_all(&self) {
        self.tools.scanned.begin(self.tools.clock.now());
    }

    /// What is written may be told to nobody, for now.
    pub fn may_miss_some(&self) {
        self.tools.scanned.end();
    }

    /// The portals that are closed; the sessions are told to look by [`Registry::look_at_all`].
    pub fn closed_are(&self, apps: impl IntoIterator<Item = AppId>) {
        self.tools.closed.are(apps);
    }

    /// The portal of an app was opened or closed: its sessions look.
    pub fn portal_switched(&self, app: AppId, closed: bool) {
        self.tools.closed.set(app, closed);
        let table = self.sessions.table();
        let there: Vec<QrRef> = table.iter().filter(|(_, live)| live.app == app).map(|(r, _)| *r).collect();
        drop(table);
        self.look(there.into_iter().map(|r| (r, None)));
    }

    /// How many sessions live here.
    pub fn live_sessions(&self) -> usize {
        self.sessions.table().len()
    }

    /// Takes no new watchers and sends all others away with 1012, spread over `span`.
    pub async fn drain(&self, span: Duration) {
        self.draining.store(true, Ordering::Relaxed);
        let all: Vec<_> = self.sessions.table().values().map(|live| live.address.clone()).collect();
        let slices = 20;
        let per_slice = all.len().div_ceil(slices).max(1);
        for slice in all.chunks(per_slice) {
            for address in slice {
                drop(address.try_send(CloseAll(close::RESTARTING)));
            }
            if all.len() > slices {
                tokio::time::sleep(span / u32::try_from(slices).unwrap_or(1)).await;
            }
        }
    }
}
