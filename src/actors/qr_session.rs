//! The QR-session actor: the live view of one QR session.
//!
//! The registry starts me when the first watcher comes; I hold the watchers and the last frame, nothing that is not in
//! the ticket or the row. I read the row when told that it changed (or that my portal was closed), unless I am given it; when a
//! watcher comes, unless it is certain that there is none yet; and once when the code's time is over. I stop when the last
//! watcher has left or nothing can follow.

use std::sync::Arc;
use std::time::Duration;

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, SpawnHandle, WrapFuture,
};

use crate::bus::Written;
use crate::domain::clock::{Clock, Millis};
use crate::domain::external_user::ExternalUser;
use crate::domain::policy::Lifetimes;
use crate::domain::qr_session::QrSession;
use crate::domain::qr_ticket::Waiting;
use crate::domain::scope::OrgScope;
use crate::store::{Store, StoreError};

use super::closed_portals::ClosedPortals;
use super::frame::{GRACE, StateFrame, close};
use super::registry::Sessions;
use super::scanned::Scanned;
use super::watcher::{self, Watcher};

/// After which a failed read is made again: its nudge will not come twice.
const AGAIN: Duration = Duration::from_secs(1);

/// The clock is asked again after so long: what waiting is measured by stands still while a machine sleeps.
const SLICE: Duration = Duration::from_mins(1);

/// What a watcher gets.
pub type Update = watcher::Update<StateFrame>;

/// What every QR-session actor works with.
pub struct Tools {
    /// The rows.
    pub store: Store,
    /// The time that is stored.
    pub clock: Arc<dyn Clock>,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// Watchers of one session at most.
    pub watchers: usize,
    /// Which portals are closed.
    pub closed: ClosedPortals,
    /// Which sessions were written lately.
    pub scanned: Scanned,
}

/// A new watcher; it is sent the present frame first.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Attach(pub Watcher<StateFrame>);

/// A watcher has left.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Left;

/// The row may have changed, to the step of this number if it is known, or time has gone by.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Look(pub Option<u32>);

/// The row, as it was just written.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Show(pub Arc<Written>);

/// Every watcher is to go.
#[derive(Message)]
#[rtype(result = "()")]
pub struct CloseAll(pub u16);

/// The actor.
pub struct QrSessionActor {
    waiting: Waiting,
    tools: Arc<Tools>,
    sessions: Sessions,
    watchers: Vec<Watcher<StateFrame>>,
    /// Watchers that have not had their first frame.
    fresh: Vec<Watcher<StateFrame>>,
    last: Option<Arc<StateFrame>>,
    timer: Option<SpawnHandle>,
}

impl QrSessionActor {
    /// A live view of one session.
    pub fn new(waiting: Waiting, tools: Arc<Tools>, sessions: Sessions) -> Self {
        Self { waiting, tools, sessions, watchers: Vec::new(), fresh: Vec::new(), last: None, timer: None }
    }

    /// Shows what is known of the row, reading what is not.
    fn look(&mut self, ctx: &mut Context<Self>, row: Row) {
        let (waiting, tools) = (self.waiting, Arc::clone(&self.tools));
        if !tools.closed.holds(waiting.app)
            && let Some((session, user)) = row.shown_alone()
        {
            let frame = StateFrame::of(&waiting, session, user, tools.clock.now(), &tools.lifetimes);
            self.show(frame, ctx);
            return;
        }
        let frame = async move { read_frame(&waiting, row, &tools).await };
        ctx.spawn(frame.into_actor(self).map(|frame, actor, ctx| match frame {
            Ok(frame) => actor.show(frame, ctx),
            Err(error) => {
                // The watchers stay; whoever has no first frame yet comes again.
                tracing::warn!(error = %error, "a QR session could not be read");
                for watcher in actor.fresh.drain(..) {
                    watcher.push(Update::Close(close::INTERNAL));
                }
                if !actor.watchers.is_empty() {
                    ctx.run_later(AGAIN, |actor, ctx| actor.look(ctx, Row::Unknown));
                }
                actor.stop_if_alone(ctx);
            }
        }));
    }

    fn show(&mut self, frame: StateFrame, ctx: &mut Context<Self>) {
        if frame.end == Some(close::FINISHED)
            && self.last.as_ref().is_some_and(|last| last.state == frame.state)
        {
            // Claimed: whoever saw "authorized" is told by the end alone.
            if let Some(last) = &self.last {
                for watcher in &self.fresh {
                    watcher.push(Update::Frame(Arc::clone(last)));
                }
            }
            self.close_all(close::FINISHED, ctx);
            return;
        }
        let is_news = self.last.as_ref().is_none_or(|last| frame.seq > last.seq);
        let shown = if is_news {
            Arc::new(frame)
        } else {
            Arc::clone(self.last.get_or_insert_with(|| Arc::new(frame)))
        };
        if is_news {
            self.watchers.retain(|watcher| watcher.push(Update::Frame(Arc::clone(&shown))));
        }
        for watcher in std::mem::take(&mut self.fresh) {
            if watcher.push(Update::Frame(Arc::clone(&shown))) {
                self.watchers.push(watcher);
            }
        }
        if let Some(code) = shown.end {
            self.close_all(code, ctx);
            return;
        }
        let expires_at = shown.expires_at;
        self.last = Some(shown);
        if is_news || self.timer.is_none() {
            self.arm(expires_at, ctx);
        }
        self.stop_if_alone(ctx);
    }

    /// Wakes me when the present state's time is over.
    fn arm(&mut self, expires_at: Millis, ctx: &mut Context<Self>) {
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        let left = expires_at.plus(GRACE).since(self.tools.clock.now()).max(Duration::from_millis(50));
        self.timer = Some(ctx.run_later(left.min(SLICE), move |actor, ctx| {
            actor.timer = None;
            if left <= SLICE {
                actor.look(ctx, Row::Unknown);
            } else {
                actor.arm(expires_at, ctx);
            }
        }));
    }

    fn close_all(&mut self, code: u16, ctx: &mut Context<Self>) {
        for watcher in self.watchers.drain(..).chain(self.fresh.drain(..)) {
            watcher.push(Update::Close(code));
        }
        ctx.stop();
    }

    fn stop_if_alone(&mut self, ctx: &mut Context<Self>) {
        self.watchers.retain(|watcher| !watcher.is_closed());
        self.fresh.retain(|watcher| !watcher.is_closed());
        if self.watchers.is_empty() && self.fresh.is_empty() {
            ctx.stop();
        }
    }
}

/// What I know of my row.
enum Row {
    /// Nothing: it is read.
    Unknown,
    /// Nobody has scanned my code.
    Missing,
    /// It was just written.
    Given(Arc<Written>),
}

impl Row {
    /// The row and its account, where nothing more has to be read for a frame.
    fn shown_alone(&self) -> Option<(Option<&QrSession>, Option<&ExternalUser>)> {
        let written = match self {
            Self::Missing => return Some((None, None)),
            Self::Given(written) => written,
            Self::Unknown => return None,
        };
        let session = &written.session;
        // The phone of a person who proves a number first signs in no account yet.
        let user = written.user.as_ref().filter(|user| session.user == Some(user.id));
        let is_all = session.user.is_none() || user.is_some() || !StateFrame::shows_person(session.state);
        is_all.then_some((Some(session), user))
    }
}

async fn read_frame(waiting: &Waiting, row: Row, tools: &Tools) -> Result<StateFrame, StoreError> {
    let row = match row {
        Row::Missing => None,
        Row::Given(written) => Some(written.session.clone()),
        Row::Unknown => tools.store.qr_session(waiting.r).await?,
    };
    // Most changes show nobody, and an approval is waited for.
    let shown = row.as_ref().filter(|row| StateFrame::shows_person(row.state));
    let user = match shown.and_then(|row| Some((OrgScope::of_row(row.organization), row.user?))) {
        Some((scope, user)) => tools.store.external_user(scope, user).await?,
        None => None,
    };
    let frame = StateFrame::of(waiting, row.as_ref(), user.as_ref(), tools.clock.now(), &tools.lifetimes);
    // The set is a hint that spares open portals a read: one that was opened again just now may still be in it.
    let closed = tools.closed.holds(waiting.app) && !tools.store.takes_sign_ins(waiting.app).await?;
    Ok(if closed { frame.at_closed_portal() } else { frame })
}

impl Actor for QrSessionActor {
    type Context = Context<Self>;

    fn stopped(&mut self, ctx: &mut Self::Context) {
        self.sessions.forget(self.waiting.r, &ctx.address());
    }
}

impl Handler<Attach> for QrSessionActor {
    type Result = ();

    fn handle(&mut self, attach: Attach, ctx: &mut Self::Context) {
        self.watchers.retain(|watcher| !watcher.is_closed());
        if self.watchers.len() + self.fresh.len() >= self.tools.watchers {
            metrics::counter!("menfang_limit_hits_total", "limit" => "sockets_per_session").increment(1);
            attach.0.push(Update::Close(close::OVERLOADED));
            return;
        }
        self.fresh.push(attach.0);
        // A "waiting" that is wrong is put right by the feed; an end would be the last word, so it is never said unread.
        let ends_at = self.waiting.issued_at.plus(self.tools.lifetimes.qr);
        let unscanned = self.tools.clock.now() <= ends_at && self.tools.scanned.lacks(&self.waiting);
        let row = if unscanned { Row::Missing } else { Row::Unknown };
        self.look(ctx, row);
    }
}

impl Handler<Left> for QrSessionActor {
    type Result = ();

    fn handle(&mut self, _: Left, ctx: &mut Self::Context) {
        self.stop_if_alone(ctx);
    }
}

impl Handler<Look> for QrSessionActor {
    type Result = ();

    fn handle(&mut self, Look(seq): Look, ctx: &mut Self::Context) {
        let was_shown = seq.is_some_and(|seq| self.last.as_ref().is_some_and(|last| last.seq >= seq));
        if was_shown {
            self.stop_if_alone(ctx);
        } else {
            self.look(ctx, Row::Unknown);
        }
    }
}

impl Handler<Show> for QrSessionActor {
    type Result = ();

    fn handle(&mut self, Show(written): Show, ctx: &mut Self::Context) {
        self.look(ctx, Row::Given(written));
    }
}

impl Handler<CloseAll> for QrSessionActor {
    type Result = ();

    fn handle(&mut self, close_all: CloseAll, ctx: &mut Self::Context) {
        self.close_all(close_all.0, ctx);
    }
}
