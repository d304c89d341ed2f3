//! Menfang's schema: one file per change, frozen once merged.
//! Not here: entities (they may move on while a migration stands still).
//! Called by `store` and by `menfang migrate`.

pub use sea_orm_migration::prelude::*;

mod m0001_organizations;
mod m0002_people;
mod m0003_sign_in;
mod m0004_news;
mod m0005_backends;
mod m0006_people;
mod m0007_apps;
mod m0008_seats_and_followers;
mod m0009_notifications;
mod m0010_ages;
mod m0011_secret_marks;
mod m0012_delivery_indexes;
mod m0013_change_steps;

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
            Box::new(m0005_backends::Migration),
            Box::new(m0006_people::Migration),
            Box::new(m0007_apps::Migration),
            Box::new(m0008_seats_and_followers::Migration),
            Box::new(m0009_notifications::Migration),
            Box::new(m0010_ages::Migration),
            Box::new(m0011_secret_marks::Migration),
            Box::new(m0012_delivery_indexes::Migration),
            Box::new(m0013_change_steps::Migration),
        ]
    }
}
