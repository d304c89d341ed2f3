//! Telling the rows that an insert added from those that were there: MySQL counts both.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, QueryFilter, TryInsertResult,
};
use uuid::Uuid;

use super::error::StoreError;
use super::unit::Unit;

impl Unit {
    /// How many rows an insert that leaves out what is there has added, of those with these ids, which were made for it.
    ///
    /// # Errors
    /// The database is away.
    pub(super) async fn added<E: EntityTrait<Model: Sync>>(
        &self,
        counted: TryInsertResult<u64>,
        (id, ids): (E::Column, Vec<Uuid>),
    ) -> Result<u64, StoreError> {
        match counted {
            // What was there keeps its own id, so that an id of ours says that its row is new.
            TryInsertResult::Inserted(_) if self.tx.get_database_backend() == DbBackend::MySql => {
                Ok(E::find().filter(id.is_in(ids)).count(&self.tx).await?)
            }
            TryInsertResult::Inserted(many) => Ok(many),
            TryInsertResult::Conflicted | TryInsertResult::Empty => Ok(0),
        }
    }
}
