//! The inbox actor: the live view of one account's inbox.
//!
//! The table of inboxes starts me when the first watcher comes; I hold the watchers and the last frame, nothing that is not
//! in rows. I read the rows when told that something changed and when a watcher comes, once for all that was said meanwhile;
//! and once a minute whether the logins of my watchers still count. I stop when the last watcher has left.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};

use crate::domain::clock::{Clock, Millis};
use crate::domain::ids::{AccountId, AccountLoginId};
use crate::domain::inbox::{InboxItem, InboxScope};
use crate::domain::policy::AccountRules;
use crate::store::inbox_items::InboxFilter;
use crate::store::{Page, Store, StoreError};

use super::frame::close;
use super::inboxes::Live;
use super::watcher::{self, Watcher};

/// Items that a frame has.
pub const SHOWN: u64 = 20;
/// How often it is looked whether logins still count, for their end by time is told by nobody.
const CHECK: Duration = Duration::from_mins(1);
/// After which a failed read is made again: its nudge will not come twice.
const AGAIN: Duration = Duration::from_secs(1);
/// How often watchers that have gone are noticed while nothing happens.
const SWEEP: Duration = Duration::from_secs(30);

/// The present state of an inbox: a whole snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxFrame {
    /// Grows with each change, over restarts too: it begins at the time in milliseconds.
    pub seq: i64,
    /// How many items in all were not read.
    pub unread: u64,
    /// The newest items, the newest first.
    pub items: Vec<InboxItem>,
}

/// What a watcher gets.
pub type Update = watcher::Update<InboxFrame>;

/// What every inbox actor works with.
pub struct Tools {
    /// The rows.
    pub store: Store,
    /// The time that is stored.
    pub clock: Arc<dyn Clock>,
    /// What logins are held to.
    pub rules: AccountRules,
    /// Watchers of one account at most.
    pub watchers: usize,
}

/// A new watcher; it is sent the present frame first.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Attach {
    /// Where its frames go.
    pub watcher: Watcher<InboxFrame>,
    /// By which login it watches.
    pub login: AccountLoginId,
}

/// Rows may have changed: items, logins, or what the account belongs to.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Look;

/// Every watcher is to go.
#[derive(Message)]
#[rtype(result = "()")]
pub struct CloseAll(pub u16);

/// How much is read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    /// Whether watchers may still watch.
    Rights,
    /// That, and what stands in the inbox.
    Everything,
}

/// What was read.
struct Found {
    logins: HashSet<AccountLoginId>,
    scope: InboxScope,
    content: Option<(u64, Vec<InboxItem>)>,
}

struct Watching {
    watcher: Watcher<InboxFrame>,
    login: AccountLoginId,
    /// Whether it has had its first frame.
    shown: bool,
}

/// The actor.
pub struct InboxActor {
    account: AccountId,
    tools: Arc<Tools>,
    live: Live,
    watchers: Vec<Watching>,
    /// Those who came since the read under way began: it knows nothing of them.
    arrived: Vec<Watching>,
    /// Whether a read is under way.
    reading: bool,
    /// What is to be read when it is over.
    next: Option<Depth>,
    scope: Option<InboxScope>,
    last: Option<Arc<InboxFrame>>,
}

impl InboxActor {
    /// A live view of one inbox.
    pub fn new(account: AccountId, tools: Arc<Tools>, live: Live) -> Self {
        Self {
            account,
            tools,
            live,
            watchers: Vec::new(),
            arrived: Vec::new(),
            reading: false,
            next: None,
            scope: None,
            last: None,
        }
    }

    /// Reads now, or once more when the read under way is over: reads never overtake each other.
    fn read(&mut self, depth: Depth, ctx: &mut Context<Self>) {
        if self.reading {
            self.next = self.next.max(Some(depth));
            return;
        }
        self.reading = true;
        self.watchers.append(&mut self.arrived);
        let (account, tools) = (self.account, Arc::clone(&self.tools));
        let found = async move { find(account, &tools, depth).await };
        ctx.spawn(found.into_actor(self).map(|found, actor, ctx| {
            actor.reading = false;
            match found {
                Ok(found) => actor.show(found),
                Err(error) => actor.failed(&error, ctx),
            }
            if let Some(depth) = actor.next.take() {
                actor.read(depth, ctx);
            }
            actor.stop_if_alone(ctx);
        }));
    }

    /// The watchers stay; whoever has no first frame yet comes again.
    fn failed(&mut self, error: &StoreError, ctx: &mut Context<Self>) {
        tracing::warn!(error = %error, "an inbox could not be read");
        self.close_where(close::INTERNAL, |watcher| !watcher.shown);
        if !self.watchers.is_empty() {
            ctx.run_later(AGAIN, |actor, ctx| actor.read(Depth::Everything, ctx));
        }
    }

    fn show(&mut self, found: Found) {
        self.close_where(close::SIGNED_OUT, |watcher| !found.logins.contains(&watcher.login));
        let lost = self.scope.as_ref().is_some_and(|before| {
            before.organizations.iter().any(|organization| !found.scope.organizations.contains(organization))
        });
        self.scope = Some(found.scope);
        if lost {
            // Whoever has seen more than they may see now begins anew.
            self.last = None;
            self.close_where(close::SIGNED_OUT, |watcher| watcher.shown);
        }
        let Some((unread, items)) = found.content else { return };
        let same = self.last.as_ref().filter(|last| last.unread == unread && last.items == items);
        let news = same.is_none();
        let frame = match same {
            Some(known) => Arc::clone(known),
            None => Arc::new(InboxFrame { seq: self.next_seq(), unread, items }),
        };
        self.watchers.retain_mut(|watcher| {
            let due = news || !watcher.shown;
            watcher.shown = true;
            !due || watcher.watcher.push(Update::Frame(Arc::clone(&frame)))
        });
        self.last = Some(frame);
    }

    fn next_seq(&self) -> i64 {
        let Millis(now) = self.tools.clock.now();
        self.last.as_ref().map_or(now, |last| now.max(last.seq + 1))
    }

    fn close_where(&mut self, code: u16, goes: impl Fn(&Watching) -> bool) {
        self.watchers.retain(|watcher| {
            let goes = goes(watcher);
            if goes {
                watcher.watcher.push(Update::Close(code));
            }
            !goes
        });
    }

    fn stop_if_alone(&mut self, ctx: &mut Context<Self>) {
        self.watchers.retain(|watcher| !watcher.watcher.is_closed());
        self.arrived.retain(|watcher| !watcher.watcher.is_closed());
        if self.watchers.is_empty() && self.arrived.is_empty() {
            ctx.stop();
        }
    }
}

async fn find(account: AccountId, tools: &Tools, depth: Depth) -> Result<Found, StoreError> {
    let seen_since = tools.clock.now().minus(tools.rules.login_idle);
    let logins = tools.store.living_account_logins(account, seen_since).await?;
    if depth == Depth::Rights {
        let scope = tools.store.inbox_scope(account).await?;
        return Ok(Found { logins, scope, content: None });
    }
    let view = tools.store.inbox(account, InboxFilter::default(), Page::first(SHOWN)).await?;
    Ok(Found { logins, scope: view.scope, content: Some((view.unread, view.items.items)) })
}

impl Actor for InboxActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(SWEEP, Self::stop_if_alone);
        ctx.run_interval(CHECK, |actor, ctx| actor.read(Depth::Rights, ctx));
    }

    fn stopped(&mut self, ctx: &mut Self::Context) {
        self.live.forget(self.account, &ctx.address());
    }
}

impl Handler<Attach> for InboxActor {
    type Result = ();

    fn handle(&mut self, attach: Attach, ctx: &mut Self::Context) {
        let Attach { watcher, login } = attach;
        self.watchers.retain(|watcher| !watcher.watcher.is_closed());
        if self.watchers.len() + self.arrived.len() >= self.tools.watchers {
            metrics::counter!("menfang_limit_hits_total", "limit" => "sockets_per_account").increment(1);
            watcher.push(Update::Close(close::OVERLOADED));
            return;
        }
        self.arrived.push(Watching { watcher, login, shown: false });
        self.read(Depth::Everything, ctx);
    }
}

impl Handler<Look> for InboxActor {
    type Result = ();

    fn handle(&mut self, _: Look, ctx: &mut Self::Context) {
        // I was just started: my first watcher stands behind this in my mailbox, and has me read.
        if self.watchers.is_empty() && self.arrived.is_empty() {
            return;
        }
        self.read(Depth::Everything, ctx);
    }
}

impl Handler<CloseAll> for InboxActor {
    type Result = ();

    fn handle(&mut self, close_all: CloseAll, ctx: &mut Self::Context) {
        self.watchers.append(&mut self.arrived);
        self.close_where(close_all.0, |_| true);
        ctx.stop();
    }
}
