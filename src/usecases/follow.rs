//! What WeChat tells us by itself: proved to be WeChat's, stored first, answered then.

use secrecy::ExposeSecret;

use crate::bus::Nudge;
use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::service_account::{PushMode, ServiceAccount};
use crate::store::StoreError;
use crate::store::receipts::NewReceipt;
use crate::wechat::callback::{self, CallbackKeys, EncodingAesKey, Event, Mode, PushQuery};

use super::{SignIn, personal_data};

/// A push that is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// Whatever was wrong with it: one and the same answer.
    #[error("refused")]
    Refused,
    /// It could not be stored; WeChat will send it again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SignIn {
    /// Answers the verification that WeChat makes when the URL is saved.
    ///
    /// # Errors
    /// See [`PushError`].
    pub async fn verify_push_url(&self, appid: &str, query: &PushQuery) -> Result<String, PushError> {
        let account = self.parts.store.service_account_by_appid(appid).await?.ok_or(PushError::Refused)?;
        let keys = keys(&account).ok_or(PushError::Refused)?;
        callback::verify_url(&keys, query).map_err(|_| PushError::Refused)
    }

    /// Takes a push; a repeat of one that was handled has no second effect.
    ///
    /// # Errors
    /// See [`PushError`].
    pub async fn take_push(
        &self,
        appid: &str,
        query: &PushQuery,
        body: &[u8],
        caller: &Caller,
    ) -> Result<(), PushError> {
        let account = self.parts.store.recent_account_by_appid(appid).await?.ok_or(PushError::Refused)?;
        let keys = keys(&account).ok_or(PushError::Refused)?;
        let push = match callback::open(&keys, query, body, self.now()) {
            Ok(push) => push,
            Err(_) if !self.worth_noting("push_rejected", caller) => return Err(PushError::Refused),
            Err(refused) => {
                let unit = self.parts.store.begin().await?;
                let entry = Entry {
                    organization: account.organization,
                    action: Action::PushRejected,
                    actor: "wechat".into(),
                    subject: None,
                    result: refused.reason,
                };
                unit.audit(entry, caller);
                unit.commit().await?;
                return Err(PushError::Refused);
            }
        };
        if let Event::TemplateSendFinished { msgid, status } = push.event {
            let receipt = NewReceipt {
                organization: account.organization,
                account: account.id,
                dedup_key: push.dedup_key,
                openid: push.openid,
                msgid,
                status: status.word(),
                happened_at: push.created,
            };
            self.parts.receipts.keep(&self.parts.store, receipt).await?;
            self.parts.bus.nudge(Nudge::Outbox);
            return Ok(());
        }
        let unit = self.parts.store.begin().await?;
        match unit.note_push(account.organization, &push.dedup_key).await {
            Ok(()) => {}
            Err(StoreError::Conflict) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let follow_wait = self.parts.dispatch.follow_wait;
        personal_data::apply(&unit, &account, &push, follow_wait, caller).await?;
        unit.commit().await?;
        match push.event {
            Event::Subscribe { .. } => {
                self.nudge_changes();
                self.parts.bus.nudge(Nudge::Outbox);
            }
            _ => self.nudge_changes(),
        }
        Ok(())
    }
}

fn keys(account: &ServiceAccount) -> Option<CallbackKeys> {
    let current = EncodingAesKey::parse(account.encoding_aes_key.expose_secret()).ok()?;
    let previous = account
        .previous_encoding_aes_key
        .as_ref()
        .and_then(|key| EncodingAesKey::parse(key.expose_secret()).ok());
    Some(CallbackKeys {
        appid: account.appid.clone(),
        token: account.token.clone(),
        aes_keys: std::iter::once(current).chain(previous).collect(),
        mode: match account.mode {
            PushMode::Plain => Mode::Plain,
            PushMode::Compatible => Mode::Compatible,
            PushMode::Safe => Mode::Safe,
        },
        original_id: account.original_id.clone(),
    })
}
