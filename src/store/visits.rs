//! Phone visits: found by the hash of their OAuth state, which is written when WeChat's authorization comes back.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter};

use entities::visit;

use crate::domain::clock::Millis;
use crate::domain::ids::{AppId, LoginId, OrgId, VisitId};
use crate::domain::network::Network;
use crate::domain::phone_visit::{Ending, Visit, VisitKind};
use crate::domain::qr_session::Refusal;
use crate::domain::qr_ticket::QrRef;
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::locks::by_key_only;
use super::unit::Unit;

impl Store {
    /// The visit whose state has this hash.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn visit(&self, state_hash: &str) -> Result<Option<Visit>, StoreError> {
        let row =
            visit::Entity::find().filter(visit::Column::StateHash.eq(state_hash)).one(&self.readers).await?;
        row.map(read).transpose()
    }
}

impl Unit {
    /// Begins a visit: whoever writes the hash first may exchange the code.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when this state was used before.
    pub async fn begin_visit(&self, visit: &Visit, state_hash: &str) -> Result<(), StoreError> {
        let row = visit::ActiveModel {
            id: Set(visit.id.0),
            org_id: Set(visit.organization.0),
            app_id: Set(visit.app.0),
            kind: Set(visit.kind.name().into()),
            state_hash: Set(state_hash.into()),
            profile_state_hash: Set(None),
            openid: Set(None),
            qr: Set(None),
            login_id: Set(None),
            phone_network: Set(visit.phone_network.key()),
            refused: Set(None),
            nickname: Set(None),
            avatar_url: Set(None),
            exchanging_since: Set(visit.exchanging_since.0),
            created_at: Set(self.now().0),
            expires_at: Set(visit.expires_at.0),
        };
        visit::Entity::insert(row).exec_without_returning(&self.tx).await?;
        Ok(())
    }

    /// Takes over an exchange that began before `abandoned_before` and never ended; false when somebody else did.
    ///
    /// # Errors
    /// The database refused.
    pub async fn retake_visit(&self, id: VisitId, abandoned_before: Millis) -> Result<bool, StoreError> {
        let done = visit::Entity::update_many()
            .col_expr(visit::Column::ExchangingSince, Expr::value(self.now().0))
            .filter(visit::Column::Id.eq(id.0))
            .filter(visit::Column::Openid.is_null())
            .filter(visit::Column::Refused.is_null())
            .filter(visit::Column::ExchangingSince.lt(abandoned_before.0))
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Forgets a visit whose code WeChat did not take, so that the phone may try again.
    ///
    /// # Errors
    /// The database refused.
    pub async fn forget_visit(&self, id: VisitId) -> Result<(), StoreError> {
        visit::Entity::delete_by_id(id.0).exec(&self.tx).await?;
        Ok(())
    }

    /// Notes who came, and for which QR session; false when the visit was refused meanwhile, or somebody came before.
    ///
    /// # Errors
    /// The database refused.
    pub async fn arrive(&self, id: VisitId, openid: &str, qr: Option<QrRef>) -> Result<bool, StoreError> {
        let done = visit::Entity::update_many()
            .col_expr(visit::Column::Openid, Expr::value(openid))
            .col_expr(visit::Column::Qr, Expr::value(qr.map(QrRef::to_hex)))
            .filter(visit::Column::Id.eq(id.0))
            .filter(visit::Column::Openid.is_null())
            .filter(visit::Column::Refused.is_null())
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Holds a visit until the unit ends; false when it has ended without a login.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hold_visit(&self, id: VisitId, scope: OrgScope) -> Result<bool, StoreError> {
        let organization = scope.organization().0;
        let held = visit::Entity::update_many()
            .col_expr(visit::Column::OrgId, Expr::value(organization))
            .filter(visit::Column::Id.eq(id.0))
            .filter(by_key_only(visit::Column::OrgId, organization))
            .filter(visit::Column::Refused.is_null())
            .exec(&self.tx)
            .await?;
        Ok(held.rows_affected == 1)
    }

    /// Refuses every visit of an organization that has not ended: those on the way in, and those whose authorization has
    /// yet to be exchanged.
    ///
    /// # Errors
    /// The database refused.
    pub async fn refuse_visits(&self, scope: OrgScope, refusal: Refusal) -> Result<(), StoreError> {
        visit::Entity::update_many()
            .col_expr(visit::Column::Refused, Expr::value(Ending::Refused(refusal).name()))
            .filter(visit::Column::OrgId.eq(scope.organization().0))
            .filter(visit::Column::Refused.is_null())
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Notes the login that a menu visit made, and gives the one it replaces.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the visit has ended without one, or another login was first.
    pub async fn set_visit_login(&self, id: VisitId, login: LoginId) -> Result<Option<LoginId>, StoreError> {
        use visit::Column::{Id, LoginId as Login, Refused};
        let before = visit::Entity::find_by_id(id.0).one(&self.tx).await?.and_then(|row| row.login_id);
        let done = visit::Entity::update_many()
            .col_expr(Login, Expr::value(login.0))
            .filter(Id.eq(id.0))
            .filter(Refused.is_null())
            .filter(before.map_or_else(|| Login.is_null(), |before| Login.eq(before)))
            .exec(&self.tx)
            .await?;
        if done.rows_affected == 1 { Ok(before.map(LoginId)) } else { Err(StoreError::Conflict) }
    }

    /// Notes how a visit ended without a login; false when it had ended before.
    ///
    /// # Errors
    /// The database refused.
    pub async fn end_visit(&self, id: VisitId, ending: Ending) -> Result<bool, StoreError> {
        let done = visit::Entity::update_many()
            .col_expr(visit::Column::Refused, Expr::value(ending.name()))
            .filter(visit::Column::Id.eq(id.0))
            .filter(visit::Column::Refused.is_null())
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Takes the right to exchange the code of a profile authorization; false when this one was used before.
    ///
    /// # Errors
    /// The database refused.
    pub async fn take_profile_state(&self, id: VisitId, state_hash: &str) -> Result<bool, StoreError> {
        let done = visit::Entity::update_many()
            .col_expr(visit::Column::ProfileStateHash, Expr::value(state_hash))
            .filter(visit::Column::Id.eq(id.0))
            .filter(
                Condition::any()
                    .add(visit::Column::ProfileStateHash.is_null())
                    .add(visit::Column::ProfileStateHash.ne(state_hash)),
            )
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Keeps the name and picture that the person let us use, for the account that may come of this visit.
    ///
    /// # Errors
    /// The database refused.
    pub async fn set_visit_profile(
        &self,
        id: VisitId,
        nickname: Option<&str>,
        avatar_url: Option<&str>,
    ) -> Result<(), StoreError> {
        visit::Entity::update_many()
            .col_expr(visit::Column::Nickname, Expr::value(nickname))
            .col_expr(visit::Column::AvatarUrl, Expr::value(avatar_url))
            .filter(visit::Column::Id.eq(id.0))
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}

pub(super) fn read(row: visit::Model) -> Result<Visit, StoreError> {
    let id = VisitId(row.id);
    let broken = |column| inconsistent("visits", column, id);
    let ended = row.refused.as_deref().map(|name| Ending::from_name(name).ok_or_else(|| broken("refused")));
    let qr = row.qr.as_deref().map(|r| QrRef::from_hex(r).ok_or_else(|| broken("qr")));
    Ok(Visit {
        id,
        organization: OrgId(row.org_id),
        app: AppId(row.app_id),
        kind: VisitKind::from_name(&row.kind).ok_or_else(|| broken("kind"))?,
        openid: row.openid,
        qr: qr.transpose()?,
        phone_network: Network::from_key(&row.phone_network),
        ended: ended.transpose()?,
        nickname: row.nickname,
        avatar_url: row.avatar_url,
        exchanging_since: Millis(row.exchanging_since),
        expires_at: Millis(row.expires_at),
    })
}
