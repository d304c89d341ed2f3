//! Bringing the schema up and down, and telling where it stands.

use migration::{Migrator, MigratorTrait};

use super::connect::Store;
use super::error::StoreError;

/// One change of the schema.
#[derive(Clone, Debug)]
pub struct SchemaChange {
    /// Its name.
    pub name: String,
    /// Whether it is in the database.
    pub applied: bool,
}

impl Store {
    /// Applies every change that is missing.
    ///
    /// # Errors
    /// The database refused, or is ahead of this version.
    pub async fn migrate_up(&self) -> Result<(), StoreError> {
        Ok(Migrator::up(&self.writer, None).await?)
    }

    /// Takes the last change back.
    ///
    /// # Errors
    /// The database refused.
    pub async fn migrate_down(&self, steps: u32) -> Result<(), StoreError> {
        Ok(Migrator::down(&self.writer, Some(steps)).await?)
    }

    /// Every change this version knows, and whether it is applied.
    ///
    /// # Errors
    /// The database is away.
    pub async fn schema_status(&self) -> Result<Vec<SchemaChange>, StoreError> {
        let pending = Migrator::get_pending_migrations_read_only(&self.readers).await?;
        let pending: Vec<String> = pending.iter().map(|migration| migration.name().to_owned()).collect();
        let known = Migrator::migrations();
        Ok(known
            .iter()
            .map(|migration| SchemaChange {
                name: migration.name().to_owned(),
                applied: !pending.contains(&migration.name().to_owned()),
            })
            .collect())
    }
}
