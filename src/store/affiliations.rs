//! Affiliations: members and external collaborators of organizations, and how each stands.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use entities::affiliation;

use crate::domain::account::{Account, Status};
use crate::domain::affiliation::{Affiliation, AffiliationId, Belonging, Placed};
use crate::domain::clock::Millis;
use crate::domain::ids::{AccountId, DepartmentId, MemberId, OrgId};
use crate::domain::phone_number::PhoneNumber;
use crate::domain::scope::OrgScope;

use super::changes::Topic;
use super::connect::{Store, Tools};
use super::error::{StoreError, inconsistent};
use super::page::{Listed, Page};
use super::placing::place;
use super::unit::Unit;
use super::vault::Place;

pub(super) const TABLE: &str = "affiliations";

/// What may change of an affiliation; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct AffiliationSettings {
    /// What the organization calls the person, checked.
    pub name: Option<String>,
    /// The department; `Some(None)` for none.
    pub department: Option<Option<DepartmentId>>,
    /// Who the person reports to; `Some(None)` for nobody.
    pub manager: Option<Option<MemberId>>,
}

impl Store {
    /// The members or the collaborators of an organization.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn affiliations(
        &self,
        scope: OrgScope,
        belonging: Belonging,
        status: Option<Status>,
        page: Page,
    ) -> Result<Listed<Placed>, StoreError> {
        use affiliation::Column;
        let mut query = affiliation::Entity::find()
            .filter(Column::OrgId.eq(scope.organization().0))
            .filter(Column::Kind.eq(belonging.kind().name()));
        if let Some(status) = status {
            query = query.filter(Column::Status.eq(status.name()));
        }
        let rows = page.of(query, Column::Id).all(&self.readers).await?;
        let Listed { items, next } = page.cut(rows, |row| row.id, |row| row);
        Ok(Listed { items: place(&self.readers, &self.tools, items).await?, next })
    }

    /// An affiliation.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn affiliation(
        &self,
        scope: OrgScope,
        id: AffiliationId,
    ) -> Result<Option<Placed>, StoreError> {
        let row = of_id(scope, id).one(&self.readers).await?;
        Ok(place(&self.readers, &self.tools, row.into_iter().collect()).await?.pop())
    }

    /// Everything that an account belongs to, in every organization.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn affiliations_of(&self, account: AccountId) -> Result<Vec<Placed>, StoreError> {
        let rows = affiliation::Entity::find()
            .filter(affiliation::Column::AccountId.eq(account.0))
            .all(&self.readers)
            .await?;
        place(&self.readers, &self.tools, rows).await
    }
}

impl Unit {
    /// An affiliation, as this unit sees it.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn affiliation(
        &self,
        scope: OrgScope,
        id: AffiliationId,
    ) -> Result<Option<Placed>, StoreError> {
        let row = of_id(scope, id).one(&self.tx).await?;
        Ok(place(&self.tx, &self.tools, row.into_iter().collect()).await?.pop())
    }

    /// As what a phone belongs to an organization.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn belonging_of_phone(
        &self,
        scope: OrgScope,
        phone: &PhoneNumber,
    ) -> Result<Option<Belonging>, StoreError> {
        let row = affiliation::Entity::find()
            .filter(affiliation::Column::OrgId.eq(scope.organization().0))
            .filter(affiliation::Column::PhoneIndex.eq(self.tools.vault.phone_index(phone)))
            .one(&self.tx)
            .await?;
        row.map(|row| belonging(&row)).transpose()
    }

    /// Adds an affiliation.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the phone belongs to the organization already.
    pub async fn create_affiliation(&self, new: &Affiliation) -> Result<(), StoreError> {
        let place = Place { table: TABLE, column: "phone", row: &new.id, organization: new.organization };
        let row = affiliation::ActiveModel {
            id: Set(new.id.row()),
            org_id: Set(new.organization.0),
            kind: Set(new.id.belonging().kind().name().into()),
            account_id: Set(new.account.map(|account| account.0)),
            phone_index: Set(self.tools.vault.phone_index(&new.phone)),
            phone: Set(self.tools.vault.seal(&place, new.phone.as_str(), &*self.tools.entropy)?),
            name: Set(new.name.clone().unwrap_or_default()),
            status: Set(new.status.name().into()),
            department_id: Set(new.department.map(|department| department.0)),
            manager_id: Set(new.manager.map(|manager| manager.0)),
            created_at: Set(new.created_at.0),
            updated_at: Set(new.created_at.0),
        };
        row.insert(&self.tx).await?;
        Ok(())
    }

    /// Changes an affiliation; false when there is none.
    ///
    /// # Errors
    /// The database refused.
    pub async fn set_affiliation(
        &self,
        scope: OrgScope,
        id: AffiliationId,
        settings: &AffiliationSettings,
    ) -> Result<bool, StoreError> {
        use affiliation::Column;
        let mut update = affiliation::Entity::update_many()
            .filter(Column::Id.eq(id.row()))
            .filter(Column::OrgId.eq(scope.organization().0))
            .filter(Column::Kind.eq(id.belonging().kind().name()))
            .col_expr(Column::UpdatedAt, Expr::value(self.now().0));
        if let Some(name) = &settings.name {
            update = update.col_expr(Column::Name, Expr::value(name.as_str()));
        }
        if let Some(department) = settings.department {
            update = update.col_expr(Column::DepartmentId, Expr::value(department.map(|id| id.0)));
        }
        if let Some(manager) = settings.manager {
            update = update.col_expr(Column::ManagerId, Expr::value(manager.map(|id| id.0)));
        }
        Ok(update.exec(&self.tx).await?.rows_affected == 1)
    }

    /// Moves an affiliation from one status to another, and tells those who watch the person's inbox; false when it was
    /// not in the first one.
    ///
    /// # Errors
    /// The database refused.
    pub async fn change_affiliation_status(
        &self,
        scope: OrgScope,
        id: AffiliationId,
        from: Status,
        to: Status,
    ) -> Result<bool, StoreError> {
        use affiliation::Column;
        let done = affiliation::Entity::update_many()
            .col_expr(Column::Status, Expr::value(to.name()))
            .col_expr(Column::UpdatedAt, Expr::value(self.now().0))
            .filter(Column::Id.eq(id.row()))
            .filter(Column::OrgId.eq(scope.organization().0))
            .filter(Column::Kind.eq(id.belonging().kind().name()))
            .filter(Column::Status.eq(from.name()))
            .exec(&self.tx)
            .await?;
        if done.rows_affected == 1 {
            let account = self.account_of(scope, id).await?;
            self.inbox_changed(scope, account);
        }
        Ok(done.rows_affected == 1)
    }

    /// The account of an affiliation, if somebody has taken it up.
    pub(super) async fn account_of(
        &self,
        scope: OrgScope,
        id: AffiliationId,
    ) -> Result<Option<AccountId>, StoreError> {
        let row: Option<Option<Uuid>> = of_id(scope, id)
            .select_only()
            .column(affiliation::Column::AccountId)
            .into_tuple()
            .one(&self.tx)
            .await?;
        Ok(row.flatten().map(AccountId))
    }

    /// Tells those who watch an account's inbox that it shows more or less now.
    pub(super) fn inbox_changed(&self, scope: OrgScope, account: Option<AccountId>) {
        if let Some(account) = account {
            self.changed(scope.organization(), Topic::Inbox, &account.to_string());
        }
    }

    /// Joins an account to the affiliation that it was invited to; false when that does not wait for it. A name that the
    /// organization gave stays.
    ///
    /// # Errors
    /// The database refused.
    pub async fn join_affiliation(
        &self,
        scope: OrgScope,
        id: AffiliationId,
        account: &Account,
    ) -> Result<bool, StoreError> {
        use affiliation::Column;
        let settled = affiliation::Entity::update_many()
            .col_expr(Column::AccountId, Expr::value(account.id.0))
            .filter(Column::Id.eq(id.row()))
            .filter(Column::PhoneIndex.eq(self.tools.vault.phone_index(&account.phone)))
            .filter(Column::Status.eq(Status::Invited.name()))
            .exec(&self.tx)
            .await?;
        if settled.rows_affected != 1 {
            return Ok(false);
        }
        affiliation::Entity::update_many()
            .col_expr(Column::Name, Expr::value(account.name.as_str()))
            .filter(Column::Id.eq(id.row()))
            .filter(Column::Name.eq(""))
            .exec(&self.tx)
            .await?;
        self.change_affiliation_status(scope, id, Status::Invited, Status::Active).await
    }

    /// Who a member reports to; none when there is no such member.
    ///
    /// # Errors
    /// The database is away.
    pub async fn manager_of(
        &self,
        scope: OrgScope,
        member: MemberId,
    ) -> Result<Option<Option<MemberId>>, StoreError> {
        let row: Option<Option<Uuid>> = of_id(scope, AffiliationId::Member(member))
            .select_only()
            .column(affiliation::Column::ManagerId)
            .into_tuple()
            .one(&self.tx)
            .await?;
        Ok(row.map(|manager| manager.map(MemberId)))
    }
}

fn of_id(scope: OrgScope, id: AffiliationId) -> sea_orm::Select<affiliation::Entity> {
    affiliation::Entity::find_by_id(id.row())
        .filter(affiliation::Column::OrgId.eq(scope.organization().0))
        .filter(affiliation::Column::Kind.eq(id.belonging().kind().name()))
}

fn belonging(row: &affiliation::Model) -> Result<Belonging, StoreError> {
    Belonging::from_name(&row.kind).ok_or_else(|| inconsistent(TABLE, "kind", row.id))
}

pub(super) fn read(tools: &Tools, row: &affiliation::Model) -> Result<Affiliation, StoreError> {
    let (id, organization) = (AffiliationId::of_row(belonging(row)?, row.id), OrgId(row.org_id));
    let place = Place { table: TABLE, column: "phone", row: &id, organization };
    Ok(Affiliation {
        id,
        organization,
        account: row.account_id.map(AccountId),
        phone: PhoneNumber::from_stored(tools.vault.open(&place, &row.phone)?),
        name: Some(row.name.clone()).filter(|name| !name.is_empty()),
        status: Status::from_name(&row.status).ok_or_else(|| inconsistent(TABLE, "status", id))?,
        department: row.department_id.map(DepartmentId),
        manager: row.manager_id.map(MemberId),
        created_at: Millis(row.created_at),
    })
}
