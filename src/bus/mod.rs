//! The bus: says "look!" to whoever reads rows, and counts what may be lost without harm.
//! Not here: anything that must not be lost (`store`).
//! Called by use cases and actors.

pub mod guard;
pub mod in_process;

use crate::domain::ids::OrgId;

pub use guard::Guard;

/// What is worth a look; every one of them can be found again from rows.
#[derive(Clone, Debug)]
pub enum Nudge {
    /// The change feed has something new.
    Changes,
    /// Somebody signed in of whom it is not known whether they follow.
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

/// How nudges travel. A closed set: one process now, Redis between many.
#[derive(Clone)]
pub enum Bus {
    /// Within this process.
    InProcess(in_process::InProcess),
}

impl Bus {
    /// A bus within this process.
    pub fn in_process() -> Self {
        Self::InProcess(in_process::InProcess::default())
    }

    /// Says "look"; nobody listening is no failure.
    pub fn nudge(&self, nudge: Nudge) {
        match self {
            Self::InProcess(bus) => bus.nudge(nudge),
        }
    }

    /// Hears every nudge from now on; one who is slow misses the oldest, and looks anyway.
    pub fn listen(&self) -> tokio::sync::broadcast::Receiver<Nudge> {
        match self {
            Self::InProcess(bus) => bus.listen(),
        }
    }

    /// The counters of what may be asked for how often.
    pub fn guard(&self) -> &Guard {
        match self {
            Self::InProcess(bus) => &bus.guard,
        }
    }
}
