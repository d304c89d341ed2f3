//! Taking a person out of an app: everything that says who they are is gone, in one unit.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use entities::{
    consent, external_user, known_browser, login, qr_session, verification_code, visit, wechat_binding,
};

use crate::domain::clock::Millis;
use crate::domain::external_user::{Manager, Status};
use crate::domain::ids::{AppId, UserId};
use crate::domain::keys::hex;
use crate::domain::network::Network;
use crate::domain::scope::OrgScope;

use super::error::StoreError;
use super::unit::Unit;

/// What is known of a person that is to be erased.
struct Traces {
    phone_index: String,
    openids: Vec<String>,
    logins: Vec<Uuid>,
}

impl Unit {
    /// Erases an external user; gives whether it took a seat, none when there is no such one in this app. A QR session
    /// that was scanned before `over_before` is deleted; a later one may still be watched or its code be scanned once
    /// more, so its row stays until it has had its time, without anything of the person in it.
    ///
    /// # Errors
    /// The database refused.
    pub async fn erase_external_user(
        &self,
        scope: OrgScope,
        app: AppId,
        user: UserId,
        over_before: Millis,
    ) -> Result<Option<bool>, StoreError> {
        // Two statements ask for the status: a person who is let in between them would take a seat that nobody frees.
        if !self.hold_external_user(scope, app, user).await? {
            return Ok(None);
        }
        let Some(traces) = self.traces(scope, app, user).await? else { return Ok(None) };
        let had_seat = self.delete_account(scope, app, user, Some(Status::Active)).await?;
        if !had_seat && !self.delete_account(scope, app, user, None).await? {
            return Ok(None);
        }
        wechat_binding::Entity::delete_many()
            .filter(wechat_binding::Column::UserId.eq(user.0))
            .exec(&self.tx)
            .await?;
        known_browser::Entity::delete_many()
            .filter(known_browser::Column::UserId.eq(user.0))
            .exec(&self.tx)
            .await?;
        consent::Entity::delete_many().filter(consent::Column::UserId.eq(user.0)).exec(&self.tx).await?;
        login::Entity::delete_many().filter(login::Column::UserId.eq(user.0)).exec(&self.tx).await?;
        self.erase_deliveries_of_user(scope, (app, user), &traces.openids).await?;
        self.erase_attempts(app, user, &traces, over_before).await?;
        external_user::Entity::update_many()
            .col_expr(external_user::Column::Manager, Expr::value(None::<String>))
            .filter(external_user::Column::OrgId.eq(scope.organization().0))
            .filter(external_user::Column::Manager.eq(Manager::ExternalUser(user).to_string()))
            .exec(&self.tx)
            .await?;
        Ok(Some(had_seat))
    }

    async fn traces(&self, scope: OrgScope, app: AppId, user: UserId) -> Result<Option<Traces>, StoreError> {
        let row = external_user::Entity::find_by_id(user.0)
            .filter(external_user::Column::OrgId.eq(scope.organization().0))
            .filter(external_user::Column::AppId.eq(app.0))
            .one(&self.tx)
            .await?;
        let Some(row) = row else { return Ok(None) };
        // An identity that was taken from the account since is known by the QR sessions that it scanned, and is left
        // alone if it is another account's by now.
        let mut openids: Vec<String> = qr_session::Entity::find()
            .filter(qr_session::Column::UserId.eq(user.0))
            .select_only()
            .column(qr_session::Column::Openid)
            .distinct()
            .into_tuple()
            .all(&self.tx)
            .await?;
        let others = wechat_binding::Entity::find()
            .filter(wechat_binding::Column::AppId.eq(app.0))
            .filter(wechat_binding::Column::Openid.is_in(&openids))
            .filter(wechat_binding::Column::UserId.ne(user.0))
            .all(&self.tx)
            .await?;
        openids.retain(|openid| !others.iter().any(|other| other.openid == *openid));
        openids.extend(self.openid_of(user).await?);
        let logins = login::Entity::find().filter(login::Column::UserId.eq(user.0)).all(&self.tx).await?;
        let logins = logins.into_iter().map(|row| row.id).collect();
        Ok(Some(Traces { phone_index: row.phone_index, openids, logins }))
    }

    async fn delete_account(
        &self,
        scope: OrgScope,
        app: AppId,
        user: UserId,
        status: Option<Status>,
    ) -> Result<bool, StoreError> {
        let mut delete = external_user::Entity::delete_many()
            .filter(external_user::Column::Id.eq(user.0))
            .filter(external_user::Column::OrgId.eq(scope.organization().0))
            .filter(external_user::Column::AppId.eq(app.0));
        if let Some(status) = status {
            delete = delete.filter(external_user::Column::Status.eq(status.name()));
        }
        Ok(delete.exec(&self.tx).await?.rows_affected == 1)
    }

    /// Codes, visits and QR sessions of the person in this app.
    async fn erase_attempts(
        &self,
        app: AppId,
        user: UserId,
        traces: &Traces,
        over_before: Millis,
    ) -> Result<(), StoreError> {
        use qr_session::Column::{
            AppId as App, Device, MatchNumber, Network as OfComputer, Openid, PhoneNetwork, ScannedAt, Seq,
            UserId as User,
        };
        verification_code::Entity::delete_many()
            .filter(verification_code::Column::AppId.eq(app.0))
            .filter(
                Condition::any()
                    .add(verification_code::Column::PhoneIndex.eq(traces.phone_index.as_str()))
                    .add(verification_code::Column::Openid.is_in(&traces.openids)),
            )
            .exec(&self.tx)
            .await?;
        visit::Entity::delete_many()
            .filter(visit::Column::AppId.eq(app.0))
            .filter(
                Condition::any()
                    .add(visit::Column::Openid.is_in(&traces.openids))
                    .add(visit::Column::LoginId.is_in(traces.logins.clone())),
            )
            .exec(&self.tx)
            .await?;
        let theirs = || {
            let whose = Condition::any().add(User.eq(user.0)).add(Openid.is_in(&traces.openids));
            Condition::all().add(App.eq(app.0)).add(whose)
        };
        qr_session::Entity::delete_many()
            .filter(theirs())
            .filter(ScannedAt.lt(over_before.0))
            .exec(&self.tx)
            .await?;
        qr_session::Entity::update_many()
            .col_expr(Device, Expr::value(hex(&[0; 14])))
            .col_expr(MatchNumber, Expr::value(None::<i32>))
            .col_expr(OfComputer, Expr::value(Network::Unknown.key()))
            .col_expr(PhoneNetwork, Expr::value(Network::Unknown.key()))
            .col_expr(Openid, Expr::value(""))
            .col_expr(User, Expr::value(None::<Uuid>))
            // A decision that was under way would write the person back.
            .col_expr(Seq, Expr::col(Seq).add(1))
            .filter(theirs())
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}
