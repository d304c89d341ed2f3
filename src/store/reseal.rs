//! Sealing anew with the key that seals now, so that an old key can be dropped.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use entities::{external_user, service_account, verification_code};

use crate::domain::ids::{CodeId, OrgId, ServiceAccountId, UserId};

use super::connect::Store;
use super::error::StoreError;
use super::unit::Unit;
use super::vault::Place;

/// Rows sealed anew in one unit.
const PAGE: u64 = 200;

impl Store {
    /// Seals every row anew that an older key sealed; gives how many values that were. It may be cut off and begun again.
    ///
    /// # Errors
    /// A value does not open with any key, or the database refused.
    pub async fn reseal(&self) -> Result<u64, StoreError> {
        let mut resealed = self.reseal_service_accounts().await?;
        let mut after = Uuid::nil();
        loop {
            let rows = external_user::Entity::find()
                .filter(external_user::Column::Id.gt(after))
                .order_by_asc(external_user::Column::Id)
                .limit(PAGE)
                .all(&self.readers)
                .await?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            let unit = self.begin().await?;
            for row in rows {
                let (id, organization) = (UserId(row.id), OrgId(row.org_id));
                let place = Place { table: "external_users", column: "phone", row: &id, organization };
                if let Some(sealed) = unit.resealed(&place, &row.phone)? {
                    let update = external_user::Entity::update_many()
                        .col_expr(external_user::Column::Phone, Expr::value(sealed));
                    update.filter(external_user::Column::Id.eq(row.id)).exec(&unit.tx).await?;
                    resealed += 1;
                }
            }
            unit.commit().await?;
        }
        Ok(resealed + self.reseal_codes().await?)
    }

    async fn reseal_codes(&self) -> Result<u64, StoreError> {
        let unit = self.begin().await?;
        let mut resealed = 0;
        for row in verification_code::Entity::find().all(&unit.tx).await? {
            let (id, organization) = (CodeId(row.id), OrgId(row.org_id));
            let place = Place { table: "verification_codes", column: "phone", row: &id, organization };
            if let Some(sealed) = unit.resealed(&place, &row.phone)? {
                let update = verification_code::Entity::update_many()
                    .col_expr(verification_code::Column::Phone, Expr::value(sealed));
                update.filter(verification_code::Column::Id.eq(row.id)).exec(&unit.tx).await?;
                resealed += 1;
            }
        }
        unit.commit().await?;
        Ok(resealed)
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
                if let Some(value) = unit.resealed(&place, &value)? {
                    let update = service_account::Entity::update_many().col_expr(column, Expr::value(value));
                    update.filter(service_account::Column::Id.eq(row.id)).exec(&unit.tx).await?;
                    resealed += 1;
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
    ) -> Result<Option<String>, StoreError> {
        let vault = &self.tools.vault;
        if vault.is_current(sealed) {
            return Ok(None);
        }
        let clear = vault.open(place, sealed)?;
        vault.seal(place, &clear, &*self.tools.entropy).map(Some)
    }
}
