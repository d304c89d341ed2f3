//! The bus: says "look!" to whoever reads rows, counts what may be lost without harm, and keeps for all nodes what each of them
//! could get anew.
//! Not here: anything that must not be lost (`store`).
//! Called by use cases, actors, and `wechat` for its tokens.

pub mod guard;
pub mod in_process;
pub mod redis;

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::domain::clock::Millis;
use crate::domain::external_user::ExternalUser;
use crate::domain::ids::OrgId;
use crate::domain::qr_session::QrSession;
use crate::domain::qr_ticket::QrRef;

use self::guard::{Limit, Reached};
use self::in_process::InProcess;
use self::redis::{Cache, RedisBus, Settings, Unusable};

/// What is worth a look; every one of them can be found again from rows.
#[derive(Clone, Debug)]
pub enum Nudge {
    /// The change feed has something new.
    Changes,
    /// Somebody signed in of whom it is not known whether they follow. Stays on this node, for it names a person.
    Follower {
        /// The organization whose service account is meant.
        organization: OrgId,
        /// Who.
        openid: String,
    },
    /// Followers are to be imported.
    Imports,
    /// Something is to be sent, or receipts have come.
    Outbox,
}

/// A QR session as it was just written, which is committed.
#[derive(Debug)]
pub struct Written {
    /// Its row.
    pub session: QrSession,
    /// The account that it signs in, where whoever wrote it has it at hand.
    pub user: Option<ExternalUser>,
}

/// What is known of a QR session that was just written.
#[derive(Clone, Debug)]
pub enum SessionNews {
    /// This node has written it.
    Here(Arc<Written>),
    /// Another node has: its row is at this step, or at a later one.
    Elsewhere {
        /// Which session.
        r: QrRef,
        /// The number of the step.
        seq: u32,
    },
}

/// What a nudge is about; whoever listens does so to one of these, and sleeps through all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// [`Nudge::Changes`].
    Changes,
    /// [`Nudge::Follower`].
    Followers,
    /// [`Nudge::Imports`].
    Imports,
    /// [`Nudge::Outbox`].
    Outbox,
}

impl Nudge {
    /// What it is about.
    pub fn about(&self) -> About {
        match self {
            Self::Changes => About::Changes,
            Self::Follower { .. } => About::Followers,
            Self::Imports => About::Imports,
            Self::Outbox => About::Outbox,
        }
    }
}

/// How nudges travel. A closed set: one process, or Redis between many.
#[derive(Clone)]
pub enum Bus {
    /// Within this process.
    InProcess(InProcess),
    /// Between the nodes that share a Redis; while it is away, within this process.
    Redis(RedisBus),
}

impl Bus {
    /// A bus within this process.
    pub fn in_process() -> Self {
        Self::InProcess(InProcess::default())
    }

    /// A bus over Redis, which need not be there yet. Its task lives on the runtime that calls this, until the last clone is
    /// dropped.
    ///
    /// # Errors
    /// The addresses cannot be used, wherever Redis is.
    pub fn redis(settings: Settings) -> Result<Self, Unusable> {
        RedisBus::new(settings).map(Self::Redis)
    }

    /// Says "look", and never waits; nobody listening is no failure.
    pub fn nudge(&self, nudge: Nudge) {
        match self {
            Self::InProcess(bus) => bus.nudge(nudge),
            Self::Redis(bus) => bus.nudge(nudge),
        }
    }

    /// From now on `shown` is told of every QR session that a sign-in has written, at once if this node did. What was asked for first
    /// stays.
    pub fn show_sessions_to(&self, shown: impl Fn(SessionNews) + Send + Sync + 'static) {
        self.here().show_sessions_to(Box::new(shown));
    }

    /// A QR session was written: it is shown here at once, and the other nodes are told to look at it. The change feed is not asked for
    /// it, here or there, and comes across it when it is read next.
    pub fn session_written(&self, written: Written) {
        let (r, seq) = (written.session.r, written.session.seq);
        self.here().show_session(SessionNews::Here(Arc::new(written)));
        if let Self::Redis(bus) = self {
            bus.name_session(r, seq);
        }
    }

    /// Hears every nudge about this from now on; one who is slow misses the oldest, and looks anyway.
    pub fn listen(&self, about: About) -> broadcast::Receiver<Nudge> {
        self.here().listen(about)
    }

    /// Counts one under every limit, or under none if one of them is reached: over all nodes, or on this one while Redis is away.
    ///
    /// # Errors
    /// The first limit that is reached.
    pub async fn pass(&self, limits: &[Limit], now: Millis) -> Result<(), Reached> {
        match self {
            Self::InProcess(bus) => bus.guard.pass(limits, now),
            Self::Redis(bus) => bus.pass(limits, now).await,
        }
    }

    /// As [`Self::pass`], on this node alone: never waits, so it may be asked within a unit.
    ///
    /// # Errors
    /// The first limit that is reached.
    pub fn pass_here(&self, limits: &[Limit], now: Millis) -> Result<(), Reached> {
        self.here().guard.pass(limits, now)
    }

    /// What all nodes keep together; none where there is one process, whose own memory is enough.
    pub fn shared(&self) -> Option<Cache> {
        match self {
            Self::InProcess(_) => None,
            Self::Redis(bus) => Some(bus.cache()),
        }
    }

    /// Whether Redis answers; none without Redis.
    pub fn redis_is_up(&self) -> Option<bool> {
        match self {
            Self::InProcess(_) => None,
            Self::Redis(bus) => Some(bus.is_up()),
        }
    }

    fn here(&self) -> &InProcess {
        match self {
            Self::InProcess(bus) => bus,
            Self::Redis(bus) => bus.here(),
        }
    }
}
