//! The schema goes up, down and up again, and is the same after it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use menfang::server::world::{OsEntropy, SystemClock};
use menfang::store::vault::Vault;
use menfang::store::{Database, Store};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

async fn open(file: &Path) -> Store {
    let database = Database {
        url: format!("sqlite://{}", file.display()),
        readers: 1,
        acquire: Duration::from_secs(5),
        transaction: Duration::from_secs(5),
        beside: false,
    };
    let vault = Vault::new(&[("test".into(), [1; 32])], [2; 32]);
    Store::open(&database, vault, Arc::new(SystemClock), Arc::new(OsEntropy)).await.unwrap()
}

/// What the schema says of itself, without the table of the migrations.
async fn schema(file: &Path) -> Vec<String> {
    let db = sea_orm::Database::connect(format!("sqlite://{}?mode=ro", file.display())).await.unwrap();
    let sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'seaql%' \
               AND name NOT LIKE 'sqlite_%' ORDER BY type, name";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap();
    let schema = rows.iter().map(|row| row.try_get("", "sql").unwrap()).collect();
    db.close().await.unwrap();
    schema
}

#[actix_web::test]
async fn the_schema_goes_up_down_and_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("menfang.db");
    let store = open(&file).await;
    store.migrate_up().await.unwrap();
    let all = store.schema_status().await.unwrap();
    assert!(!all.is_empty() && all.iter().all(|change| change.applied));
    let first = schema(&file).await;
    assert!(!first.is_empty());

    for left in (0..all.len()).rev() {
        store.migrate_down(1).await.unwrap();
        let status = store.schema_status().await.unwrap();
        assert_eq!(status.iter().filter(|change| change.applied).count(), left);
    }
    assert_eq!(schema(&file).await, Vec::<String>::new());

    store.migrate_up().await.unwrap();
    assert_eq!(schema(&file).await, first);
}
