//! Organizations: the rows, and the seats counted on them.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter};

use entities::organization;

use crate::domain::ids::OrgId;
use crate::domain::organization::Edition;
use crate::domain::seats::{EXTERNAL_USERS, Seats};

use super::connect::Store;
use super::error::StoreError;
use super::unit::Unit;

impl Store {
    /// How full an organization's external-user seats are; none for an unknown organization.
    ///
    /// # Errors
    /// The database is away.
    pub async fn seats(&self, organization: OrgId) -> Result<Option<Seats>, StoreError> {
        let row = organization::Entity::find_by_id(organization.0).one(&self.readers).await?;
        Ok(row.map(|row| Seats { used: row.external_users_used, limit: row.external_users_limit }))
    }
}

impl Unit {
    /// Adds an organization.
    ///
    /// # Errors
    /// The database refused.
    pub async fn create_organization(&self, name: &str, edition: Edition) -> Result<OrgId, StoreError> {
        let id = OrgId::generate(&*self.tools.clock, &*self.tools.entropy);
        let row = organization::ActiveModel {
            id: Set(id.0),
            name: Set(name.into()),
            edition: Set(edition.name().into()),
            enabled: Set(true),
            external_users_limit: Set(EXTERNAL_USERS),
            external_users_used: Set(0),
            members_limit: Set(edition.member_seats()),
            members_used: Set(0),
            licence_ends_at: Set(None),
            created_at: Set(self.now().0),
        };
        row.insert(&self.tx).await?;
        Ok(id)
    }

    /// Takes one external-user seat; false when none is left. The row's own counter decides.
    ///
    /// # Errors
    /// The database refused.
    pub async fn take_seat(&self, organization: OrgId) -> Result<bool, StoreError> {
        use organization::Column::{ExternalUsersLimit, ExternalUsersUsed, Id};
        let taken = organization::Entity::update_many()
            .col_expr(ExternalUsersUsed, Expr::col(ExternalUsersUsed).add(1))
            .filter(Id.eq(organization.0))
            .filter(Expr::col(ExternalUsersUsed).lt(Expr::col(ExternalUsersLimit)))
            .exec(&self.tx)
            .await?;
        Ok(taken.rows_affected == 1)
    }

    /// Gives one external-user seat back.
    ///
    /// # Errors
    /// The database refused.
    pub async fn free_seat(&self, organization: OrgId) -> Result<(), StoreError> {
        use organization::Column::{ExternalUsersUsed, Id};
        organization::Entity::update_many()
            .col_expr(ExternalUsersUsed, Expr::col(ExternalUsersUsed).sub(1))
            .filter(Id.eq(organization.0))
            .filter(ExternalUsersUsed.gt(0))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Whether there is such an organization.
    ///
    /// # Errors
    /// The database is away.
    pub async fn organization_exists(&self, organization: OrgId) -> Result<bool, StoreError> {
        Ok(organization::Entity::find_by_id(organization.0).one(&self.tx).await?.is_some())
    }
}
