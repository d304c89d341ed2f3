//! QR sessions that have been scanned; one that waits has no row.

use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType,
    QueryFilter, QueryResult, QuerySelect,
};

use entities::{portal, qr_session};

use crate::domain::clock::Millis;
use crate::domain::ids::{AppId, OrgId, UserId};
use crate::domain::keys::hex;
use crate::domain::network::Network;
use crate::domain::portal::Portal;
use crate::domain::qr_session::{QrSession, State};
use crate::domain::qr_ticket::{Computer, DeviceMark, QrRef};
use crate::domain::user_agent::{Browser, System};

use super::changes::Topic;
use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::joined::columns_of;
use super::portals;
use super::unit::Unit;

// What the names of each table's columns begin with.
const SESSION: &str = "q_";
const PORTAL: &str = "p_";

struct AtPortal {
    session: qr_session::Model,
    portal: portals::Row,
}

impl FromQueryResult for AtPortal {
    fn from_query_result(row: &QueryResult, _: &str) -> Result<Self, DbErr> {
        Ok(Self {
            session: qr_session::Model::from_query_result(row, SESSION)?,
            portal: portals::Row::from_query_result(row, PORTAL)?,
        })
    }
}

impl Store {
    /// The QR session behind a reference that a signed handle, ticket or visit gave.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn qr_session(&self, r: QrRef) -> Result<Option<QrSession>, StoreError> {
        find(&self.readers, r).await
    }
}

impl Unit {
    /// The QR session, as this unit sees it.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn qr_session(&self, r: QrRef) -> Result<Option<QrSession>, StoreError> {
        find(&self.tx, r).await
    }

    /// The same, with its portal, as this unit sees both.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn qr_session_at_portal(&self, r: QrRef) -> Result<Option<(QrSession, Portal)>, StoreError> {
        let at = qr_session::Entity::belongs_to(portal::Entity)
            .from(qr_session::Column::AppId)
            .to(portal::Column::AppId);
        let query = qr_session::Entity::find_by_id(r.to_hex()).select_only();
        let query = columns_of::<qr_session::Column, _>(query, SESSION).join(JoinType::InnerJoin, at.into());
        let row = portals::with_columns(query, PORTAL).into_model::<AtPortal>().one(&self.tx).await?;
        let Some(AtPortal { session, portal }) = row else { return Ok(None) };
        Ok(Some((read(session)?, portals::read(portal)?)))
    }

    /// Writes the first scan.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another scan was first.
    pub async fn insert_qr_session(&self, session: &QrSession) -> Result<(), StoreError> {
        let (state, reason) = words(session.state);
        let seq = i32::try_from(session.seq).unwrap_or(i32::MAX);
        let row = qr_session::ActiveModel {
            r: Set(session.r.to_hex()),
            org_id: Set(session.organization.0),
            app_id: Set(session.app.0),
            openid: Set(session.openid.clone()),
            user_id: Set(session.user.map(|user| user.0)),
            state: Set(state.into()),
            reason: Set(reason.map(Into::into)),
            seq: Set(seq),
            match_number: Set(session.match_number.map(i32::from)),
            browser: Set(session.computer.browser.code().into()),
            system: Set(session.computer.system.code().into()),
            network: Set(session.computer.network.key()),
            device: Set(hex(&session.computer.device.0)),
            phone_network: Set(session.phone_network.key()),
            issued_at: Set(session.issued_at.0),
            scanned_at: Set(session.scanned_at.0),
            expires_at: Set(session.expires_at.0),
        };
        qr_session::Entity::insert(row).exec_without_returning(&self.tx).await?;
        self.changed_to(session.organization, Topic::QrSession, &session.r.to_hex(), Some(seq));
        Ok(())
    }

    /// Writes the next state where the row still has the one before; false when something else was first.
    ///
    /// # Errors
    /// The database refused.
    pub async fn advance_qr_session(&self, next: &QrSession) -> Result<bool, StoreError> {
        let (state, reason) = words(next.state);
        let seq = i32::try_from(next.seq).unwrap_or(i32::MAX);
        let done = qr_session::Entity::update_many()
            .col_expr(qr_session::Column::State, Expr::value(state))
            .col_expr(qr_session::Column::Reason, Expr::value(reason))
            .col_expr(qr_session::Column::Seq, Expr::value(seq))
            .col_expr(qr_session::Column::UserId, Expr::value(next.user.map(|user| user.0)))
            .col_expr(qr_session::Column::ExpiresAt, Expr::value(next.expires_at.0))
            .filter(qr_session::Column::R.eq(next.r.to_hex()))
            .filter(qr_session::Column::OrgId.eq(next.organization.0))
            .filter(qr_session::Column::Seq.eq(seq - 1))
            .exec(&self.tx)
            .await?;
        if done.rows_affected == 1 {
            self.changed_to(next.organization, Topic::QrSession, &next.r.to_hex(), Some(seq));
        }
        Ok(done.rows_affected == 1)
    }

    /// The QR sessions by which this person may still come in: the account's, and those of the WeChat identity that is
    /// bound to it.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn open_sessions_of_person(
        &self,
        app: AppId,
        user: UserId,
    ) -> Result<Vec<QrSession>, StoreError> {
        let mut whose = Condition::any().add(qr_session::Column::UserId.eq(user.0));
        if let Some(openid) = self.openid_of(user).await? {
            whose = whose.add(qr_session::Column::Openid.eq(openid));
        }
        let rows = qr_session::Entity::find()
            .filter(qr_session::Column::AppId.eq(app.0))
            .filter(qr_session::Column::State.is_in(State::OPEN.map(State::name)))
            .filter(whose)
            .all(&self.tx)
            .await?;
        rows.into_iter().map(read).collect()
    }

    /// The scanned QR sessions of an app from which somebody may still come in.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn open_sessions_at(&self, app: AppId) -> Result<Vec<QrSession>, StoreError> {
        self.open_sessions(qr_session::Column::AppId.eq(app.0)).await
    }

    /// The QR sessions by which this account may still come in.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn open_sessions_of(&self, user: UserId) -> Result<Vec<QrSession>, StoreError> {
        self.open_sessions(qr_session::Column::UserId.eq(user.0)).await
    }

    async fn open_sessions(&self, whose: SimpleExpr) -> Result<Vec<QrSession>, StoreError> {
        let rows = qr_session::Entity::find()
            .filter(whose)
            .filter(qr_session::Column::State.is_in(State::OPEN.map(State::name)))
            .filter(qr_session::Column::ExpiresAt.gte(self.now().0))
            .all(&self.tx)
            .await?;
        rows.into_iter().map(read).collect()
    }

    /// The QR sessions that wait for this account to be let in.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn held_sessions_of(&self, user: UserId) -> Result<Vec<QrSession>, StoreError> {
        let rows = qr_session::Entity::find()
            .filter(qr_session::Column::UserId.eq(user.0))
            .filter(qr_session::Column::State.eq(State::Held.name()))
            .all(&self.tx)
            .await?;
        rows.into_iter().map(read).collect()
    }
}

async fn find<C: ConnectionTrait>(db: &C, r: QrRef) -> Result<Option<QrSession>, StoreError> {
    qr_session::Entity::find_by_id(r.to_hex()).one(db).await?.map(read).transpose()
}

fn words(state: State) -> (&'static str, Option<&'static str>) {
    let reason = match state {
        State::Refused(refusal) => Some(refusal.code()),
        _ => None,
    };
    (state.name(), reason)
}

pub(super) fn read(row: qr_session::Model) -> Result<QrSession, StoreError> {
    let broken = |column| inconsistent("qr_sessions", column, "one row");
    let byte = |value: i32| u8::try_from(value).unwrap_or(0);
    let mut device = [0; 14];
    for (index, slot) in device.iter_mut().enumerate() {
        let digits = row.device.get(index * 2..index * 2 + 2).ok_or_else(|| broken("device"))?;
        *slot = u8::from_str_radix(digits, 16).map_err(|_| broken("device"))?;
    }
    Ok(QrSession {
        r: QrRef::from_hex(&row.r).ok_or_else(|| broken("r"))?,
        organization: OrgId(row.org_id),
        app: AppId(row.app_id),
        openid: row.openid,
        user: row.user_id.map(UserId),
        state: State::from_name(&row.state, row.reason.as_deref()).ok_or_else(|| broken("state"))?,
        seq: u32::try_from(row.seq).map_err(|_| broken("seq"))?,
        match_number: row.match_number.map(byte),
        computer: Computer {
            browser: Browser::from_code(byte(row.browser)),
            system: System::from_code(byte(row.system)),
            network: Network::from_key(&row.network),
            device: DeviceMark(device),
        },
        phone_network: Network::from_key(&row.phone_network),
        issued_at: Millis(row.issued_at),
        scanned_at: Millis(row.scanned_at),
        expires_at: Millis(row.expires_at),
    })
}
