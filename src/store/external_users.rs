//! External users, the WeChat identities bound to them, and the browsers they are known on.

use std::collections::HashSet;

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter,
    QuerySelect,
};

use entities::{external_user, known_browser, wechat_binding};

use crate::domain::clock::Millis;
use crate::domain::external_user::{ExternalUser, Status};
use crate::domain::ids::{AppId, DepartmentId, OrgId, UserId, new_uuid};
use crate::domain::keys::hex;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::qr_ticket::DeviceMark;
use crate::domain::scope::OrgScope;

use super::connect::{Store, Tools};
use super::error::{StoreError, inconsistent};
use super::unit::Unit;
use super::vault::Place;

const TABLE: &str = "external_users";

/// What the index of a phone begins with once the phone is freed.
pub(super) const FREED: &str = "freed:";

impl Store {
    /// An external user of the scope's organization.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn external_user(
        &self,
        scope: OrgScope,
        id: UserId,
    ) -> Result<Option<ExternalUser>, StoreError> {
        find(&self.readers, &self.tools, scope, id).await
    }

    /// The account that a WeChat identity has in an app.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn user_of_openid(
        &self,
        scope: OrgScope,
        app: AppId,
        openid: &str,
    ) -> Result<Option<ExternalUser>, StoreError> {
        find_bound(&self.readers, &self.tools, (scope, app), openid).await
    }

    /// Whether a person has signed in on a browser before.
    ///
    /// # Errors
    /// The database is away.
    pub async fn knows_browser(
        &self,
        scope: OrgScope,
        user: UserId,
        device: DeviceMark,
    ) -> Result<bool, StoreError> {
        let row = known_browser::Entity::find()
            .filter(known_browser::Column::OrgId.eq(scope.organization().0))
            .filter(known_browser::Column::UserId.eq(user.0))
            .filter(known_browser::Column::Device.eq(hex(&device.0)))
            .one(&self.readers)
            .await?;
        Ok(row.is_some())
    }
}

impl Unit {
    /// An external user, as this unit sees it.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn external_user(
        &self,
        scope: OrgScope,
        id: UserId,
    ) -> Result<Option<ExternalUser>, StoreError> {
        find(&self.tx, &self.tools, scope, id).await
    }

    /// The account of a phone in an app.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn user_of_phone(
        &self,
        app: AppId,
        phone: &PhoneNumber,
    ) -> Result<Option<ExternalUser>, StoreError> {
        let row = external_user::Entity::find()
            .filter(external_user::Column::AppId.eq(app.0))
            .filter(external_user::Column::PhoneIndex.eq(self.tools.vault.phone_index(phone)))
            .one(&self.tx)
            .await?;
        row.map(|row| read(&self.tools, row)).transpose()
    }

    /// The id of the account that a WeChat identity has in an app, as this unit sees it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn bound_user(&self, app: AppId, openid: &str) -> Result<Option<UserId>, StoreError> {
        let row = wechat_binding::Entity::find()
            .filter(wechat_binding::Column::AppId.eq(app.0))
            .filter(wechat_binding::Column::Openid.eq(openid))
            .one(&self.tx)
            .await?;
        Ok(row.map(|row| UserId(row.user_id)))
    }

    /// The account that a WeChat identity has in an app of the scope's organization, as this unit sees it.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn user_of_openid(
        &self,
        scope: OrgScope,
        app: AppId,
        openid: &str,
    ) -> Result<Option<ExternalUser>, StoreError> {
        find_bound(&self.tx, &self.tools, (scope, app), openid).await
    }

    /// The openid that is bound to an account.
    ///
    /// # Errors
    /// The database is away.
    pub async fn openid_of(&self, user: UserId) -> Result<Option<String>, StoreError> {
        let row = wechat_binding::Entity::find()
            .filter(wechat_binding::Column::UserId.eq(user.0))
            .one(&self.tx)
            .await?;
        Ok(row.map(|row| row.openid))
    }

    /// Adds an account; its role and department are held by this unit.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the phone has an account in this app.
    pub async fn create_external_user(&self, user: &ExternalUser) -> Result<(), StoreError> {
        self.row_of(user)?.insert(&self.tx).await?;
        Ok(())
    }

    /// Adds the accounts whose phones have none in this app yet, and gives those; of one phone that comes twice the
    /// first is added. Their roles and departments are held by this unit.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another unit added one of them just now: begin again.
    pub async fn create_external_users(
        &self,
        app: AppId,
        users: Vec<ExternalUser>,
    ) -> Result<Vec<ExternalUser>, StoreError> {
        let index = |user: &ExternalUser| phone_index(&self.tools, user.id, user.phone.as_ref());
        let known = external_user::Entity::find()
            .filter(external_user::Column::AppId.eq(app.0))
            .filter(external_user::Column::PhoneIndex.is_in(users.iter().map(index)))
            .all(&self.tx)
            .await?;
        let mut known: HashSet<String> = known.into_iter().map(|row| row.phone_index).collect();
        let new: Vec<_> = users.into_iter().filter(|user| known.insert(index(user))).collect();
        if !new.is_empty() {
            let rows = new.iter().map(|user| self.row_of(user)).collect::<Result<Vec<_>, _>>()?;
            external_user::Entity::insert_many(rows).exec_without_returning(&self.tx).await?;
        }
        Ok(new)
    }

    fn row_of(&self, user: &ExternalUser) -> Result<external_user::ActiveModel, StoreError> {
        // Who comes by itself has name and picture from the visit, which had them from WeChat; who is invited has the
        // name that the organization wrote down.
        let from_wechat = user.invited_at.is_none() && (user.nickname.is_some() || user.avatar_url.is_some());
        Ok(external_user::ActiveModel {
            id: Set(user.id.0),
            org_id: Set(user.organization.0),
            app_id: Set(user.app.0),
            phone_index: Set(phone_index(&self.tools, user.id, user.phone.as_ref())),
            phone: Set(sealed(&self.tools, user.id, user.organization, user.phone.as_ref())?),
            nickname: Set(user.nickname.clone()),
            avatar_url: Set(user.avatar_url.clone()),
            status: Set(user.status.name().into()),
            role: Set(user.role.clone()),
            department_id: Set(user.department.map(|department| department.0)),
            manager: Set(user.manager.map(|manager| manager.to_string())),
            invited_at: Set(user.invited_at.map(|at| at.0)),
            profile_at: Set(from_wechat.then(|| self.now().0)),
            created_at: Set(self.now().0),
            updated_at: Set(self.now().0),
        })
    }

    /// Joins a WeChat identity to an account.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when either is joined to another.
    pub async fn bind_wechat(
        &self,
        user: &ExternalUser,
        appid: &str,
        openid: &str,
    ) -> Result<(), StoreError> {
        let row = wechat_binding::ActiveModel {
            id: Set(new_uuid(&*self.tools.clock, &*self.tools.entropy)),
            org_id: Set(user.organization.0),
            app_id: Set(user.app.0),
            user_id: Set(user.id.0),
            appid: Set(appid.into()),
            openid: Set(openid.into()),
            created_at: Set(self.now().0),
        };
        row.insert(&self.tx).await?;
        Ok(())
    }

    /// Moves an account from one status to another; false when it was not in the first one.
    ///
    /// # Errors
    /// The database refused.
    pub async fn change_status(
        &self,
        scope: OrgScope,
        user: UserId,
        from: Status,
        to: Status,
    ) -> Result<bool, StoreError> {
        let done = external_user::Entity::update_many()
            .col_expr(external_user::Column::Status, Expr::value(to.name()))
            .col_expr(external_user::Column::UpdatedAt, Expr::value(self.now().0))
            .filter(external_user::Column::Id.eq(user.0))
            .filter(external_user::Column::OrgId.eq(scope.organization().0))
            .filter(external_user::Column::Status.eq(from.name()))
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Keeps the name and picture that a person let us have from WeChat.
    ///
    /// # Errors
    /// The database refused.
    pub async fn set_profile(
        &self,
        scope: OrgScope,
        user: UserId,
        nickname: Option<&str>,
        avatar_url: Option<&str>,
    ) -> Result<(), StoreError> {
        external_user::Entity::update_many()
            .col_expr(external_user::Column::Nickname, Expr::value(nickname))
            .col_expr(external_user::Column::AvatarUrl, Expr::value(avatar_url))
            .col_expr(external_user::Column::ProfileAt, Expr::value(self.now().0))
            .col_expr(external_user::Column::UpdatedAt, Expr::value(self.now().0))
            .filter(external_user::Column::Id.eq(user.0))
            .filter(external_user::Column::OrgId.eq(scope.organization().0))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Gives an account the name that its organization has for it: WeChat's events do not take that one away, as they do the
    /// picture, which only comes from WeChat.
    ///
    /// # Errors
    /// The database refused.
    pub async fn name_external_user(
        &self,
        scope: OrgScope,
        user: UserId,
        nickname: Option<&str>,
    ) -> Result<(), StoreError> {
        use external_user::Column;
        external_user::Entity::update_many()
            .col_expr(Column::Nickname, Expr::value(nickname))
            .col_expr(Column::ProfileAt, Expr::value(None::<i64>))
            .col_expr(Column::UpdatedAt, Expr::value(self.now().0))
            .filter(Column::Id.eq(user.0))
            .filter(Column::OrgId.eq(scope.organization().0))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Remembers that a person signed in on a browser.
    ///
    /// # Errors
    /// The database refused.
    pub async fn remember_browser(
        &self,
        scope: OrgScope,
        user: UserId,
        device: DeviceMark,
    ) -> Result<(), StoreError> {
        let row = known_browser::ActiveModel {
            id: Set(new_uuid(&*self.tools.clock, &*self.tools.entropy)),
            org_id: Set(scope.organization().0),
            user_id: Set(user.0),
            device: Set(hex(&device.0)),
            seen_at: Set(self.now().0),
        };
        let again = OnConflict::columns([known_browser::Column::UserId, known_browser::Column::Device])
            .update_column(known_browser::Column::SeenAt)
            .to_owned();
        known_browser::Entity::insert(row).on_conflict(again).exec_without_returning(&self.tx).await?;
        Ok(())
    }
}

async fn find<C: ConnectionTrait>(
    db: &C,
    tools: &Tools,
    scope: OrgScope,
    id: UserId,
) -> Result<Option<ExternalUser>, StoreError> {
    let row = external_user::Entity::find_by_id(id.0)
        .filter(external_user::Column::OrgId.eq(scope.organization().0))
        .one(db)
        .await?;
    row.map(|row| read(tools, row)).transpose()
}

async fn find_bound<C: ConnectionTrait>(
    db: &C,
    tools: &Tools,
    (scope, app): (OrgScope, AppId),
    openid: &str,
) -> Result<Option<ExternalUser>, StoreError> {
    let whose = wechat_binding::Entity::belongs_to(external_user::Entity)
        .from(wechat_binding::Column::UserId)
        .to(external_user::Column::Id);
    let row = external_user::Entity::find()
        .join_rev(JoinType::InnerJoin, whose.into())
        .filter(wechat_binding::Column::AppId.eq(app.0))
        .filter(wechat_binding::Column::Openid.eq(openid))
        .filter(external_user::Column::OrgId.eq(scope.organization().0))
        .one(db)
        .await?;
    row.map(|row| read(tools, row)).transpose()
}

pub(super) fn read(tools: &Tools, row: external_user::Model) -> Result<ExternalUser, StoreError> {
    let (id, organization) = (UserId(row.id), OrgId(row.org_id));
    let manager = row.manager.map(|text| text.parse().map_err(|_| inconsistent(TABLE, "manager", id)));
    let place = Place { table: TABLE, column: "phone", row: &id, organization };
    let phone = Some(tools.vault.open(&place, &row.phone)?).filter(|text| !text.is_empty());
    Ok(ExternalUser {
        id,
        organization,
        app: AppId(row.app_id),
        phone: phone.map(PhoneNumber::from_stored),
        nickname: row.nickname,
        avatar_url: row.avatar_url,
        status: Status::from_name(&row.status).ok_or_else(|| inconsistent(TABLE, "status", id))?,
        role: row.role,
        department: row.department_id.map(DepartmentId),
        manager: manager.transpose()?,
        invited_at: row.invited_at.map(Millis),
    })
}

/// What an account is found by: its phone's keyed index, or a word of its own once the phone is freed.
pub(super) fn phone_index(tools: &Tools, user: UserId, phone: Option<&PhoneNumber>) -> String {
    phone.map_or_else(|| format!("{FREED}{user}"), |phone| tools.vault.phone_index(phone))
}

/// A phone as its row holds it; of a freed one, the empty text.
pub(super) fn sealed(
    tools: &Tools,
    user: UserId,
    organization: OrgId,
    phone: Option<&PhoneNumber>,
) -> Result<String, StoreError> {
    let place = Place { table: TABLE, column: "phone", row: &user, organization };
    tools.vault.seal(&place, phone.map_or("", PhoneNumber::as_str), &*tools.entropy)
}
