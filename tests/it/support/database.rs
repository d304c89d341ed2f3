//! A database of a test's own: a file, or one of a server that `MENFANG_TEST_DATABASE` names.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use menfang::domain::ids::new_uuid;
use menfang::server::world::{OsEntropy, SystemClock};
use menfang::store::vault::Vault;
use menfang::store::{Database, Store};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryResult, Statement};
use tokio::sync::OnceCell;

/// A schema that is copied for each test, which is faster than to make it each time: how to begin an empty database.
static TEMPLATE: OnceCell<Template> = OnceCell::const_new();

enum Template {
    /// PostgreSQL copies a database of this name.
    Named(String),
    /// MySQL has nothing to copy one with: every table in one statement.
    Tables(String),
}

/// An empty database that nobody else has.
pub(crate) struct OwnDatabase {
    /// As the configuration has it.
    pub(crate) url: String,
}

impl OwnDatabase {
    /// Makes one; a file of that name in the folder, if no server is named.
    pub(crate) async fn create(folder: &Path, file: &str) -> Self {
        let Some(server) = server() else {
            return Self { url: format!("sqlite://{}", folder.join(file).display()) };
        };
        let name = fresh_name("menfang");
        let url = beside(&server, &name);
        let db = sea_orm::Database::connect(&server).await.unwrap();
        match TEMPLATE.get_or_init(|| template(&server)).await {
            Template::Named(template) => {
                let copy = format!("CREATE DATABASE {name} TEMPLATE {template}");
                db.execute_unprepared(&copy).await.unwrap();
            }
            Template::Tables(tables) => {
                let make = format!("CREATE DATABASE {name} COLLATE utf8mb4_bin; USE {name}; {tables}");
                db.execute_unprepared(&make).await.unwrap();
            }
        }
        db.close().await.unwrap();
        Self { url }
    }

    /// Makes one without a schema.
    pub(crate) async fn create_bare(folder: &Path, file: &str) -> Self {
        let Some(server) = server() else { return Self::create(folder, file).await };
        let name = fresh_name("menfang");
        let db = sea_orm::Database::connect(&server).await.unwrap();
        db.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        db.close().await.unwrap();
        Self { url: beside(&server, &name) }
    }

    /// How a store opens it.
    pub(crate) fn settings(&self) -> Database {
        Database {
            url: self.url.clone(),
            readers: 1,
            acquire: Duration::from_secs(5),
            connections: 4,
            background_connections: 2,
            answer: Duration::from_secs(5),
            transaction: Duration::from_secs(5),
            behind: Duration::from_secs(5),
            beside: false,
        }
    }

    /// Opens it with keys of the test's own.
    pub(crate) async fn open(&self, vault: Vault) -> Store {
        Store::open(&self.settings(), vault, Arc::new(SystemClock), Arc::new(OsEntropy)).await.unwrap()
    }

    /// Everything that stands in it.
    pub(crate) async fn bytes(&self) -> Vec<u8> {
        if let Some(file) = self.url.strip_prefix("sqlite://") {
            let folder = Path::new(file).parent().unwrap();
            let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            return files.flat_map(|file| std::fs::read(file).unwrap()).collect();
        }
        let rows = self.rows().await;
        let bytes = rows.bytes().await;
        rows.close().await;
        bytes
    }

    /// Rows as they stand there, past the server.
    pub(crate) async fn rows(&self) -> Rows {
        Rows(sea_orm::Database::connect(&self.url).await.unwrap())
    }
}

/// A name that no database has.
fn fresh_name(kind: &str) -> String {
    format!("{kind}_{}", new_uuid(&SystemClock, &OsEntropy).simple())
}

#[expect(
    clippy::disallowed_methods,
    reason = "which server the stories run on is said to the tests, not to the program"
)]
fn server() -> Option<String> {
    std::env::var("MENFANG_TEST_DATABASE").ok().filter(|url| !url.is_empty())
}

/// The URL of another database of the same server.
fn beside(server: &str, name: &str) -> String {
    let (place, _) = server.rsplit_once('/').unwrap();
    format!("{place}/{name}")
}

async fn template(server: &str) -> Template {
    let name = fresh_name("template");
    let db = sea_orm::Database::connect(server).await.unwrap();
    db.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    db.close().await.unwrap();
    let own = OwnDatabase { url: beside(server, &name) };
    let store = own.open(Vault::new(&[("test".into(), [1; 32])], [2; 32])).await;
    store.migrate_up().await.unwrap();
    store.close().await.unwrap();
    if server.starts_with("postgres") {
        return Template::Named(name);
    }
    let rows = own.rows().await;
    let mut script = String::new();
    for table in rows.tables().await {
        let made = rows.ask(&format!("SHOW CREATE TABLE `{table}`")).await;
        script += &made[0].try_get::<String>("", "Create Table").unwrap();
        script += "; ";
    }
    script += "INSERT INTO seaql_migrations SELECT * FROM ";
    script += &name;
    script += ".seaql_migrations";
    rows.close().await;
    Template::Tables(script)
}

/// A connection of the test's own to the rows; it ends with the value.
pub(crate) struct Rows(pub(crate) DatabaseConnection);

impl Rows {
    /// Does something, and says to how many rows.
    pub(crate) async fn write(&self, sql: &str) -> u64 {
        let backend = self.0.get_database_backend();
        self.0.execute_raw(Statement::from_string(backend, sql)).await.unwrap().rows_affected()
    }

    /// Asks for something.
    pub(crate) async fn ask(&self, sql: &str) -> Vec<QueryResult> {
        let backend = self.0.get_database_backend();
        self.0.query_all_raw(Statement::from_string(backend, sql)).await.unwrap()
    }

    /// Whether they stand in a PostgreSQL.
    pub(crate) fn is_postgres(&self) -> bool {
        self.0.get_database_backend() == DbBackend::Postgres
    }

    /// The names of all tables.
    pub(crate) async fn tables(&self) -> Vec<String> {
        let sql = match self.0.get_database_backend() {
            DbBackend::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
            DbBackend::MySql => {
                "SELECT table_name AS name FROM information_schema.tables \
                 WHERE table_schema = DATABASE() ORDER BY table_name"
            }
            _ => "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
        };
        self.ask(sql).await.iter().map(|row| row.try_get("", "name").unwrap()).collect()
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let quote = if self.0.get_database_backend() == DbBackend::MySql { '`' } else { '"' };
        let sql = format!("SELECT count(*) AS n FROM {quote}{table}{quote}");
        self.ask(&sql).await[0].try_get("", "n").unwrap()
    }

    /// The columns of a table of MySQL.
    async fn columns(&self, table: &str) -> Vec<String> {
        let sql = format!(
            "SELECT column_name AS name FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND table_name = '{table}'"
        );
        self.ask(&sql).await.iter().map(|row| row.try_get("", "name").unwrap()).collect()
    }

    /// Every column of every row.
    async fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for table in self.tables().await {
            let sql = match self.0.get_database_backend() {
                DbBackend::MySql => {
                    let columns = self.columns(&table).await;
                    let columns: Vec<String> = columns.iter().map(|name| format!("`{name}`")).collect();
                    format!("SELECT CONCAT_WS(' ', {}) AS line FROM `{table}`", columns.join(", "))
                }
                _ => format!("SELECT t.*::text AS line FROM \"{table}\" t"),
            };
            for row in self.ask(&sql).await {
                let line: Vec<u8> = row
                    .try_get::<String>("", "line")
                    .map_or_else(|_| row.try_get::<Vec<u8>>("", "line").unwrap(), String::into_bytes);
                bytes.extend(line);
            }
        }
        bytes
    }

    /// What the schema says of itself, without the table of the migrations: a line for each column and each index.
    pub(crate) async fn schema(&self) -> Vec<String> {
        let sql = match self.0.get_database_backend() {
            DbBackend::Sqlite => {
                "SELECT sql AS line FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'seaql%' \
                 AND name NOT LIKE 'sqlite_%' ORDER BY type, name"
            }
            DbBackend::MySql => {
                "SELECT CONCAT_WS(' ', table_name, column_name, column_type, is_nullable, collation_name) AS line \
                 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name NOT LIKE 'seaql%' \
                 UNION ALL SELECT CONCAT_WS(' ', table_name, index_name, seq_in_index, column_name, non_unique) \
                 FROM information_schema.statistics WHERE table_schema = DATABASE() \
                 AND table_name NOT LIKE 'seaql%' ORDER BY 1"
            }
            _ => {
                "SELECT concat_ws(' ', table_name, column_name, data_type, character_maximum_length, is_nullable) \
                 AS line FROM information_schema.columns WHERE table_schema = 'public' \
                 AND table_name NOT LIKE 'seaql%' \
                 UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
                 AND tablename NOT LIKE 'seaql%' ORDER BY 1"
            }
        };
        self.ask(sql).await.iter().map(|row| row.try_get("", "line").unwrap()).collect()
    }

    /// Has the database write down in which order these events of tables happen, each by its word.
    pub(crate) async fn watch(&self, events: &[(&str, &str)]) {
        let backend = self.0.get_database_backend();
        let number = match backend {
            DbBackend::Sqlite => "INTEGER PRIMARY KEY",
            DbBackend::MySql => "INTEGER PRIMARY KEY AUTO_INCREMENT",
            _ => "SERIAL PRIMARY KEY",
        };
        self.write(&format!("CREATE TABLE watched (n {number}, word VARCHAR(32))")).await;
        for (place, (event, word)) in events.iter().enumerate() {
            let note = format!("INSERT INTO watched (word) VALUES ('{word}')");
            self.trigger(&format!("watched_{place}"), event, &note).await;
        }
    }

    async fn trigger(&self, name: &str, event: &str, note: &str) {
        match self.0.get_database_backend() {
            DbBackend::Sqlite => {
                self.write(&format!("CREATE TRIGGER {name} AFTER {event} BEGIN {note}; END")).await;
            }
            DbBackend::MySql => {
                // It knows no columns of a trigger: a row that is held is one that is written as it is, and a column that is
                // set is one that differs.
                let (event, table) = event.split_once(" ON ").unwrap();
                let (verb, column) =
                    event.split_once(" OF ").map_or((event, None), |(verb, of)| (verb, Some(of)));
                let columns = match column {
                    None => Vec::new(),
                    Some("org_id") => self.columns(table).await,
                    Some(column) => vec![column.to_owned()],
                };
                let same: Vec<String> =
                    columns.iter().map(|column| format!("NEW.`{column}` <=> OLD.`{column}`")).collect();
                let when = match column {
                    None => "TRUE".to_owned(),
                    Some("org_id") => same.join(" AND "),
                    Some(_) => format!("NOT ({})", same.join(" AND ")),
                };
                let sql = format!(
                    "CREATE TRIGGER {name} AFTER {verb} ON {table} FOR EACH ROW \
                     BEGIN IF {when} THEN {note}; END IF; END"
                );
                self.0.execute_unprepared(&sql).await.unwrap();
            }
            _ => {
                let body = format!("BEGIN {note}; RETURN NULL; END");
                let make = format!(
                    "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$; \
                     CREATE TRIGGER {name} AFTER {event} FOR EACH ROW EXECUTE FUNCTION {name}()"
                );
                self.0.execute_unprepared(&make).await.unwrap();
            }
        }
    }

    pub(crate) async fn close(self) {
        self.0.close().await.unwrap();
    }
}
