//! The janitor: takes away rows that have had their time, a few minutes apart.
//!
//! Server start makes me; I hold nothing; a round that fails is made again.

use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};

use crate::store::retention::Retention;
use crate::store::{Store, StoreError};

use super::supervision::LifeLine;

/// Between two rounds.
const ROUND: Duration = Duration::from_mins(10);

/// The actor.
pub struct Janitor {
    store: Store,
    keep: Retention,
    life: Option<LifeLine>,
}

impl Janitor {
    /// A janitor that keeps rows for as long as `keep` says.
    pub fn new(store: Store, keep: Retention, life: LifeLine) -> Self {
        Self { store, keep, life: Some(life) }
    }
}

impl Actor for Janitor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (store, keep, life) = (self.store.clone(), self.keep, self.life.take());
        let run = async move {
            let _life = life;
            loop {
                tokio::time::sleep(ROUND).await;
                match round(&store, &keep).await {
                    Ok(gone) => tracing::debug!(rows = gone, "rows that had their time are gone"),
                    Err(error) => tracing::warn!(error = %error, "a round of the janitor failed"),
                }
            }
        };
        ctx.spawn(run.into_actor(self));
    }
}

/// One round; gives how many rows are gone.
///
/// # Errors
/// The database is away.
pub async fn round(store: &Store, keep: &Retention) -> Result<u64, StoreError> {
    store.sweep(keep).await
}
