//! A store of a test's own, and rows in it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use menfang::domain::network::Network;
use menfang::domain::qr_ticket::{Computer, DeviceMark};
use menfang::domain::user_agent::{Browser, System};
use menfang::server::world::{OsEntropy, SystemClock};
use menfang::store::vault::Vault;
use menfang::store::{Database, Store};
use sea_orm::DatabaseConnection;

fn url(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("menfang.db").display())
}

/// A new database in a folder.
pub(crate) async fn store(folder: &Path) -> Store {
    let five_seconds = Duration::from_secs(5);
    let database = Database {
        url: url(folder),
        readers: 1,
        acquire: five_seconds,
        connections: 4,
        background_connections: 2,
        answer: five_seconds,
        transaction: five_seconds,
        behind: five_seconds,
        beside: false,
    };
    let vault = Vault::new(&[("test".into(), [1; 32])], [2; 32]);
    let store = Store::open(&database, vault, Arc::new(SystemClock), Arc::new(OsEntropy)).await.unwrap();
    store.migrate_up().await.unwrap();
    store
}

/// Its rows, past the store.
pub(crate) async fn rows(folder: &Path) -> DatabaseConnection {
    sea_orm::Database::connect(url(folder)).await.unwrap()
}

/// Some computer.
pub(crate) fn computer() -> Computer {
    Computer {
        browser: Browser::Edge,
        system: System::Windows,
        network: Network::Unknown,
        device: DeviceMark([1; 14]),
    }
}
