//! Where a phone stands: its visit, the QR session it scanned and the account it signs in, which every page of a phone asks for.

use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryResult, QuerySelect, Select,
};

use entities::{external_user, portal, qr_session, visit, wechat_binding};

use crate::domain::external_user::ExternalUser;
use crate::domain::phone_visit::Visit;
use crate::domain::portal::Portal;
use crate::domain::qr_session::QrSession;
use crate::domain::qr_ticket::QrRef;
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::StoreError;
use super::joined::columns_of;
use super::unit::Unit;
use super::{external_users, portals, qr_sessions, visits};

/// A phone's rows.
pub struct Standing {
    /// The visit.
    pub visit: Visit,
    /// The QR session it scanned.
    pub session: Option<QrSession>,
    /// The account that its person has in the app.
    pub user: Option<ExternalUser>,
}

impl Store {
    /// The visit whose state has this hash, with what belongs to it.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn phone_standing(&self, state_hash: &str) -> Result<Option<Standing>, StoreError> {
        let row = standing(state_hash).into_model::<Row>().one(&self.readers).await?;
        row.map(|row| self.read_standing(row)).transpose()
    }

    /// The same, with the portal that the visit is at, as both are now.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn phone_standing_at_portal(
        &self,
        state_hash: &str,
    ) -> Result<Option<(Standing, Portal)>, StoreError> {
        let at =
            visit::Entity::belongs_to(portal::Entity).from(visit::Column::AppId).to(portal::Column::AppId);
        let query = standing(state_hash).join(JoinType::InnerJoin, at.into());
        let query = portals::with_columns(query, PORTAL).into_model::<AtPortal>();
        let Some(AtPortal { row, portal }) = query.one(&self.readers).await? else { return Ok(None) };
        Ok(Some((self.read_standing(row)?, portals::read(portal)?)))
    }

    fn read_standing(&self, row: Row) -> Result<Standing, StoreError> {
        Ok(Standing {
            visit: visits::read(row.visit)?,
            session: row.session.map(qr_sessions::read).transpose()?,
            user: row.user.map(|user| external_users::read(&self.tools, user)).transpose()?,
        })
    }
}

/// The visit whose state has this hash, with what belongs to it.
fn standing(state_hash: &str) -> Select<visit::Entity> {
    let scanned =
        visit::Entity::belongs_to(qr_session::Entity).from(visit::Column::Qr).to(qr_session::Column::R);
    let bound = visit::Entity::belongs_to(wechat_binding::Entity)
        .from((visit::Column::AppId, visit::Column::Openid))
        .to((wechat_binding::Column::AppId, wechat_binding::Column::Openid));
    let account = wechat_binding::Entity::belongs_to(external_user::Entity)
        .from((wechat_binding::Column::UserId, wechat_binding::Column::OrgId))
        .to((external_user::Column::Id, external_user::Column::OrgId));
    let query = visit::Entity::find()
        .select_only()
        .join(JoinType::LeftJoin, scanned.into())
        .join(JoinType::LeftJoin, bound.into())
        .join(JoinType::LeftJoin, account.into())
        .filter(visit::Column::StateHash.eq(state_hash));
    let query = columns_of::<visit::Column, _>(query, VISIT);
    let query = columns_of::<qr_session::Column, _>(query, SESSION);
    columns_of::<external_user::Column, _>(query, USER)
}

impl Unit {
    /// A QR session and the account that it signs in, if that is the scope's organization's, as this unit sees them.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn scanned(
        &self,
        scope: OrgScope,
        r: QrRef,
    ) -> Result<Option<(QrSession, Option<ExternalUser>)>, StoreError> {
        let account = qr_session::Entity::belongs_to(external_user::Entity)
            .from((qr_session::Column::UserId, qr_session::Column::OrgId))
            .to((external_user::Column::Id, external_user::Column::OrgId));
        let row = qr_session::Entity::find_by_id(r.to_hex())
            .filter(qr_session::Column::OrgId.eq(scope.organization().0))
            .join(JoinType::LeftJoin, account.into())
            .select_also(external_user::Entity)
            .one(&self.tx)
            .await?;
        let Some((session, user)) = row else { return Ok(None) };
        let user = user.map(|user| external_users::read(&self.tools, user)).transpose()?;
        Ok(Some((qr_sessions::read(session)?, user)))
    }
}

// What the names of each table's columns begin with.
const VISIT: &str = "v_";
const SESSION: &str = "q_";
const USER: &str = "u_";
const PORTAL: &str = "p_";

struct Row {
    visit: visit::Model,
    session: Option<qr_session::Model>,
    user: Option<external_user::Model>,
}

impl FromQueryResult for Row {
    fn from_query_result(row: &QueryResult, _: &str) -> Result<Self, DbErr> {
        Ok(Self {
            visit: visit::Model::from_query_result(row, VISIT)?,
            session: Option::from_query_result(row, SESSION)?,
            user: Option::from_query_result(row, USER)?,
        })
    }
}

struct AtPortal {
    row: Row,
    portal: portals::Row,
}

impl FromQueryResult for AtPortal {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            row: Row::from_query_result(row, prefix)?,
            portal: portals::Row::from_query_result(row, PORTAL)?,
        })
    }
}
