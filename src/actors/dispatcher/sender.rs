//! The sender of a session: a task of its own that sends what is ready at the account's pace, so that nothing that is read or
//! written of rows holds up the next message.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::domain::clock::{Clock, Millis};
use crate::domain::delivery::SendRules;
use crate::domain::ids::AppId;
use crate::domain::notification::Priority;
use crate::domain::policy::DispatchRules;
use crate::domain::service_account::ServiceAccount;
use crate::wechat::{Credentials, NetworkFailure, TemplateMessage, WeChat, WeChatError};

use super::answer::{self, Told};
use super::ready::{Ready, Taken};
use super::record::Landed;
use super::{Desk, Tools};

/// A share of the places in flight that only urgent messages take: one in so many.
const URGENT_PLACES: usize = 4;
/// How long until it is looked again whether an app may send.
const SHARE_PAUSE: Duration = Duration::from_millis(10);

/// What a session and its sender share.
#[derive(Default)]
struct Shared {
    ready: Mutex<Ready>,
    /// The service account; none when it was unbound.
    account: Mutex<Option<Arc<ServiceAccount>>>,
    /// Until when the lease lasts, by the clock of rows and by this machine's; none before it is known.
    held_until: Mutex<Option<(Millis, Instant)>>,
    changed: Notify,
}

impl Shared {
    /// Whether the lease lasts: after it another node may send the same.
    fn is_held(&self, clock: &dyn Clock) -> bool {
        let until = *self.held_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|(at, instant)| clock.now() < at && Instant::now() < instant)
    }
}

/// The session's hold on its sender, which ends with it; what is on its way then has an outcome that nobody hears.
pub(super) struct Sender {
    shared: Arc<Shared>,
    landed: mpsc::Receiver<Landed>,
    task: JoinHandle<()>,
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sender {
    /// Starts a sender at a desk.
    pub(super) fn start(desk: &Arc<Desk>, tools: &Tools) -> Self {
        let shared: Arc<Shared> = Arc::default();
        // Room for all that may be on its way: who lands waits only while the session is behind by as much.
        let (land, landed) = mpsc::channel(desk.pace.window() + tools.rules.in_flight);
        let work = Work {
            shared: Arc::clone(&shared),
            desk: Arc::clone(desk),
            wechat: tools.wechat.clone(),
            clock: Arc::clone(&tools.clock),
            rules: tools.rules,
            land,
        };
        Self { shared, landed, task: tokio::spawn(work.run()) }
    }

    /// Sends by this account from now on.
    pub(super) fn set_account(&self, account: Option<Arc<ServiceAccount>>) {
        *self.shared.account.lock().unwrap_or_else(PoisonError::into_inner) = account;
    }

    /// Sends until then, unless the lease is held for longer by then.
    pub(super) fn hold_until(&self, at: Millis, instant: Instant) {
        *self.shared.held_until.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, instant));
    }

    /// Adds what is taken.
    pub(super) fn push(&self, taken: impl IntoIterator<Item = Taken>) {
        let mut ready = self.ready();
        for taken in taken {
            ready.push(taken);
        }
        drop(ready);
        self.shared.changed.notify_one();
    }

    /// How many go before a new one of this priority.
    pub(super) fn ahead(&self, priority: Priority) -> usize {
        self.ready().ahead(priority)
    }

    /// How many of an app wait for their moment.
    pub(super) fn of_app(&self, app: AppId) -> usize {
        self.ready().of_app(app)
    }

    /// Takes out what is not yet on its way of these priorities.
    pub(super) fn take_back(&self, which: impl Fn(Priority) -> bool) -> Vec<Taken> {
        self.ready().drain(which)
    }

    /// The next one that is back; none when the sender is gone, which it never is by itself.
    pub(super) async fn landed(&mut self) -> Option<Landed> {
        self.landed.recv().await
    }

    /// One that is back already.
    pub(super) fn landed_by_now(&mut self) -> Option<Landed> {
        self.landed.try_recv().ok()
    }

    fn ready(&self) -> MutexGuard<'_, Ready> {
        // Nothing is left half done in there by a panic.
        self.shared.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Work {
    shared: Arc<Shared>,
    desk: Arc<Desk>,
    wechat: WeChat,
    clock: Arc<dyn Clock>,
    rules: DispatchRules,
    land: mpsc::Sender<Landed>,
}

impl Work {
    /// Runs until a send panics, or it is aborted.
    async fn run(self) {
        let mut flying = JoinSet::new();
        let mut next: Option<Taken> = None;
        loop {
            if next.is_none() {
                next = self.pop(flying.len());
            }
            // What waits although there is a place is of apps that have used their share for now.
            let waits =
                next.is_none() && self.places(flying.len()).is_some_and(|down_to| self.waiting(down_to));
            tokio::select! {
                () = self.desk.pace.go(), if next.is_some() => {
                    if let Some(taken) = next.take() {
                        self.send(taken, &mut flying);
                    }
                }
                () = self.shared.changed.notified(), if next.is_none() => {}
                () = tokio::time::sleep(SHARE_PAUSE), if waits => {}
                Some(ended) = flying.join_next(), if !flying.is_empty() => if ended.is_err() { return },
            }
        }
    }

    /// The next message for which there is a place.
    fn pop(&self, flying: usize) -> Option<Taken> {
        let down_to = self.places(flying)?;
        let mut ready = self.shared.ready.lock().unwrap_or_else(PoisonError::into_inner);
        ready.pop(down_to, |app| self.desk.pace.app_may(app))
    }

    fn waiting(&self, down_to: Priority) -> bool {
        self.shared.ready.lock().unwrap_or_else(PoisonError::into_inner).ahead(down_to) > 0
    }

    /// Down to which priority there are places in flight; some are kept for what is urgent.
    fn places(&self, flying: usize) -> Option<Priority> {
        let all = self.rules.in_flight;
        match flying {
            flying if flying < all - all / URGENT_PLACES => Some(Priority::Bulk),
            flying if flying < all => Some(Priority::Urgent),
            _ => None,
        }
    }

    fn send(&self, taken: Taken, flying: &mut JoinSet<()>) {
        let account = self.shared.account.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (wechat, land) = (self.wechat.clone(), self.land.clone());
        let (clock, rules, shared) = (Arc::clone(&self.clock), self.rules.sends, Arc::clone(&self.shared));
        flying.spawn(async move {
            let landed = match account {
                Some(account) if shared.is_held(&*clock) => {
                    send(&wechat, &account, taken, (&*clock, &rules)).await
                }
                _ => Landed::untried(taken),
            };
            // The session may have ended: then nobody hears it, and the next one finds out.
            drop(land.send(landed).await);
        });
    }
}

async fn send(
    wechat: &WeChat,
    account: &ServiceAccount,
    taken: Taken,
    (clock, sends): (&dyn Clock, &SendRules),
) -> Landed {
    if !sends.may_repeat(taken.due.unknown_since, clock.now()) {
        return Landed::too_late(taken);
    }
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
    let sent = tokio::time::timeout(sends.deadline, wechat.send_template(&credentials, &message)).await;
    let answered = sent.unwrap_or(Err(WeChatError::Network(NetworkFailure::Timeout)));
    if let Err(error) = &answered {
        tracing::debug!(delivery.id = %taken.due.id, error = %error, "a message was not taken");
    }
    let Told { answer, beyond } = answer::read(answered);
    Landed { taken, answer, beyond }
}
