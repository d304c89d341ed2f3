//! The schema goes up, down and up again, and is the same after it.

use menfang::store::vault::Vault;

use crate::support::OwnDatabase;

async fn schema(database: &OwnDatabase) -> Vec<String> {
    let rows = database.rows().await;
    let schema = rows.schema().await;
    rows.close().await;
    schema
}

#[actix_web::test]
async fn the_schema_goes_up_down_and_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let database = OwnDatabase::create_bare(folder.path(), "menfang.db").await;
    let store = database.open(Vault::new(&[("test".into(), [1; 32])], [2; 32])).await;
    store.migrate_up().await.unwrap();
    let all = store.schema_status().await.unwrap();
    assert!(!all.is_empty() && all.iter().all(|change| change.applied));
    let first = schema(&database).await;
    assert!(!first.is_empty());

    for left in (0..all.len()).rev() {
        store.migrate_down(1).await.unwrap();
        let status = store.schema_status().await.unwrap();
        assert_eq!(status.iter().filter(|change| change.applied).count(), left);
    }
    assert_eq!(schema(&database).await, Vec::<String>::new());

    store.migrate_up().await.unwrap();
    assert_eq!(schema(&database).await, first);
}

#[actix_web::test]
async fn nodes_that_start_at_once_bring_the_schema_up_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let database = OwnDatabase::create_bare(folder.path(), "menfang.db").await;
    let vault = || Vault::new(&[("test".into(), [1; 32])], [2; 32]);
    let store = database.open(vault()).await;
    if store.is_for_one_process() {
        // Nobody else can have it open.
        return store.migrate_up().await.unwrap();
    }
    let other = database.open(vault()).await;
    let (one, two) = tokio::join!(store.migrate_up(), other.migrate_up());
    one.unwrap();
    two.unwrap();
    assert!(store.schema_status().await.unwrap().iter().all(|change| change.applied));
}
