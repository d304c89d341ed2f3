//! Sealing anew with the key that seals now, so that an old key can be dropped.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use entities::{account, affiliation, external_user, idempotency_key, service_account, verification_code};

use crate::domain::affiliation::{AffiliationId, Belonging};
use crate::domain::ids::{AccountId, CodeId, OrgId, ServiceAccountId, UserId};

use super::accounts;
use super::affiliations;
use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::idempotency;
use super::unit::Unit;
use super::vault::Place;

/// Rows sealed anew in one unit.
const PAGE: u64 = 200;

/// Seals a column of a table anew, a page in a unit, so that no unit holds the writer for long.
macro_rules! reseal {
    ($store:expr, $table:ident.$column:ident, |$unit:ident, $row:ident| $resealed:expr) => {{
        let (mut resealed, mut after) = (0, Uuid::nil());
        loop {
            let rows = $table::Entity::find()
                .filter($table::Column::Id.gt(after))
                .order_by_asc($table::Column::Id)
                .limit(PAGE)
                .all(&$store.readers)
                .await?;
            let Some(last) = rows.last() else { break resealed };
            after = last.id;
            let $unit = $store.begin().await?;
            for $row in rows {
                if let Some(Resealed { before, after }) = $resealed {
                    let update = $table::Entity::update_many()
                        .col_expr($table::Column::$column, Expr::value(after))
                        .filter($table::Column::Id.eq($row.id))
                        // One that was changed since it was read is sealed by the first key already.
                        .filter($table::Column::$column.eq(before));
                    resealed += update.exec(&$unit.tx).await?.rows_affected;
                }
            }
            $unit.commit().await?;
        }
    }};
}

/// A sealed value, and the same under the key that seals now.
struct Resealed {
    before: String,
    after: String,
}

impl Store {
    /// Seals every row anew that an older key sealed; gives how many values that were. It may be cut off and begun again.
    ///
    /// # Errors
    /// A value does not open with any key, or the database refused.
    pub async fn reseal(&self) -> Result<u64, StoreError> {
        Ok(self.reseal_service_accounts().await?
            + self.reseal_phones().await?
            + self.reseal_answers().await?)
    }

    async fn reseal_phones(&self) -> Result<u64, StoreError> {
        let mut resealed = reseal!(self, external_user.Phone, |unit, row| {
            let (id, organization) = (UserId(row.id), OrgId(row.org_id));
            let place = Place { table: "external_users", column: "phone", row: &id, organization };
            unit.resealed(&place, &row.phone)?
        });
        resealed += reseal!(self, verification_code.Phone, |unit, row| {
            let (id, organization) = (CodeId(row.id), OrgId(row.org_id));
            let place = Place { table: "verification_codes", column: "phone", row: &id, organization };
            unit.resealed(&place, &row.phone)?
        });
        resealed += reseal!(self, account.Phone, |unit, row| {
            unit.resealed(&accounts::place(&AccountId(row.id)), &row.phone)?
        });
        resealed += reseal!(self, affiliation.Phone, |unit, row| {
            let belonging = Belonging::from_name(&row.kind)
                .ok_or_else(|| inconsistent(affiliations::TABLE, "kind", row.id))?;
            let (id, organization) = (AffiliationId::of_row(belonging, row.id), OrgId(row.org_id));
            let place = Place { table: affiliations::TABLE, column: "phone", row: &id, organization };
            unit.resealed(&place, &row.phone)?
        });
        Ok(resealed)
    }

    async fn reseal_answers(&self) -> Result<u64, StoreError> {
        Ok(reseal!(self, idempotency_key.Answer, |unit, row| {
            match &row.answer {
                Some(answer) => {
                    unit.resealed(&idempotency::place(&row.id.simple(), OrgId(row.org_id)), answer)?
                }
                None => None,
            }
        }))
    }

    async fn reseal_service_accounts(&self) -> Result<u64, StoreError> {
        use service_account::Column::{EncodingAesKey, PreviousEncodingAesKey, Secret, Token};
        let unit = self.begin().await?;
        let mut resealed = 0;
        for row in service_account::Entity::find().all(&unit.tx).await? {
            let (id, organization) = (ServiceAccountId(row.id), OrgId(row.org_id));
            let sealed = [
                (Secret, "secret", Some(row.secret)),
                (Token, "token", Some(row.token)),
                (EncodingAesKey, "encoding_aes_key", Some(row.encoding_aes_key)),
                (PreviousEncodingAesKey, "previous_encoding_aes_key", row.previous_encoding_aes_key),
            ];
            for (column, name, value) in sealed {
                let place = Place { table: "service_accounts", column: name, row: &id, organization };
                let Some(value) = value else { continue };
                if let Some(Resealed { before, after }) = unit.resealed(&place, &value)? {
                    let update = service_account::Entity::update_many()
                        .col_expr(column, Expr::value(after))
                        .filter(service_account::Column::Id.eq(row.id))
                        .filter(column.eq(before));
                    resealed += update.exec(&unit.tx).await?.rows_affected;
                }
            }
        }
        unit.commit().await?;
        Ok(resealed)
    }
}

impl Unit {
    /// The value under the key that seals now; none when it is already.
    fn resealed<I: std::fmt::Display>(
        &self,
        place: &Place<'_, I>,
        sealed: &str,
    ) -> Result<Option<Resealed>, StoreError> {
        let vault = &self.tools.vault;
        if vault.is_current(sealed) {
            return Ok(None);
        }
        let clear = vault.open(place, sealed)?;
        let after = vault.seal(place, &clear, &*self.tools.entropy)?;
        Ok(Some(Resealed { before: sealed.to_owned(), after }))
    }
}
