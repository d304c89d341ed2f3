//! The sections that were asked for.

use crate::cluster::Cluster;
use crate::notifications::Notifications;
use crate::push::Pushes;
use crate::report::Table;
use crate::run::{Bench, Section};
use crate::sign_ins::SignIns;
use crate::start::Start;
use crate::waiting::Waiting;

/// One that is set up.
pub(crate) enum Running {
    Waiting(Waiting),
    Push(Pushes),
    SignIn(SignIns),
    /// None where something is missing.
    Cluster(Option<Box<Cluster>>),
    Notifications(Box<Notifications>),
    Start(Start),
}

impl Running {
    pub(crate) async fn set_up(section: Section, bench: &Bench, table: &mut Table) -> anyhow::Result<Self> {
        Ok(match section {
            Section::Waiting => Self::Waiting(Waiting::set_up(bench, table).await?),
            Section::Push => Self::Push(Pushes::set_up(bench, table).await?),
            Section::SignIn => Self::SignIn(SignIns::set_up(bench, table).await?),
            Section::Cluster => Self::Cluster(Cluster::set_up(bench, table).await?.map(Box::new)),
            Section::Notifications => {
                Self::Notifications(Box::new(Notifications::set_up(bench, table).await?))
            }
            Section::Start => Self::Start(Start::set_up(bench, table).await?),
        })
    }

    pub(crate) async fn round(&mut self, bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
        match self {
            Self::Waiting(waiting) => waiting.round(bench, table).await,
            Self::Push(push) => push.round(bench, table).await,
            Self::SignIn(sign_ins) => sign_ins.round(bench, table).await,
            Self::Cluster(Some(cluster)) => cluster.round(bench, table).await,
            Self::Cluster(None) => Ok(()),
            Self::Notifications(notifications) => notifications.round(table).await,
            Self::Start(start) => start.round(bench, table).await,
        }
    }
}
