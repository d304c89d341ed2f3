//! The access token of each service account: fetched once for all who ask, on all nodes, and kept until five minutes before its end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::timeout;

use crate::bus::redis::Cache;
use crate::domain::clock::{Clock, Millis};
use crate::domain::ids::ServiceAccountId;

use super::client::{Credentials, DEADLINE, WeChat};
use super::errcode::Class;
use super::error::{NetworkFailure, WeChatError};
use super::shared_tokens::{self, Among, Brought, Print, is_fresh};

/// Two refusals within this mean the account, not the token: another system mints tokens, or the secret was reset.
const REFUSAL_WINDOW: Duration = Duration::from_mins(1);

/// Most accounts whose tokens are kept at once; the longest unused one makes room.
const ACCOUNTS_LIMIT: usize = 1024;

/// A token and which fetch it came from: WeChat may hand out the same text again.
#[derive(Clone)]
pub struct AccessToken {
    value: SecretString,
    fetch: u64,
}

impl AccessToken {
    /// The text for the `access_token` parameter.
    pub fn value(&self) -> &SecretString {
        &self.value
    }
}

/// The tokens of all service accounts of this process.
pub struct AccessTokens {
    slots: Mutex<Slots>,
    shared: Option<Cache>,
}

#[derive(Default)]
struct Slots {
    by_account: HashMap<ServiceAccountId, (u64, Arc<Slot>)>,
    uses: u64,
}

/// One account's place; whoever holds `state` is the one that asks WeChat.
#[derive(Default)]
struct Slot {
    state: AsyncMutex<State>,
    fetches: std::sync::atomic::AtomicU64,
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    last_fetch: Option<Result<AccessToken, WeChatError>>,
    last_fetch_for: [u8; 32],
    refused_at: Option<Millis>,
    /// The token that was refused, should another node share it still.
    refused: Option<Print>,
}

struct Kept {
    token: AccessToken,
    credentials: [u8; 32],
    ends_at: Millis,
}

impl AccessTokens {
    /// No token yet; other nodes have theirs in `shared`.
    pub fn new(shared: Option<Cache>) -> Self {
        Self { slots: Mutex::default(), shared }
    }

    /// The account's token: the kept one, or what the one fetch under way brings.
    ///
    /// # Errors
    /// What WeChat says against the credentials, or that it cannot be reached and no usable token is left.
    pub async fn current(
        &self,
        wechat: &WeChat,
        credentials: &Credentials,
    ) -> Result<AccessToken, WeChatError> {
        self.obtain(wechat, credentials, false).await
    }

    /// A token fetched now, whatever is kept.
    ///
    /// # Errors
    /// As [`Self::current`].
    pub async fn renew(
        &self,
        wechat: &WeChat,
        credentials: &Credentials,
    ) -> Result<AccessToken, WeChatError> {
        self.obtain(wechat, credentials, true).await
    }

    async fn obtain(
        &self,
        wechat: &WeChat,
        credentials: &Credentials,
        always: bool,
    ) -> Result<AccessToken, WeChatError> {
        use std::sync::atomic::Ordering::SeqCst;
        let slot = self.slot(credentials.account);
        let seen = slot.fetches.load(SeqCst);
        let Ok(mut state) = timeout(DEADLINE, slot.state.lock()).await else {
            return Err(WeChatError::Network(NetworkFailure::Timeout));
        };
        let print = fingerprint(credentials);
        // What was fetched while this caller waited is its answer too, also when it is an error: one call for all.
        if slot.fetches.load(SeqCst) != seen
            && state.last_fetch_for == print
            && let Some(shared) = &state.last_fetch
        {
            return shared.clone();
        }
        let now = wechat.clock().now();
        let kept = state.kept.as_ref().filter(|kept| kept.credentials == print && now < kept.ends_at);
        if !always && let Some(kept) = kept.filter(|kept| is_fresh(kept.ends_at, now)) {
            return Ok(kept.token.clone());
        }
        let fallback = kept.map(|kept| kept.token.clone());
        let among = Among { shared: self.shared.as_ref(), refused: state.refused, always };
        let brought = among.bring(wechat, credentials, &print).await;
        let number = slot.fetches.fetch_add(1, SeqCst) + 1;
        let result = match brought {
            Ok(Brought { value, ends_at }) => {
                let token = AccessToken { value, fetch: number };
                state.kept = Some(Kept { token: token.clone(), credentials: print, ends_at });
                Ok(token)
            }
            // WeChat away or busy is no reason to drop a token that still has minutes to live.
            Err(error) if !always && error.class() != Some(Class::Account) => fallback.ok_or(error),
            Err(error) => Err(error),
        };
        state.last_fetch_for = print;
        state.last_fetch = Some(result.clone());
        result
    }

    /// Drops the token that WeChat refused, unless it has been replaced already.
    ///
    /// # Errors
    /// `TokenRefusedAgain` when a newer token is refused within a minute of the last one.
    pub async fn invalidate(
        &self,
        clock: &dyn Clock,
        account: ServiceAccountId,
        failed: &AccessToken,
        refusal: &WeChatError,
    ) -> Result<(), WeChatError> {
        let slot = self.slot(account);
        let Ok(mut state) = timeout(DEADLINE, slot.state.lock()).await else {
            return Err(WeChatError::Network(NetworkFailure::Timeout));
        };
        if state.kept.as_ref().is_none_or(|kept| kept.token.fetch != failed.fetch) {
            return Ok(());
        }
        if let Some(dead) = state.kept.take() {
            let refused = Print::of(dead.token.value.expose_secret());
            // What another node has fetched since stays, so that a dead token costs one fetch and not one for each node.
            if let Some(shared) = &self.shared {
                shared_tokens::drop_refused(shared, account, &dead.credentials, refused).await;
            }
            state.refused = Some(refused);
        }
        state.last_fetch = None;
        let now = clock.now();
        let again = state.refused_at.is_some_and(|before| now.since(before) <= REFUSAL_WINDOW);
        state.refused_at = Some(now);
        if again {
            return Err(WeChatError::TokenRefusedAgain { errcode: refusal.errcode().unwrap_or_default() });
        }
        Ok(())
    }

    /// Notes that WeChat took this token, whatever else it answered: the next refusal is a first one again.
    pub fn accepted<T>(
        &self,
        account: ServiceAccountId,
        token: &AccessToken,
        answered: &Result<T, WeChatError>,
    ) {
        if matches!(answered, Err(WeChatError::Network(_))) {
            return;
        }
        // Never waits: an answer is not held up by somebody else's fetch, and the next call notes the same.
        if let Ok(mut state) = self.slot(account).state.try_lock()
            && state.kept.as_ref().is_some_and(|kept| kept.token.fetch == token.fetch)
        {
            state.refused_at = None;
        }
    }

    fn slot(&self, account: ServiceAccountId) -> Arc<Slot> {
        let mut slots = lock(&self.slots);
        slots.uses += 1;
        let use_number = slots.uses;
        if let Some((used, slot)) = slots.by_account.get_mut(&account) {
            *used = use_number;
            return Arc::clone(slot);
        }
        if slots.by_account.len() >= ACCOUNTS_LIMIT {
            slots.forget_one();
        }
        let slot = Arc::<Slot>::default();
        if slots.by_account.len() < ACCOUNTS_LIMIT {
            slots.by_account.insert(account, (use_number, Arc::clone(&slot)));
        }
        slot
    }
}

impl Slots {
    /// Makes room by the longest unused account that nobody is asking for at this moment.
    fn forget_one(&mut self) {
        let idle = self.by_account.iter().filter(|(_, (_, slot))| Arc::strong_count(slot) == 1);
        if let Some(account) = idle.min_by_key(|(_, (used, _))| *used).map(|(account, _)| *account) {
            self.by_account.remove(&account);
        }
    }
}

/// A panic while the lock was held leaves a map that is still whole.
fn lock(slots: &Mutex<Slots>) -> MutexGuard<'_, Slots> {
    slots.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells one pair of appid and secret from another: after a change nobody gets the old pair's token.
fn fingerprint(credentials: &Credentials) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(credentials.appid.as_bytes());
    hash.update([0]);
    hash.update(credentials.secret.expose_secret().as_bytes());
    hash.finalize().into()
}
