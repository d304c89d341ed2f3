//! What an external user is found by, a phone and a WeChat identity: taken from an account, and a new phone given.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use entities::{external_user, wechat_binding};

use crate::domain::external_user::ExternalUser;
use crate::domain::phone_number::PhoneNumber;

use super::error::StoreError;
use super::external_users::{phone_index, sealed};
use super::unit::Unit;

impl Unit {
    /// Takes its phone from an account, which keeps its WeChat identity; false when it has none.
    ///
    /// # Errors
    /// The database refused.
    pub async fn free_phone(&self, user: &ExternalUser) -> Result<bool, StoreError> {
        let freed = phone_index(&self.tools, user.id, None);
        let done = external_user::Entity::update_many()
            .col_expr(external_user::Column::PhoneIndex, Expr::value(freed.as_str()))
            .col_expr(
                external_user::Column::Phone,
                Expr::value(sealed(&self.tools, user.id, user.organization, None)?),
            )
            .col_expr(external_user::Column::UpdatedAt, Expr::value(self.now().0))
            .filter(external_user::Column::Id.eq(user.id.0))
            .filter(external_user::Column::OrgId.eq(user.organization.0))
            .filter(external_user::Column::PhoneIndex.ne(freed))
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Gives a phone to an account whose own was freed; false when it has one.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the phone has another account in this app.
    pub async fn give_phone(&self, user: &ExternalUser, phone: &PhoneNumber) -> Result<bool, StoreError> {
        let (id, organization) = (user.id, user.organization);
        let done = external_user::Entity::update_many()
            .col_expr(
                external_user::Column::PhoneIndex,
                Expr::value(phone_index(&self.tools, id, Some(phone))),
            )
            .col_expr(
                external_user::Column::Phone,
                Expr::value(sealed(&self.tools, id, organization, Some(phone))?),
            )
            .col_expr(external_user::Column::UpdatedAt, Expr::value(self.now().0))
            .filter(external_user::Column::Id.eq(id.0))
            .filter(external_user::Column::OrgId.eq(organization.0))
            .filter(external_user::Column::PhoneIndex.eq(phone_index(&self.tools, id, None)))
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Takes its WeChat identity from an account, which keeps its phone; false when it has none, or no phone to keep.
    ///
    /// # Errors
    /// The database refused.
    pub async fn unbind_wechat(&self, user: &ExternalUser) -> Result<bool, StoreError> {
        // The account's row is written too, so that of two changes at once one leaves it something to be found by.
        let touched = external_user::Entity::update_many()
            .col_expr(external_user::Column::UpdatedAt, Expr::value(self.now().0))
            .filter(external_user::Column::Id.eq(user.id.0))
            .filter(external_user::Column::OrgId.eq(user.organization.0))
            .filter(external_user::Column::PhoneIndex.ne(phone_index(&self.tools, user.id, None)))
            .exec(&self.tx)
            .await?;
        let gone = wechat_binding::Entity::delete_many()
            .filter(wechat_binding::Column::UserId.eq(user.id.0))
            .filter(wechat_binding::Column::OrgId.eq(user.organization.0))
            .exec(&self.tx)
            .await?;
        Ok(touched.rows_affected == 1 && gone.rows_affected == 1)
    }
}
