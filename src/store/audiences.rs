//! Audiences: whether those whom an order names are there, and whether anybody is.

use std::collections::HashSet;

use sea_orm::sea_query::Query;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use entities::{affiliation, affiliation_role, external_user, joining};

use crate::domain::account;
use crate::domain::affiliation::{AffiliationId, Belonging};
use crate::domain::external_user::Status;
use crate::domain::ids::{AccountId, AppId, DepartmentId, RoleId, UserId};
use crate::domain::role::Role;
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::StoreError;

/// Ids that are asked for at once: databases bound the values of one query.
const AT_ONCE: usize = 1_000;

/// People of an app who have something in common.
#[derive(Clone, Debug)]
pub enum Group {
    /// All of them.
    Everybody,
    /// Those who have a role of the app.
    Role(Role),
    /// Those in a department, not in its parts.
    Department(DepartmentId),
}

/// How an order names somebody who has an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InboxOwner {
    /// As a member or collaborator.
    Affiliation(AffiliationId),
    /// By the account.
    Account(AccountId),
}

impl Store {
    /// Those among these ids who are external users of an app, whatever their status.
    ///
    /// # Errors
    /// The database is away.
    pub async fn users_of_app(
        &self,
        scope: OrgScope,
        app: AppId,
        ids: &[UserId],
    ) -> Result<HashSet<UserId>, StoreError> {
        let mut found = HashSet::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            let rows: Vec<Uuid> = external_user::Entity::find()
                .select_only()
                .column(external_user::Column::Id)
                .filter(external_user::Column::OrgId.eq(scope.organization().0))
                .filter(external_user::Column::AppId.eq(app.0))
                .filter(external_user::Column::Id.is_in(some.iter().map(|id| id.0)))
                .into_tuple()
                .all(&self.readers)
                .await?;
            found.extend(rows.into_iter().map(UserId));
        }
        Ok(found)
    }

    /// The first few active external users of a group.
    ///
    /// # Errors
    /// The database is away.
    pub async fn some_active_users(
        &self,
        scope: OrgScope,
        app: AppId,
        group: &Group,
        at_most: u64,
    ) -> Result<Vec<UserId>, StoreError> {
        let rows: Vec<Uuid> = active_users(scope, app, group)
            .select_only()
            .column(external_user::Column::Id)
            .order_by_asc(external_user::Column::Id)
            .limit(at_most)
            .into_tuple()
            .all(&self.readers)
            .await?;
        Ok(rows.into_iter().map(UserId).collect())
    }

    /// How many active external users a group has.
    ///
    /// # Errors
    /// The database is away.
    pub async fn count_active_users(
        &self,
        scope: OrgScope,
        app: AppId,
        group: &Group,
    ) -> Result<u64, StoreError> {
        Ok(active_users(scope, app, group).count(&self.readers).await?)
    }

    /// Those among these who belong to the organization, are active, and so have an inbox.
    ///
    /// # Errors
    /// The database is away.
    pub async fn inbox_owners(
        &self,
        scope: OrgScope,
        named: &[InboxOwner],
    ) -> Result<HashSet<InboxOwner>, StoreError> {
        use affiliation::Column;
        let mut found = HashSet::with_capacity(named.len());
        for some in named.chunks(AT_ONCE) {
            let rows = some.iter().filter_map(|one| match one {
                InboxOwner::Affiliation(id) => Some(id.row()),
                InboxOwner::Account(_) => None,
            });
            let accounts = some.iter().filter_map(|one| match one {
                InboxOwner::Account(id) => Some(id.0),
                InboxOwner::Affiliation(_) => None,
            });
            let either = Condition::any().add(Column::Id.is_in(rows)).add(Column::AccountId.is_in(accounts));
            let rows: Vec<(Uuid, String, Uuid)> = with_inbox(scope)
                .filter(either)
                .select_only()
                .columns([Column::Id, Column::Kind, Column::AccountId])
                .into_tuple()
                .all(&self.readers)
                .await?;
            for (id, kind, account) in rows {
                found.insert(InboxOwner::Account(AccountId(account)));
                let belonging = Belonging::from_name(&kind);
                found.extend(
                    belonging.map(|as_what| InboxOwner::Affiliation(AffiliationId::of_row(as_what, id))),
                );
            }
        }
        Ok(found)
    }

    /// How many people with an inbox a group of an app has: members and collaborators who have joined the app, have the role, or
    /// are in the department.
    ///
    /// # Errors
    /// The database is away.
    pub async fn count_inbox_owners(
        &self,
        scope: OrgScope,
        app: AppId,
        group: &Group,
    ) -> Result<u64, StoreError> {
        use affiliation::Column;
        let query = match group {
            Group::Department(id) => with_inbox(scope).filter(Column::DepartmentId.eq(id.0)),
            Group::Role(role) => with_inbox(scope).filter(Column::Id.in_subquery(having(role.id))),
            Group::Everybody => with_inbox(scope).filter(Column::Id.in_subquery(joined(app))),
        };
        Ok(query.count(&self.readers).await?)
    }

    /// How many members with an inbox an organization has.
    ///
    /// # Errors
    /// The database is away.
    pub async fn count_members_with_inbox(&self, scope: OrgScope) -> Result<u64, StoreError> {
        let member = Belonging::Member.kind().name();
        Ok(with_inbox(scope).filter(affiliation::Column::Kind.eq(member)).count(&self.readers).await?)
    }
}

fn active_users(scope: OrgScope, app: AppId, group: &Group) -> Select<external_user::Entity> {
    use external_user::Column;
    let all = external_user::Entity::find()
        .filter(Column::OrgId.eq(scope.organization().0))
        .filter(Column::AppId.eq(app.0))
        .filter(Column::Status.eq(Status::Active.name()));
    match group {
        Group::Everybody => all,
        Group::Role(role) => all.filter(Column::Role.eq(role.name.as_str())),
        Group::Department(id) => all.filter(Column::DepartmentId.eq(id.0)),
    }
}

/// Whoever is active has registered, and so has an account.
fn with_inbox(scope: OrgScope) -> Select<affiliation::Entity> {
    use affiliation::Column;
    affiliation::Entity::find()
        .filter(Column::OrgId.eq(scope.organization().0))
        .filter(Column::Status.eq(account::Status::Active.name()))
        .filter(Column::AccountId.is_not_null())
}

fn having(role: RoleId) -> sea_orm::sea_query::SelectStatement {
    Query::select()
        .column(affiliation_role::Column::AffiliationId)
        .from(affiliation_role::Entity)
        .and_where(affiliation_role::Column::RoleId.eq(role.0))
        .to_owned()
}

fn joined(app: AppId) -> sea_orm::sea_query::SelectStatement {
    Query::select()
        .column(joining::Column::AffiliationId)
        .from(joining::Entity)
        .and_where(joining::Column::AppId.eq(app.0))
        .to_owned()
}
