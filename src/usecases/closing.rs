//! Closing a portal, and opening it again: whoever is on the way in hears of it at that moment.

use crate::domain::ids::AppId;
use crate::domain::qr_session::Refusal;
use crate::store::changes::Topic;
use crate::store::{StoreError, Unit};

use super::administration::Administration;
use super::open_sessions::refuse_all;

impl Administration {
    /// To be called in the unit of every change that may open or close portals: their own switch, that of their app
    /// or organization, or that a service account is bound or gone. The people who are on the way in by a closed one are refused, and browsers that wait are told.
    pub(super) async fn portals_switched(&self, unit: &Unit, apps: &[AppId]) -> Result<(), StoreError> {
        for &app in apps {
            let Some(portal) = unit.portal_of_app(app).await? else { continue };
            if !portal.open || unit.bound_account(portal.scope()).await?.is_none() {
                refuse_all(unit, unit.open_sessions_at(app).await?, Refusal::PortalClosed).await?;
            }
            unit.changed(portal.organization, Topic::Portal, &app.to_string());
        }
        Ok(())
    }
}
