//! People to whom nothing is sent for a while, or nothing by one template, because WeChat would refuse it.

use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use entities::recipient_hold;

use crate::domain::clock::Millis;
use crate::domain::ids::{OrgId, ServiceAccountId, new_uuid};

use super::error::StoreError;
use super::unit::Unit;

/// What is held back from a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Who.
    pub openid: String,
    /// By which template; everything when none.
    pub template: Option<String>,
    /// Until when; then one message is tried.
    pub until: Millis,
}

impl Unit {
    /// What is held back from these people at this instant.
    ///
    /// # Errors
    /// The database is away.
    pub async fn holds(
        &self,
        account: ServiceAccountId,
        openids: Vec<&str>,
    ) -> Result<Vec<Hold>, StoreError> {
        use recipient_hold::Column;
        let rows = recipient_hold::Entity::find()
            .filter(Column::ServiceAccountId.eq(account.0))
            .filter(Column::Openid.is_in(openids))
            .filter(Column::Until.gt(self.now().0))
            .all(&self.tx)
            .await?;
        let read = |row: recipient_hold::Model| Hold {
            openid: row.openid,
            template: Some(row.template_id).filter(|template| !template.is_empty()),
            until: Millis(row.until),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Holds back from a person what goes by a template, or everything, for as long as `wait`.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hold_back(
        &self,
        (organization, account): (OrgId, ServiceAccountId),
        openid: &str,
        template: Option<&str>,
        wait: Duration,
    ) -> Result<(), StoreError> {
        use recipient_hold::Column;
        let row = recipient_hold::ActiveModel {
            id: Set(new_uuid(&*self.tools.clock, &*self.tools.entropy)),
            org_id: Set(organization.0),
            service_account_id: Set(account.0),
            openid: Set(openid.into()),
            template_id: Set(template.unwrap_or_default().into()),
            until: Set(self.now().plus(wait).0),
            times: Set(1),
        };
        let again = OnConflict::columns([Column::ServiceAccountId, Column::Openid, Column::TemplateId])
            .update_column(Column::Until)
            .value(Column::Times, Expr::col((recipient_hold::Entity, Column::Times)).add(1))
            .to_owned();
        recipient_hold::Entity::insert(row).on_conflict(again).exec_without_returning(&self.tx).await?;
        Ok(())
    }
}
