//! The follow check: asks WeChat whether somebody who signed in follows, when nothing newer is known.
//!
//! Server start makes me; I hold nothing; a check that is lost is made at the next sign-in.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use tokio::sync::broadcast::error::RecvError;

use crate::bus::{About, Bus, Nudge};
use crate::domain::clock::Clock;
use crate::domain::follower::known_as_of;
use crate::domain::ids::OrgId;
use crate::domain::scope::OrgScope;
use crate::store::Store;
use crate::wechat::{Credentials, WeChat, WeChatError};

use super::supervision::LifeLine;

/// How long an answer is good for; events keep it true in between.
const FRESH: Duration = Duration::from_hours(24);

/// The actor.
pub struct FollowCheck {
    asker: Option<Asker>,
    life: Option<LifeLine>,
}

/// What a check works with.
pub struct Asker {
    /// The rows.
    pub store: Store,
    /// The bus.
    pub bus: Bus,
    /// The WeChat client.
    pub wechat: WeChat,
    /// The time that is stored.
    pub clock: Arc<dyn Clock>,
    /// How long what was not sent for not following is kept; zero for not at all.
    pub follow_wait: Duration,
}

impl FollowCheck {
    /// Takes what it works with.
    pub fn new(asker: Asker, life: LifeLine) -> Self {
        Self { asker: Some(asker), life: Some(life) }
    }
}

impl Actor for FollowCheck {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (asker, life) = (self.asker.take(), self.life.take());
        let run = async move {
            let _life = life;
            if let Some(asker) = asker {
                asker.run().await;
            }
        };
        ctx.spawn(run.into_actor(self));
    }
}

#[derive(Debug, thiserror::Error)]
enum CheckError {
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    #[error(transparent)]
    WeChat(#[from] WeChatError),
}

impl Asker {
    async fn run(self) {
        let mut nudges = self.bus.listen(About::Followers);
        loop {
            match nudges.recv().await {
                Ok(Nudge::Follower { organization, openid }) => {
                    if let Err(error) = self.check(organization, &openid).await {
                        tracing::warn!(organization.id = %organization, error = %error, "whether a person follows could not be asked");
                    }
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    async fn check(&self, organization: OrgId, openid: &str) -> Result<(), CheckError> {
        let now = self.clock.now();
        let known = self.store.follower(OrgScope::of_row(organization), openid).await?;
        if known.is_some_and(|known| now.since(known.checked_at) < FRESH) {
            return Ok(());
        }
        let Some(account) = self.store.service_account_of(organization).await? else { return Ok(()) };
        let credentials = Credentials {
            account: account.id,
            organization,
            appid: account.appid.clone(),
            secret: account.secret.clone(),
        };
        let follower = self.wechat.follower(&credentials, openid).await?;
        let unit = self.store.begin().await?;
        let news =
            unit.set_follower(organization, account.id, openid, follower.follows, known_as_of(now)).await?;
        let mut reopened = 0;
        if news && follower.follows && !self.follow_wait.is_zero() {
            let since = now.minus(self.follow_wait);
            reopened = unit.reopen_for_follower(organization, account.id, openid, since).await?;
        }
        unit.commit().await?;
        if reopened > 0 {
            self.bus.nudge(Nudge::Outbox);
        }
        Ok(())
    }
}
