//! Menfang's schema: one file per change, frozen once merged.
//! Not here: entities (they may move on while a migration stands still).
//! Called by `store` and by `menfang migrate`.

pub use sea_orm_migration::prelude::*;

mod m0001_organizations;
mod m0002_people;
mod m0003_sign_in;
mod m0004_news;

/// All changes of the schema, in their order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_organizations::Migration),
            Box::new(m0002_people::Migration),
            Box::new(m0003_sign_in::Migration),
            Box::new(m0004_news::Migration),
        ]
    }
}
