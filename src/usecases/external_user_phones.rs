//! Phone and WeChat identity taken from an external user, because a carrier or WeChat has given them to somebody else.

use crate::domain::audit::{Action, By};
use crate::domain::external_user::ExternalUser;
use crate::domain::ids::{AppId, UserId};
use crate::domain::scope::OrgScope;
use crate::store::Unit;

use super::administration::{Administration, ChangeError, Conflict, Prepared};
use super::open_sessions::sign_out_everywhere;

impl Administration {
    /// Frees the phone of an account: whoever has the number now can sign up with it, and the person proves a new one at
    /// the next sign-in. All logins of the account end.
    ///
    /// # Errors
    /// There is no such account, its phone is free already, or it has no WeChat identity to be found by.
    pub async fn free_phone(
        &self,
        scope: OrgScope,
        app: AppId,
        user: UserId,
        by: &By,
    ) -> Result<Prepared<()>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        let user = account(&unit, scope, app, user).await?;
        if !unit.free_phone(&user).await? || unit.openid_of(user.id).await?.is_none() {
            return Err(Conflict::WrongStatus.into());
        }
        sign_out_everywhere(&unit, user.id).await?;
        Ok(self.noted(unit, by, (scope.organization(), Action::PhoneFreed), &user.id, ()))
    }

    /// Takes the WeChat identity from an account: whoever proves its phone next is bound to it. All its logins end.
    ///
    /// # Errors
    /// There is no such account, or it has no WeChat identity, or no phone to be found by.
    pub async fn unbind_wechat(
        &self,
        scope: OrgScope,
        app: AppId,
        user: UserId,
        by: &By,
    ) -> Result<Prepared<()>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        let user = account(&unit, scope, app, user).await?;
        if !unit.unbind_wechat(&user).await? {
            return Err(Conflict::WrongStatus.into());
        }
        sign_out_everywhere(&unit, user.id).await?;
        Ok(self.noted(unit, by, (scope.organization(), Action::WechatUnbound), &user.id, ()))
    }
}

/// The account, if it is this app's; held until the unit ends, so that no login is granted to it unseen.
async fn account(
    unit: &Unit,
    scope: OrgScope,
    app: AppId,
    user: UserId,
) -> Result<ExternalUser, ChangeError> {
    if !unit.hold_external_user(scope, app, user).await? {
        return Err(ChangeError::NotFound);
    }
    unit.external_user(scope, user).await?.ok_or(ChangeError::NotFound)
}
