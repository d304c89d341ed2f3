//! Verification codes: written before they are sent, counted while the rows to count under are held.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use entities::verification_code;

use crate::domain::clock::Millis;
use crate::domain::ids::{AppId, CodeId, OrgId, VisitId};
use crate::domain::network::Network;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::verification::{CodeLimit, Counted, Usage};

use super::connect::Store;
use super::error::StoreError;
use super::unit::Unit;
use super::vault::Place;

const TABLE: &str = "verification_codes";

/// Whose code it is.
#[derive(Clone)]
pub struct CodeOwner {
    /// The organization.
    pub organization: OrgId,
    /// The app.
    pub app: AppId,
    /// The visit it was asked for in.
    pub visit: VisitId,
    /// Who asks.
    pub openid: String,
    /// To which phone.
    pub phone: PhoneNumber,
    /// From where.
    pub network: Network,
}

/// A code that can still be guessed.
#[derive(Clone, Debug)]
pub struct LiveCode {
    /// Its id.
    pub id: CodeId,
    /// Its keyed hash.
    pub mac: String,
}

impl Store {
    /// The phone that this visit last asked a code for, to fill the page's form.
    ///
    /// # Errors
    /// The database is away, or the phone does not open.
    pub async fn phone_asked(
        &self,
        organization: OrgId,
        visit: VisitId,
    ) -> Result<Option<PhoneNumber>, StoreError> {
        let row = verification_code::Entity::find()
            .filter(verification_code::Column::OrgId.eq(organization.0))
            .filter(verification_code::Column::VisitId.eq(visit.0))
            .order_by_desc(verification_code::Column::CreatedAt)
            .one(&self.readers)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let id = CodeId(row.id);
        let place = Place { table: TABLE, column: "phone", row: &id, organization };
        Ok(Some(PhoneNumber::from_stored(self.tools.vault.open(&place, &row.phone)?)))
    }
}

impl Unit {
    /// Holds the rows under which this owner's codes are counted, always in the same order, until the unit ends.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hold_code_limits(&self, owner: &CodeOwner) -> Result<(), StoreError> {
        let names = [
            self.phone_lock(&owner.phone),
            format!("openid:{}", owner.openid),
            format!("address:{}", owner.network.key()),
            format!("organization:{}", owner.organization),
        ];
        self.hold(names.into()).await
    }

    /// Holds the codes of a phone until the unit ends.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hold_phone(&self, phone: &PhoneNumber) -> Result<(), StoreError> {
        self.hold(vec![self.phone_lock(phone)]).await
    }

    fn phone_lock(&self, phone: &PhoneNumber) -> String {
        format!("phone:{}", self.tools.vault.phone_index(phone))
    }

    /// What a limit has counted so far; right until the unit ends if its rows are held.
    ///
    /// # Errors
    /// The database is away.
    pub async fn code_usage(&self, owner: &CodeOwner, limit: &CodeLimit) -> Result<Usage, StoreError> {
        use verification_code::Column::{Address, AppId, CreatedAt, Openid, OrgId, PhoneIndex};
        let index = self.tools.vault.phone_index(&owner.phone);
        let since = self.now().minus(limit.window);
        let rows = verification_code::Entity::find().filter(CreatedAt.gt(since.0));
        let rows = match limit.counted {
            // Codes without an app are an organization's: what one of them has had sent does not stop another.
            Counted::PhoneInApp => rows
                .filter(PhoneIndex.eq(index))
                .filter(AppId.eq(owner.app.0))
                .filter(OrgId.eq(owner.organization.0)),
            Counted::Phone => rows.filter(PhoneIndex.eq(index)),
            Counted::Openid => rows.filter(Openid.eq(owner.openid.as_str())),
            Counted::OtherPhonesOfOpenid => {
                rows.filter(Openid.eq(owner.openid.as_str())).filter(PhoneIndex.ne(index))
            }
            Counted::Address => rows.filter(Address.eq(owner.network.key())),
            Counted::Organization => rows.filter(OrgId.eq(owner.organization.0)),
        };
        self.count(rows, limit.counted == Counted::OtherPhonesOfOpenid).await
    }

    async fn count(
        &self,
        rows: Select<verification_code::Entity>,
        phones: bool,
    ) -> Result<Usage, StoreError> {
        let number = if phones {
            Expr::col(verification_code::Column::PhoneIndex).count_distinct()
        } else {
            Expr::col(verification_code::Column::Id).count()
        };
        let counted: Option<(i64, Option<i64>)> = rows
            .select_only()
            .column_as(number, "number")
            .column_as(verification_code::Column::CreatedAt.min(), "oldest")
            .into_tuple()
            .one(&self.tx)
            .await?;
        let (number, oldest) = counted.unwrap_or_default();
        Ok(Usage { count: u32::try_from(number).unwrap_or(u32::MAX), oldest: oldest.map(Millis) })
    }

    /// Writes a new code and kills the ones before it.
    ///
    /// # Errors
    /// The database refused.
    pub async fn create_code(
        &self,
        id: CodeId,
        owner: &CodeOwner,
        mac: &str,
        expires_at: Millis,
    ) -> Result<(), StoreError> {
        use verification_code::Column::{AppId, KilledAt, Openid, OrgId, PhoneIndex};
        let index = self.tools.vault.phone_index(&owner.phone);
        verification_code::Entity::update_many()
            .col_expr(KilledAt, Expr::value(self.now().0))
            .filter(AppId.eq(owner.app.0))
            .filter(OrgId.eq(owner.organization.0))
            .filter(KilledAt.is_null())
            .filter(PhoneIndex.eq(index.as_str()).or(Openid.eq(owner.openid.as_str())))
            .exec(&self.tx)
            .await?;
        let place = Place { table: TABLE, column: "phone", row: &id, organization: owner.organization };
        let row = verification_code::ActiveModel {
            id: Set(id.0),
            org_id: Set(owner.organization.0),
            app_id: Set(owner.app.0),
            visit_id: Set(owner.visit.0),
            openid: Set(owner.openid.clone()),
            phone_index: Set(index),
            phone: Set(self.tools.vault.seal(&place, owner.phone.as_str(), &*self.tools.entropy)?),
            code_mac: Set(mac.into()),
            tries: Set(0),
            used_at: Set(None),
            killed_at: Set(None),
            address: Set(owner.network.key()),
            created_at: Set(self.now().0),
            expires_at: Set(expires_at.0),
        };
        verification_code::Entity::insert(row).exec_without_returning(&self.tx).await?;
        Ok(())
    }

    /// Kills a code that certainly was not sent; it still counts, so that a gateway cannot be hit without end.
    ///
    /// # Errors
    /// The database refused.
    pub async fn kill_code(&self, id: CodeId) -> Result<(), StoreError> {
        verification_code::Entity::update_many()
            .col_expr(verification_code::Column::KilledAt, Expr::value(self.now().0))
            .filter(verification_code::Column::Id.eq(id.0))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Counts a guess first, then gives the code to compare with; none when there is no live code or its guesses are
    /// used up.
    ///
    /// # Errors
    /// The database refused.
    pub async fn count_guess(&self, owner: &CodeOwner, guesses: u32) -> Result<Option<LiveCode>, StoreError> {
        use verification_code::Column::{ExpiresAt, Id, KilledAt, Tries, UsedAt};
        let now = self.now().0;
        let row = self.newest_code(owner).await?;
        let Some(row) = row else { return Ok(None) };
        let counted = verification_code::Entity::update_many()
            .col_expr(Tries, Expr::col(Tries).add(1))
            .filter(Id.eq(row.id))
            .filter(Tries.lt(i32::try_from(guesses).unwrap_or(i32::MAX)))
            .filter(UsedAt.is_null())
            .filter(KilledAt.is_null())
            .filter(ExpiresAt.gte(now))
            .exec(&self.tx)
            .await?;
        Ok((counted.rows_affected == 1).then_some(LiveCode { id: CodeId(row.id), mac: row.code_mac }))
    }

    /// The newest code of an owner, to compare without counting a guess: for answers that give no right to anything.
    ///
    /// # Errors
    /// The database is away.
    pub async fn peek_code(&self, owner: &CodeOwner) -> Result<Option<LiveCode>, StoreError> {
        Ok(self.newest_code(owner).await?.map(|row| LiveCode { id: CodeId(row.id), mac: row.code_mac }))
    }

    async fn newest_code(&self, owner: &CodeOwner) -> Result<Option<verification_code::Model>, StoreError> {
        use verification_code::Column::{AppId, CreatedAt, KilledAt, Openid, PhoneIndex, VisitId};
        Ok(verification_code::Entity::find()
            .filter(AppId.eq(owner.app.0))
            .filter(VisitId.eq(owner.visit.0))
            .filter(Openid.eq(owner.openid.as_str()))
            .filter(PhoneIndex.eq(self.tools.vault.phone_index(&owner.phone)))
            .filter(KilledAt.is_null())
            .order_by_desc(CreatedAt)
            .one(&self.tx)
            .await?)
    }

    /// Whose codes to this phone can still be guessed, the newest first; `network` is where the guess comes from.
    ///
    /// # Errors
    /// The database is away.
    pub async fn live_codes(
        &self,
        phone: &PhoneNumber,
        network: Network,
    ) -> Result<Vec<CodeOwner>, StoreError> {
        use verification_code::Column::{CreatedAt, ExpiresAt, KilledAt, PhoneIndex, UsedAt};
        let rows = verification_code::Entity::find()
            .filter(PhoneIndex.eq(self.tools.vault.phone_index(phone)))
            .filter(UsedAt.is_null())
            .filter(KilledAt.is_null())
            .filter(ExpiresAt.gte(self.now().0))
            .order_by_desc(CreatedAt)
            .all(&self.tx)
            .await?;
        let owner = |row: verification_code::Model| CodeOwner {
            organization: OrgId(row.org_id),
            app: AppId(row.app_id),
            visit: VisitId(row.visit_id),
            openid: row.openid,
            phone: phone.clone(),
            network,
        };
        Ok(rows.into_iter().map(owner).collect())
    }

    /// Takes back the guess that was counted for a right code which was not used up.
    ///
    /// # Errors
    /// The database refused.
    pub async fn return_guess(&self, id: CodeId) -> Result<(), StoreError> {
        use verification_code::Column::{Id, Tries, UsedAt};
        verification_code::Entity::update_many()
            .col_expr(Tries, Expr::col(Tries).sub(1))
            .filter(Id.eq(id.0))
            .filter(Tries.gt(0))
            .filter(UsedAt.is_null())
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Marks a code as used; false when it was used before.
    ///
    /// # Errors
    /// The database refused.
    pub async fn use_code(&self, id: CodeId) -> Result<bool, StoreError> {
        let done = verification_code::Entity::update_many()
            .col_expr(verification_code::Column::UsedAt, Expr::value(self.now().0))
            .filter(verification_code::Column::Id.eq(id.0))
            .filter(verification_code::Column::UsedAt.is_null())
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// The codes of this phone in this app, or of this organization's invitations, that were guessed wrongly since an instant: when each was made, and how
    /// often; the oldest first.
    ///
    /// # Errors
    /// The database is away.
    pub async fn wrong_guesses(
        &self,
        owner: &CodeOwner,
        since: Millis,
    ) -> Result<Vec<(Millis, u32)>, StoreError> {
        use verification_code::Column::{AppId, CreatedAt, OrgId, PhoneIndex, Tries, UsedAt};
        let rows: Vec<(i32, Option<i64>, i64)> = verification_code::Entity::find()
            .filter(PhoneIndex.eq(self.tools.vault.phone_index(&owner.phone)))
            .filter(AppId.eq(owner.app.0))
            .filter(OrgId.eq(owner.organization.0))
            .filter(CreatedAt.gt(since.0))
            .filter(Tries.gt(0))
            .order_by_asc(CreatedAt)
            .select_only()
            .columns([Tries, UsedAt, CreatedAt])
            .into_tuple()
            .all(&self.tx)
            .await?;
        let wrong = |(tries, used, made): (i32, Option<i64>, i64)| {
            (Millis(made), u32::try_from(tries - i32::from(used.is_some())).unwrap_or(0))
        };
        Ok(rows.into_iter().map(wrong).collect())
    }
}
