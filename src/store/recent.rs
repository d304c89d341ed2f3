//! Rows that nearly every request asks for and that hardly ever change: what was read a moment ago is not read again.
//!
//! Whoever changes them on this node sees the change at once; on another node, or when a commit was given up, it is seen within
//! [`RECENT`]. Whether somebody is let in is decided by rows that are read for that.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::ids::{AppId, OrgId};
use crate::domain::portal::Portal;
use crate::domain::service_account::ServiceAccount;

use super::connect::Store;
use super::error::StoreError;

/// How old what is kept may be.
const RECENT: Duration = Duration::from_millis(100);
/// From this age on, one of those who ask reads it anew, while the others still take what is kept: at most one in this time does.
const AGEING: Duration = Duration::from_millis(50);
/// From so many rows on, those that are too old go whenever one is added.
const TIDY: usize = 64;
/// Rows kept at most; beyond it all are forgotten.
const AT_MOST: usize = 10_000;

/// What was read a moment ago.
#[derive(Default)]
pub(super) struct Recent {
    portals: Kept<PortalKey, Portal>,
    accounts: Kept<AccountKey, ServiceAccount>,
}

#[derive(PartialEq, Eq, Hash)]
enum PortalKey {
    Slug(String),
    App(AppId),
}

#[derive(PartialEq, Eq, Hash)]
enum AccountKey {
    Organization(OrgId),
    Appid(String),
}

impl Recent {
    /// Forgets everything: something of it was changed.
    pub(super) fn forget(&self) {
        self.portals.forget();
        self.accounts.forget();
    }
}

/// Values by their keys.
struct Kept<K, V> {
    values: Mutex<HashMap<K, Read<V>>>,
    /// Counts how often everything was forgotten: what was read before that is not kept after it.
    forgotten: AtomicU64,
}

struct Read<V> {
    at: Instant,
    value: V,
    /// Whether somebody reads it anew.
    renewed: bool,
}

impl<V> Read<V> {
    fn age(&self, now: Instant) -> Duration {
        now.duration_since(self.at)
    }

    /// Whether it may be used by somebody who, if it is ageing and nobody else does, goes and reads it.
    fn serves(&mut self, now: Instant) -> bool {
        let age = self.age(now);
        let renews = age >= AGEING && !self.renewed;
        self.renewed |= renews;
        age < RECENT && !renews
    }
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self { values: Mutex::default(), forgotten: AtomicU64::default() }
    }
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    fn forget(&self) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        self.forgotten.fetch_add(1, Ordering::Relaxed);
        values.clear();
    }

    /// What is kept of a key, or else what `read` gives.
    async fn or_read(
        &self,
        key: K,
        read: impl Future<Output = Result<Option<V>, StoreError>>,
    ) -> Result<Option<V>, StoreError> {
        let now = Instant::now();
        let before = {
            let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(kept) = values.get_mut(&key)
                && kept.serves(now)
            {
                return Ok(Some(kept.value.clone()));
            }
            self.forgotten.load(Ordering::Relaxed)
        };
        let value = read.await?;
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = &value
            && self.forgotten.load(Ordering::Relaxed) == before
        {
            // Secrets are among them: none is kept longer than it may be used.
            if values.len() >= TIDY {
                values.retain(|_, kept| kept.age(now) < RECENT);
            }
            if values.len() >= AT_MOST {
                values.clear();
            }
            // As old as the question, not as the answer.
            values.insert(key, Read { at: now, value: value.clone(), renewed: false });
        }
        Ok(value)
    }
}

impl Store {
    /// The portal that a link names, as it was a moment ago.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn recent_portal(&self, slug: &str) -> Result<Option<Portal>, StoreError> {
        self.recent.portals.or_read(PortalKey::Slug(slug.to_owned()), self.portal_by_slug(slug)).await
    }

    /// The portal of an app whose id stands in a value that we signed, as it was a moment ago.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn recent_portal_of_app(&self, app: AppId) -> Result<Option<Portal>, StoreError> {
        self.recent.portals.or_read(PortalKey::App(app), self.portal_of_app(app)).await
    }

    /// The service account of an organization, as it was a moment ago.
    ///
    /// # Errors
    /// The database is away, or a secret does not open.
    pub async fn recent_account_of(&self, organization: OrgId) -> Result<Option<ServiceAccount>, StoreError> {
        let key = AccountKey::Organization(organization);
        self.recent.accounts.or_read(key, self.service_account_of(organization)).await
    }

    /// The service account that a path names, as it was a moment ago.
    ///
    /// # Errors
    /// The database is away, or a secret does not open.
    pub async fn recent_account_by_appid(&self, appid: &str) -> Result<Option<ServiceAccount>, StoreError> {
        let key = AccountKey::Appid(appid.to_owned());
        self.recent.accounts.or_read(key, self.service_account_by_appid(appid)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(value: u8) -> impl Future<Output = Result<Option<u8>, StoreError>> {
        std::future::ready(Ok(Some(value)))
    }

    #[tokio::test]
    async fn what_was_read_is_read_again_once_it_is_forgotten() {
        let kept = Kept::default();
        assert_eq!(kept.or_read("a", found(1)).await.unwrap(), Some(1));
        assert_eq!(kept.or_read("a", found(2)).await.unwrap(), Some(1));
        assert_eq!(kept.or_read("b", found(3)).await.unwrap(), Some(3));
        kept.forget();
        assert_eq!(kept.or_read("a", found(2)).await.unwrap(), Some(2));
    }

    #[tokio::test]
    async fn what_changes_while_it_is_read_is_not_kept() {
        let kept = Kept::default();
        let changed_meanwhile = async {
            kept.forget();
            Ok(Some(1))
        };
        assert_eq!(kept.or_read("a", changed_meanwhile).await.unwrap(), Some(1));
        assert_eq!(kept.or_read("a", found(2)).await.unwrap(), Some(2));
    }

    #[tokio::test]
    async fn what_is_not_there_is_looked_for_again() {
        let kept = Kept::default();
        assert_eq!(kept.or_read("a", std::future::ready(Ok(None))).await.unwrap(), None);
        assert_eq!(kept.or_read("a", found(2)).await.unwrap(), Some(2));
    }

    #[tokio::test]
    async fn what_is_old_is_read_again() {
        let kept = Kept::default();
        let long_ago = Instant::now().checked_sub(RECENT).unwrap();
        kept.values.lock().unwrap().insert("a", Read { at: long_ago, value: 1, renewed: false });
        assert_eq!(kept.or_read("a", found(2)).await.unwrap(), Some(2));
    }

    #[tokio::test]
    async fn what_ages_is_read_by_one_of_those_who_ask() {
        let kept = Kept::default();
        // As far from the end of its time as a slow machine may be.
        let ageing = Instant::now().checked_sub(AGEING).unwrap();
        kept.values.lock().unwrap().insert("a", Read { at: ageing, value: 1, renewed: false });
        let meanwhile = async {
            let other = kept.or_read("a", found(3)).await.unwrap();
            assert!(other == Some(1) || ageing.elapsed() >= RECENT, "{other:?}");
            Ok(Some(2))
        };
        assert_eq!(kept.or_read("a", meanwhile).await.unwrap(), Some(2));
        assert_eq!(kept.or_read("a", found(4)).await.unwrap(), Some(2));
    }
}
