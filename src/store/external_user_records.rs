//! External users as their organization sees them: with the names of what they are placed in.

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, QueryTrait,
    RelationDef, Select,
};

use entities::{department, external_user, follower, role, wechat_binding};

use crate::domain::clock::Millis;
use crate::domain::external_user::{Record, Status};
use crate::domain::ids::{AppId, DepartmentId, RoleId, UserId};
use crate::domain::phone_number::PhoneNumber;
use crate::domain::scope::OrgScope;

use super::connect::{Store, Tools};
use super::error::{StoreError, inconsistent};
use super::external_users::{FREED, read};
use super::page::{Listed, Page};
use super::unit::Unit;

/// Which external users of an app.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those of a status.
    pub status: Option<Status>,
    /// Those of a role, by its name.
    pub role: Option<String>,
    /// Those of one of these departments.
    pub departments: Option<Vec<DepartmentId>>,
    /// Those who came by themselves and wait to be let in; or all others.
    pub waiting: Option<bool>,
    /// The one of a phone.
    pub phone: Option<PhoneNumber>,
    /// Those who have neither phone nor WeChat identity, so that nobody comes into them; or all others.
    pub unreachable: Option<bool>,
}

impl Store {
    /// External users of an app, in the order in which they came.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn external_users(
        &self,
        scope: OrgScope,
        app: AppId,
        wanted: &Wanted,
        page: Page,
    ) -> Result<Listed<Record>, StoreError> {
        use external_user::Column;
        let mut query = of_app(scope, app);
        if let Some(status) = wanted.status {
            query = query.filter(Column::Status.eq(status.name()));
        }
        if let Some(role) = &wanted.role {
            query = query.filter(Column::Role.eq(role.as_str()));
        }
        if let Some(departments) = &wanted.departments {
            query =
                query.filter(Column::DepartmentId.is_in(departments.iter().map(|department| department.0)));
        }
        if let Some(waiting) = wanted.waiting {
            let came = Condition::all()
                .add(Column::Status.eq(Status::Pending.name()))
                .add(Column::InvitedAt.is_null());
            query = query.filter(if waiting { came } else { came.not() });
        }
        if let Some(phone) = &wanted.phone {
            query = query.filter(Column::PhoneIndex.eq(self.tools.vault.phone_index(phone)));
        }
        if let Some(unreachable) = wanted.unreachable {
            let bound = wechat_binding::Entity::find()
                .select_only()
                .column(wechat_binding::Column::UserId)
                .filter(wechat_binding::Column::AppId.eq(app.0))
                .into_query();
            let found_by_nothing = Condition::all()
                .add(Column::PhoneIndex.starts_with(FREED))
                .add(Column::Id.not_in_subquery(bound));
            query = query.filter(if unreachable { found_by_nothing } else { found_by_nothing.not() });
        }
        let rows = with_role(page.of(query, Column::Id)).all(&self.readers).await?;
        let listed = page.cut(rows, |(row, _)| row.id, |row| row);
        let items = records(&self.readers, &self.tools, scope, listed.items).await?;
        Ok(Listed { items, next: listed.next })
    }

    /// An external user of an app.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn external_user_record(
        &self,
        scope: OrgScope,
        app: AppId,
        user: UserId,
    ) -> Result<Option<Record>, StoreError> {
        one(&self.readers, &self.tools, scope, app, user).await
    }
}

impl Unit {
    /// An external user of an app, as this unit sees it.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn external_user_record(
        &self,
        scope: OrgScope,
        app: AppId,
        user: UserId,
    ) -> Result<Option<Record>, StoreError> {
        one(&self.tx, &self.tools, scope, app, user).await
    }
}

type Row = (external_user::Model, Option<role::Model>);

fn of_app(scope: OrgScope, app: AppId) -> Select<external_user::Entity> {
    external_user::Entity::find()
        .filter(external_user::Column::OrgId.eq(scope.organization().0))
        .filter(external_user::Column::AppId.eq(app.0))
}

/// Person and role are read by one statement: between two, a role may be deleted and its people moved.
fn with_role(
    query: Select<external_user::Entity>,
) -> sea_orm::SelectTwo<external_user::Entity, role::Entity> {
    let by_name: RelationDef = external_user::Entity::belongs_to(role::Entity)
        .from((external_user::Column::AppId, external_user::Column::Role))
        .to((role::Column::AppId, role::Column::Name))
        .into();
    query.join(JoinType::LeftJoin, by_name).select_also(role::Entity)
}

async fn one<C: ConnectionTrait>(
    db: &C,
    tools: &Tools,
    scope: OrgScope,
    app: AppId,
    user: UserId,
) -> Result<Option<Record>, StoreError> {
    let query = of_app(scope, app).filter(external_user::Column::Id.eq(user.0));
    let row = with_role(query).one(db).await?;
    Ok(records(db, tools, scope, row.into_iter().collect()).await?.pop())
}

/// Reads what belongs to a page of people, with one query for each kind of thing.
async fn records<C: ConnectionTrait>(
    db: &C,
    tools: &Tools,
    scope: OrgScope,
    rows: Vec<Row>,
) -> Result<Vec<Record>, StoreError> {
    let organization = scope.organization().0;
    let departments = rows.iter().filter_map(|(row, _)| row.department_id);
    let departments = department::Entity::find()
        .filter(department::Column::OrgId.eq(organization))
        .filter(department::Column::Id.is_in(departments))
        .all(db)
        .await?;
    let bindings = wechat_binding::Entity::find()
        .filter(wechat_binding::Column::OrgId.eq(organization))
        .filter(wechat_binding::Column::UserId.is_in(rows.iter().map(|(row, _)| row.id)))
        .all(db)
        .await?;
    let followers = follower::Entity::find()
        .filter(follower::Column::OrgId.eq(organization))
        .filter(follower::Column::Openid.is_in(bindings.iter().map(|row| row.openid.as_str())))
        .filter(follower::Column::Follows.eq(true))
        .all(db)
        .await?;
    rows.into_iter()
        .map(|(row, role)| {
            let role = role.ok_or_else(|| inconsistent("external_users", "role", UserId(row.id)))?;
            let binding = bindings.iter().find(|binding| binding.user_id == row.id);
            Ok(Record {
                role: RoleId(role.id),
                department: departments
                    .iter()
                    .find(|department| Some(department.id) == row.department_id)
                    .map(|department| department.name.clone()),
                has_wechat: binding.is_some(),
                follows: binding
                    .is_some_and(|binding| followers.iter().any(|known| known.openid == binding.openid)),
                created_at: Millis(row.created_at),
                updated_at: Millis(row.updated_at),
                user: read(tools, row)?,
            })
        })
        .collect()
}
