//! Database servers of a story's own, in its folder and on a free port.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, QueryResult, Statement};

use super::program::{Program, command as program};
use super::{eventually, free_port};

/// How long a server may take to start.
const START: Duration = Duration::from_mins(1);

/// A server with one database.
pub(crate) struct DatabaseServer {
    /// As the configuration has it.
    pub(crate) url: String,
    command: Command,
    log: PathBuf,
    program: Option<Program>,
}

impl DatabaseServer {
    /// PostgreSQL: a database is made, the server is started.
    pub(crate) async fn postgres(folder: &Path) -> Self {
        let (data, log, programs) =
            (folder.join("postgres"), folder.join("postgres.log"), postgres_programs());
        std::fs::create_dir(&data).unwrap();
        let owner = is_root().then(|| account("postgres"));
        if let Some((user, group)) = owner {
            chown(&data, Some(user), Some(group)).unwrap();
        }
        // It refuses to run as root.
        let command = |name: &str| {
            let mut command = program(programs.join(name));
            if let Some((user, group)) = owner {
                command.uid(user).gid(group);
            }
            command.current_dir(&data).arg("-D").arg(&data);
            command
        };
        let mut make = command("initdb");
        done(make.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]));
        let port = free_port();
        let mut serve = command("postgres");
        serve.args(["-p", &port.to_string(), "-k"]).arg(&data);
        // What was committed outlives the death of the server, not that of the machine.
        for setting in
            ["fsync=off", "full_page_writes=off", "max_connections=200", "listen_addresses=127.0.0.1"]
        {
            serve.args(["-c", setting]);
        }
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        let mut server = Self { url, command: serve, log, program: None };
        server.start().await;
        server
    }

    /// MariaDB: a database is made, the server is started.
    pub(crate) async fn mariadb(folder: &Path) -> Self {
        let (data, log) = (folder.join("mariadb"), folder.join("mariadb.log"));
        let user = if is_root() { "root".to_owned() } else { said_by(Command::new("id").arg("-un")) };
        let command = |name: &str| {
            let mut command = program(name);
            command.arg("--no-defaults").arg(format!("--user={user}"));
            command.arg(format!("--datadir={}", data.display()));
            command
        };
        done(
            command("mariadb-install-db")
                .args(["--auth-root-authentication-method=normal", "--skip-test-db"]),
        );
        let port = free_port();
        let mut serve = command("mariadbd");
        serve.args(["--bind-address=127.0.0.1", "--max-connections=200", "--skip-log-bin"]);
        serve.args([
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-doublewrite=0",
            "--innodb-flush-method=nosync",
        ]);
        serve.arg(format!("--port={port}"));
        serve.arg(format!("--socket={}", folder.join("mariadb.sock").display()));
        serve.arg(format!("--pid-file={}", folder.join("mariadb.pid").display()));
        let place = format!("mysql://root@127.0.0.1:{port}");
        let mut server = Self { url: format!("{place}/mysql"), command: serve, log, program: None };
        server.start().await;
        server.rows().await.write("CREATE DATABASE menfang").await;
        server.url = format!("{place}/menfang");
        server
    }

    /// Starts it, and waits until it answers.
    pub(crate) async fn start(&mut self) {
        self.program = Some(Program::start(&mut self.command, &self.log));
        let url = self.url.clone();
        let answers = eventually(START, async || sea_orm::Database::connect(&url).await.ok()).await;
        answers.expect("the database does not start").close().await.unwrap();
    }

    /// Stops it as if its machine had died: connections break, nothing is finished.
    pub(crate) async fn stop_at_once(&mut self) {
        let mut program = self.program.take().unwrap();
        program.signal("QUIT");
        program.ends(START).await.expect("the database does not stop");
    }

    /// None of its processes does anything any more; its connections stay.
    pub(crate) fn freeze(&self) {
        let program = self.program.as_ref().unwrap();
        program.signal("STOP");
        program.signal_all("STOP");
    }

    /// They go on.
    pub(crate) fn thaw(&self) {
        self.program.as_ref().unwrap().signal_all("CONT");
    }

    /// A connection of the story's own.
    pub(crate) async fn rows(&self) -> Rows {
        Rows(sea_orm::Database::connect(&self.url).await.unwrap())
    }
}

impl Drop for DatabaseServer {
    fn drop(&mut self) {
        if let Some(program) = &self.program {
            // A frozen child of PostgreSQL would outlive its parent.
            program.signal_all("CONT");
            program.signal_all("QUIT");
        }
    }
}

/// Rows as they stand there, past the servers.
pub(crate) struct Rows(DatabaseConnection);

impl Rows {
    pub(crate) async fn ask(&self, sql: &str) -> Vec<QueryResult> {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        self.0.query_all_raw(statement).await.unwrap()
    }

    pub(crate) async fn write(&self, sql: &str) {
        self.0.execute_unprepared(sql).await.unwrap();
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Numbers of a user and its group.
fn account(name: &str) -> (u32, u32) {
    let known = std::fs::read_to_string("/etc/passwd").unwrap();
    let line = known.lines().find(|line| line.split(':').next() == Some(name));
    let fields: Vec<_> = line.unwrap_or_else(|| panic!("there is no user {name}")).split(':').collect();
    (fields[2].parse().unwrap(), fields[3].parse().unwrap())
}

/// Where Debian keeps what is not for everybody's path: the newest version.
fn postgres_programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is not installed");
    versions.map(|version| version.unwrap().path().join("bin")).max().expect("PostgreSQL is not installed")
}

fn done(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn said_by(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned()
}
