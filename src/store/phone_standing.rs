//! Where a phone stands: its visit, the QR session it scanned and the account it signs in, which every page of a phone asks for.

use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, FromQueryResult, Iterable, JoinType, QueryFilter, QueryResult,
    QuerySelect, Select,
};

use entities::{external_user, qr_session, visit, wechat_binding};

use crate::domain::external_user::ExternalUser;
use crate::domain::phone_visit::Visit;
use crate::domain::qr_session::QrSession;
use crate::domain::qr_ticket::QrRef;
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::StoreError;
use super::unit::Unit;
use super::{external_users, qr_sessions, visits};

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
        let query = columns_of::<visit::Column>(query, VISIT);
        let query = columns_of::<qr_session::Column>(query, SESSION);
        let query = columns_of::<external_user::Column>(query, USER);
        let Some(row) = query.into_model::<Row>().one(&self.readers).await? else { return Ok(None) };
        Ok(Some(Standing {
            visit: visits::read(row.visit)?,
            session: row.session.map(qr_sessions::read).transpose()?,
            user: row.user.map(|user| external_users::read(&self.tools, user)).transpose()?,
        }))
    }
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

fn columns_of<C: ColumnTrait + Iterable>(
    query: Select<visit::Entity>,
    prefix: &str,
) -> Select<visit::Entity> {
    C::iter().fold(query, |query, column| query.column_as(column, format!("{prefix}{}", column.as_str())))
}

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
