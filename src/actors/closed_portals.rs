//! Which portals are closed, or have no service account to come in by, as the change feed last read it: so that a browser that waits costs no read of its portal.
//! The rows are the truth; after a start, or when the feed is built anew, all of it is read again.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::ids::AppId;

/// The apps whose portals are closed; a clone is the same.
#[derive(Clone, Debug, Default)]
pub struct ClosedPortals(Arc<RwLock<HashSet<AppId>>>);

impl ClosedPortals {
    /// Whether the portal of an app is closed.
    pub fn holds(&self, app: AppId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&app)
    }

    /// These are closed, and no others.
    pub fn are(&self, apps: impl IntoIterator<Item = AppId>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = apps.into_iter().collect();
    }

    /// The portal of an app is open or closed now.
    pub fn set(&self, app: AppId, closed: bool) {
        let mut apps = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if closed {
            apps.insert(app);
        } else {
            apps.remove(&app);
        }
    }
}
