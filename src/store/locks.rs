//! Rows that are held while something is counted or walked that one UPDATE cannot decide.

use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Value};

use entities::limit_lock;

use crate::domain::ids::OrgId;

use super::error::StoreError;
use super::unit::Unit;

/// `column = value` for rows that are found by another column, put so that no index answers it; for columns that are never null.
///
/// MySQL looks for the row of an UPDATE by whichever index seems as cheap, and passes a row by that another unit moves within that
/// index meanwhile; SQLite, which counts no rows, may go through all of an account to find those of one person.
pub(super) fn by_key_only<C: ColumnTrait>(column: C, value: impl Into<Value>) -> Expr {
    let value = value.into();
    Expr::from(Func::coalesce([Expr::col(column.as_column_ref()), Expr::value(value.clone())])).eq(value)
}

impl Unit {
    /// Holds the rows of these names until the unit ends, always in the same order, so that no two units wait for each
    /// other; whoever wants one of them waits. Names say who somebody is (an openid, an address), so the rows have keyed
    /// hashes of them.
    ///
    /// # Errors
    /// The database refused.
    pub(crate) async fn hold(&self, names: Vec<String>) -> Result<(), StoreError> {
        let mut names: Vec<_> = names.iter().map(|name| self.tools.vault.lock_name(name)).collect();
        names.sort();
        for name in names {
            let row =
                limit_lock::ActiveModel { name: Set(name), org_id: Set(None), taken: Set(self.now().0) };
            let again = OnConflict::column(limit_lock::Column::Name)
                .update_column(limit_lock::Column::Taken)
                .to_owned();
            limit_lock::Entity::insert(row).on_conflict(again).exec_without_returning(&self.tx).await?;
        }
        Ok(())
    }

    /// Holds who is above whom in an organization, so that no two changes make a circle together.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hold_hierarchy(&self, organization: OrgId) -> Result<(), StoreError> {
        self.hold(vec![format!("hierarchy:{organization}")]).await
    }
}
