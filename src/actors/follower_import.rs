//! The follower import: brings imports of followers further, a step at a time, until none is due.
//!
//! Server start makes me; I look when nudged, and every few seconds anyway. All that an import needs to go on stands in its row,
//! so that it goes on after a crash where it was, and on any node; I hold what may be lost: how often something was in the way.

mod steps;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use tokio::sync::Mutex;
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use crate::bus::{About, Bus};
use crate::domain::clock::{Clock, Millis};
use crate::domain::follower::{ImportState, pause_after};
use crate::domain::ids::ImportId;
use crate::store::follower_imports::ImportClaim;
use crate::store::{Store, StoreError};
use crate::wechat::{Class, Trouble, WeChat, WeChatError};

use super::supervision::LifeLine;

/// How often it is looked whether an import is due, without a nudge.
const INTERVAL: Duration = Duration::from_secs(3);
/// How long a claim lasts without a word: longer than any call and any unit.
const LEASE: Duration = Duration::from_mins(1);
/// The pause when the calls of a minute are used up.
const MINUTE_QUOTA: Duration = Duration::from_mins(1);
/// The pause when the calls of a day are used up. WeChat does not promise when its day ends, and an operator may have the count
/// reset, so it is tried again each hour.
const DAY_QUOTA: Duration = Duration::from_hours(1);
/// How often a list may be begun anew because WeChat does not know where it should go on.
const LISTS_LOST: u32 = 3;

/// Brings imports further; the actor and tests call the same.
pub struct FollowerImporter {
    store: Store,
    wechat: WeChat,
    clock: Arc<dyn Clock>,
    catching_up: CatchingUp,
    memory: Mutex<Memory>,
}

/// How what was not sent to people who did not follow is sent after all, once a list says that they do.
#[derive(Clone)]
pub struct CatchingUp {
    /// How long it is kept; zero for not at all.
    pub follow_wait: Duration,
    /// Who tells the dispatcher.
    pub bus: Bus,
}

/// What may be lost.
#[derive(Default)]
struct Memory {
    /// How often in a row something was in the way of an import.
    failures: HashMap<ImportId, u32>,
    /// Behind which row the next people to ask about are.
    behind: HashMap<ImportId, Uuid>,
}

impl Memory {
    fn forget(&mut self, id: ImportId) {
        self.failures.remove(&id);
        self.behind.remove(&id);
    }
}

/// Why a step was not made.
#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error("the claim is lost")]
    Lost,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    WeChat(#[from] WeChatError),
}

/// What to do about an error of WeChat's.
#[derive(Debug, PartialEq, Eq)]
enum Reaction {
    Pause(Duration),
    BeginAnew(Duration),
    GiveUp,
}

impl FollowerImporter {
    /// Takes what it works with.
    pub fn new(store: Store, wechat: WeChat, clock: Arc<dyn Clock>, catching_up: CatchingUp) -> Self {
        Self { store, wechat, clock, catching_up, memory: Mutex::default() }
    }

    /// Brings every import that is due further, until none is; whoever calls meanwhile waits and then looks, too.
    ///
    /// # Errors
    /// The database is away; what was done is done.
    pub async fn run_due(&self) -> Result<(), StoreError> {
        let mut memory = self.memory.lock().await;
        loop {
            let due = self.store.due_imports(self.clock.now()).await?;
            if due.is_empty() {
                return Ok(());
            }
            // One step of each in turn, so that a large one does not hold up the others.
            for id in due {
                self.turn(id, &mut memory).await?;
            }
        }
    }

    async fn turn(&self, id: ImportId, memory: &mut Memory) -> Result<(), StoreError> {
        let unit = self.store.begin().await?;
        let Some(mut claim) = unit.claim_import(id, LEASE).await? else { return Ok(()) };
        unit.commit().await?;
        match self.step(&mut claim, memory).await {
            Ok(()) => {
                memory.failures.remove(&id);
                if claim.import.state.is_over() {
                    memory.forget(id);
                }
                Ok(())
            }
            // Somebody else goes on with it, or the account was unbound.
            Err(StepError::Lost) => {
                memory.forget(id);
                Ok(())
            }
            Err(StepError::Store(error)) => Err(error),
            Err(StepError::WeChat(error)) => self.stumble(claim, &error, memory).await,
        }
    }

    /// Writes down what is in the way: the import waits, or it is given up.
    async fn stumble(
        &self,
        mut claim: ImportClaim,
        error: &WeChatError,
        memory: &mut Memory,
    ) -> Result<(), StoreError> {
        let failures = memory.failures.entry(claim.import.id).or_default();
        *failures += 1;
        let trouble = error.trouble();
        let reaction = react(error, claim.import.next_openid.is_some(), *failures);
        tracing::warn!(import.id = %claim.import.id, organization.id = %claim.import.organization, error = %error, reaction = ?reaction, "an import of followers stumbled");
        claim.import.failure = Some(trouble.word().to_owned());
        let wait = match reaction {
            Reaction::Pause(wait) => wait,
            Reaction::BeginAnew(wait) => {
                (claim.import.next_openid, claim.import.listed) = (None, 0);
                wait
            }
            Reaction::GiveUp => {
                memory.forget(claim.import.id);
                claim.import.state = ImportState::Failed;
                return self.end(claim, trouble.word()).await;
            }
        };
        let unit = self.store.begin().await?;
        if unit.advance_import(&mut claim, self.clock.now().plus(wait)).await? {
            unit.commit().await?;
        }
        Ok(())
    }

    fn lease(&self) -> Millis {
        self.clock.now().plus(LEASE)
    }
}

/// A list that is asked for anew does no harm, so whatever may pass is waited for.
fn react(error: &WeChatError, within_list: bool, failures: u32) -> Reaction {
    match error.trouble() {
        Trouble::Busy | Trouble::Unreachable(_) | Trouble::Strange(_) => {
            Reaction::Pause(pause_after(failures))
        }
        Trouble::MinuteQuota => Reaction::Pause(MINUTE_QUOTA),
        Trouble::DayQuota => Reaction::Pause(DAY_QUOTA),
        // Whoever stood at the end of the last page is nobody any more.
        _ if error.class() == Some(Class::Recipient) && within_list && failures <= LISTS_LOST => {
            Reaction::BeginAnew(pause_after(failures))
        }
        _ => Reaction::GiveUp,
    }
}

/// The actor.
pub struct FollowerImports {
    importer: Arc<FollowerImporter>,
    life: Option<LifeLine>,
}

impl FollowerImports {
    /// An actor that calls `importer` when it is time.
    pub fn new(importer: Arc<FollowerImporter>, life: LifeLine) -> Self {
        Self { importer, life: Some(life) }
    }
}

impl Actor for FollowerImports {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (importer, life) = (Arc::clone(&self.importer), self.life.take());
        let run = async move {
            let _life = life;
            run(&importer).await;
        };
        ctx.spawn(run.into_actor(self));
    }
}

async fn run(importer: &FollowerImporter) {
    let mut nudges = importer.catching_up.bus.listen(About::Imports);
    let mut tick = tokio::time::interval(INTERVAL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            nudge = nudges.recv() => match nudge {
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            _ = tick.tick() => {}
        }
        if let Err(error) = importer.run_due().await {
            tracing::warn!(error = %error, "imports of followers wait for the next look");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wechat::{Interface, NetworkFailure};

    #[test]
    fn what_passes_is_waited_for_and_the_rest_ends_an_import() {
        let api = |errcode| WeChatError::Api { errcode, rid: None, ip: None, interface: Interface::Account };
        let away = WeChatError::Network(NetworkFailure::Timeout);
        assert_eq!(react(&away, false, 1), Reaction::Pause(Duration::from_secs(5)));
        assert_eq!(react(&away, false, 100), Reaction::Pause(Duration::from_mins(5)));
        assert_eq!(react(&api(-1), false, 2), Reaction::Pause(Duration::from_secs(10)));
        assert_eq!(react(&api(45_011), false, 1), Reaction::Pause(MINUTE_QUOTA));
        assert_eq!(react(&api(45_009), false, 9), Reaction::Pause(DAY_QUOTA));
        assert_eq!(react(&api(50_007), false, 1), Reaction::GiveUp);
        assert_eq!(react(&WeChatError::TokenRefusedAgain { errcode: 40_001 }, false, 1), Reaction::GiveUp);
        assert_eq!(react(&api(40_003), true, 3), Reaction::BeginAnew(Duration::from_secs(20)));
        assert_eq!(react(&api(40_003), true, 4), Reaction::GiveUp);
        assert_eq!(react(&api(40_003), false, 1), Reaction::GiveUp);
    }
}
