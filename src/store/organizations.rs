//! Organizations: the rows, and the seats counted on them.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter,
};

use entities::organization;

use crate::domain::clock::Millis;
use crate::domain::ids::OrgId;
use crate::domain::organization::{Edition, Organization};
use crate::domain::seats::{EXTERNAL_USERS, MOST_SEATS, Seats};

use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::page::{Listed, Page};
use super::unit::Unit;

/// A new organization.
#[derive(Clone, Debug)]
pub struct NewOrganization {
    /// Its name, checked.
    pub name: String,
    /// What it has bought.
    pub edition: Edition,
    /// Member seats that come with it.
    pub member_seats: i32,
    /// The end of its licence.
    pub licence_ends_at: Option<Millis>,
}

/// What may change of an organization; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct OrganizationSettings {
    /// Its name.
    pub name: Option<String>,
    /// What it has bought.
    pub edition: Option<Edition>,
    /// Member seats, which follow the edition.
    pub member_seats: Option<i32>,
    /// The end of its licence; `Some(None)` for one without an end.
    pub licence_ends_at: Option<Option<Millis>>,
    /// Whether it is switched on.
    pub enabled: Option<bool>,
}

impl Store {
    /// An organization.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn organization(&self, id: OrgId) -> Result<Option<Organization>, StoreError> {
        find(&self.readers, id).await
    }

    /// Every organization of the platform.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn organizations(&self, page: Page) -> Result<Listed<Organization>, StoreError> {
        let rows = page.of(organization::Entity::find(), organization::Column::Id).all(&self.readers).await?;
        page.cut(rows, |row| row.id, read).sound()
    }
}

impl Unit {
    /// An organization, as this unit sees it.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn organization(&self, id: OrgId) -> Result<Option<Organization>, StoreError> {
        find(&self.tx, id).await
    }

    /// Adds an organization.
    ///
    /// # Errors
    /// The database refused.
    pub async fn create_organization(&self, new: &NewOrganization) -> Result<OrgId, StoreError> {
        let id = OrgId::generate(&*self.tools.clock, &*self.tools.entropy);
        let row = organization::ActiveModel {
            id: Set(id.0),
            name: Set(new.name.clone()),
            edition: Set(new.edition.name().into()),
            enabled: Set(true),
            external_users_limit: Set(EXTERNAL_USERS),
            external_users_used: Set(0),
            members_limit: Set(new.member_seats),
            members_used: Set(0),
            licence_ends_at: Set(new.licence_ends_at.map(|at| at.0)),
            created_at: Set(self.now().0),
            link_hosts: Set(None),
        };
        row.insert(&self.tx).await?;
        Ok(id)
    }

    /// Changes an organization; false for an unknown one.
    ///
    /// # Errors
    /// The database refused.
    pub async fn set_organization(
        &self,
        id: OrgId,
        settings: &OrganizationSettings,
    ) -> Result<bool, StoreError> {
        use organization::Column;
        self.touches_recent();
        let mut update = organization::Entity::update_many()
            .filter(Column::Id.eq(id.0))
            .col_expr(Column::Id, Expr::value(id.0));
        if let Some(name) = &settings.name {
            update = update.col_expr(Column::Name, Expr::value(name.as_str()));
        }
        if let Some(edition) = settings.edition {
            update = update.col_expr(Column::Edition, Expr::value(edition.name()));
        }
        if let Some(seats) = settings.member_seats {
            update = update.col_expr(Column::MembersLimit, Expr::value(seats));
        }
        if let Some(ends) = settings.licence_ends_at {
            update = update.col_expr(Column::LicenceEndsAt, Expr::value(ends.map(|at| at.0)));
        }
        if let Some(enabled) = settings.enabled {
            update = update.col_expr(Column::Enabled, Expr::value(enabled));
        }
        Ok(update.exec(&self.tx).await?.rows_affected == 1)
    }

    /// Takes one external-user seat, and gives how full the seats are then; none when no seat is left. The row's own
    /// counter decides.
    ///
    /// # Errors
    /// The database refused.
    pub async fn take_seat(&self, organization: OrgId) -> Result<Option<Seats>, StoreError> {
        use organization::Column::{ExternalUsersLimit, ExternalUsersUsed};
        if !self.add_one(organization, ExternalUsersUsed, ExternalUsersLimit).await? {
            return Ok(None);
        }
        Ok(find(&self.tx, organization).await?.map(|row| row.external_users))
    }

    /// Gives one external-user seat back.
    ///
    /// # Errors
    /// The database refused.
    pub async fn free_seat(&self, organization: OrgId) -> Result<(), StoreError> {
        self.take_one(organization, organization::Column::ExternalUsersUsed).await
    }

    /// Takes one member seat; false when none is left.
    ///
    /// # Errors
    /// The database refused.
    pub async fn take_member_seat(&self, organization: OrgId) -> Result<bool, StoreError> {
        use organization::Column::{MembersLimit, MembersUsed};
        self.add_one(organization, MembersUsed, MembersLimit).await
    }

    /// Gives one member seat back.
    ///
    /// # Errors
    /// The database refused.
    pub async fn free_member_seat(&self, organization: OrgId) -> Result<(), StoreError> {
        self.take_one(organization, organization::Column::MembersUsed).await
    }

    /// Adds external-user seats that were bought; false when the organization would have more than [`MOST_SEATS`] then.
    ///
    /// # Errors
    /// The database refused.
    pub async fn add_seats(&self, organization: OrgId, seats: i32) -> Result<bool, StoreError> {
        use organization::Column::{ExternalUsersLimit, Id};
        let done = organization::Entity::update_many()
            .col_expr(ExternalUsersLimit, Expr::col(ExternalUsersLimit).add(seats))
            .filter(Id.eq(organization.0))
            .filter(ExternalUsersLimit.lte(MOST_SEATS - seats))
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }

    async fn add_one(
        &self,
        id: OrgId,
        used: organization::Column,
        limit: organization::Column,
    ) -> Result<bool, StoreError> {
        let done = organization::Entity::update_many()
            .col_expr(used, Expr::col(used).add(1))
            .filter(organization::Column::Id.eq(id.0))
            .filter(Expr::col(used).lt(Expr::col(limit)))
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }

    async fn take_one(&self, id: OrgId, used: organization::Column) -> Result<(), StoreError> {
        organization::Entity::update_many()
            .col_expr(used, Expr::col(used).sub(1))
            .filter(organization::Column::Id.eq(id.0))
            .filter(used.gt(0))
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}

async fn find<C: ConnectionTrait>(db: &C, id: OrgId) -> Result<Option<Organization>, StoreError> {
    organization::Entity::find_by_id(id.0).one(db).await?.map(read).transpose()
}

fn read(row: organization::Model) -> Result<Organization, StoreError> {
    let id = OrgId(row.id);
    Ok(Organization {
        id,
        name: row.name,
        edition: Edition::from_name(&row.edition)
            .ok_or_else(|| inconsistent("organizations", "edition", id))?,
        enabled: row.enabled,
        external_users: Seats { used: row.external_users_used, limit: row.external_users_limit },
        members: Seats { used: row.members_used, limit: row.members_limit },
        licence_ends_at: row.licence_ends_at.map(Millis),
        created_at: Millis(row.created_at),
    })
}
