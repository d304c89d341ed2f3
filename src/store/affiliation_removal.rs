//! Taking an affiliation away, with all that hangs on it.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use entities::{affiliation, affiliation_role, external_user, invitation, joining};

use crate::domain::account::Status;
use crate::domain::affiliation::AffiliationId;
use crate::domain::scope::OrgScope;

use super::error::StoreError;
use super::locks::by_key_only;
use super::unit::Unit;

impl Unit {
    /// Takes an affiliation away with all that hangs on it, and gives the status that it had; none when there is none.
    ///
    /// # Errors
    /// The database refused.
    pub async fn delete_affiliation(
        &self,
        scope: OrgScope,
        id: AffiliationId,
    ) -> Result<Option<Status>, StoreError> {
        use affiliation::Column;
        let account = self.account_of(scope, id).await?;
        if !self.hold_affiliation(scope, id).await? {
            return Ok(None);
        }
        for status in Status::ALL {
            let done = affiliation::Entity::delete_many()
                .filter(Column::Id.eq(id.row()))
                .filter(Column::OrgId.eq(scope.organization().0))
                .filter(Column::Kind.eq(id.belonging().kind().name()))
                .filter(Column::Status.eq(status.name()))
                .exec(&self.tx)
                .await?;
            if done.rows_affected == 1 {
                self.forget_affiliation(scope, id).await?;
                self.inbox_changed(scope, account);
                return Ok(Some(status));
            }
        }
        Ok(None)
    }

    /// Holds an affiliation until the unit ends, so that what is decided by its status stays so; false when there is none.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hold_affiliation(&self, scope: OrgScope, id: AffiliationId) -> Result<bool, StoreError> {
        use affiliation::Column;
        let organization = scope.organization().0;
        let held = affiliation::Entity::update_many()
            .col_expr(Column::OrgId, Expr::value(organization))
            .filter(Column::Id.eq(id.row()))
            .filter(by_key_only(Column::OrgId, organization))
            .filter(by_key_only(Column::Kind, id.belonging().kind().name()))
            .exec(&self.tx)
            .await?;
        Ok(held.rows_affected == 1)
    }

    async fn forget_affiliation(&self, scope: OrgScope, id: AffiliationId) -> Result<(), StoreError> {
        let organization = scope.organization().0;
        joining::Entity::delete_many()
            .filter(joining::Column::AffiliationId.eq(id.row()))
            .exec(&self.tx)
            .await?;
        affiliation_role::Entity::delete_many()
            .filter(affiliation_role::Column::AffiliationId.eq(id.row()))
            .exec(&self.tx)
            .await?;
        invitation::Entity::delete_many()
            .filter(invitation::Column::AffiliationId.eq(id.row()))
            .exec(&self.tx)
            .await?;
        // Those who reported to the person report to nobody.
        affiliation::Entity::update_many()
            .col_expr(affiliation::Column::ManagerId, Expr::value(None::<Uuid>))
            .filter(affiliation::Column::OrgId.eq(organization))
            .filter(affiliation::Column::ManagerId.eq(id.row()))
            .exec(&self.tx)
            .await?;
        external_user::Entity::update_many()
            .col_expr(external_user::Column::Manager, Expr::value(None::<String>))
            .filter(external_user::Column::OrgId.eq(organization))
            .filter(external_user::Column::Manager.eq(id.to_string()))
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}
