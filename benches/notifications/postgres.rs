//! PostgreSQL for the lines that need it: a server of the bench's own in a temporary folder, as it is by default, which ends with
//! the bench.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use sea_orm::{ConnectionTrait, Database};

/// Where distributions keep its programs.
const PLACES: &str = "/usr/lib/postgresql";
/// How often it is looked whether it answers, and how many times.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS: usize = 300;

/// A server that is running.
pub(crate) struct Postgres {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Postgres {
    /// Starts one.
    ///
    /// # Errors
    /// It is not installed, or does not start.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let (folder, programs) = (tempfile::tempdir()?, programs());
        let data = folder.path().join("data");
        std::fs::create_dir(&data)?;
        let owner = owner(folder.path())?;
        if let Some((user, group)) = owner {
            chown(folder.path(), Some(user), Some(group))?;
            chown(&data, Some(user), Some(group))?;
        }
        let command = |name: &str| {
            let mut command = Command::new(programs.join(name));
            if let Some((user, group)) = owner {
                command.uid(user).gid(group);
            }
            command.current_dir(&data).arg("-D").arg(&data).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let made =
            command("initdb").args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"]).status();
        anyhow::ensure!(made.context("PostgreSQL is not installed")?.success(), "initdb failed");
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = command("postgres")
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-k"])
            .arg(&data)
            .spawn()?;
        let server = Self { process, port, _folder: folder };
        for _ in 0..LOOKS {
            if Database::connect(server.url("postgres")).await.is_ok() {
                return Ok(server);
            }
            tokio::time::sleep(LOOK).await;
        }
        anyhow::bail!("PostgreSQL does not start")
    }

    /// Makes a database; gives its address.
    pub(crate) async fn database(&self, name: &str) -> anyhow::Result<String> {
        let all = Database::connect(self.url("postgres")).await?;
        all.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
        all.close().await?;
        Ok(self.url(name))
    }

    fn url(&self, name: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // At once, with its children: nothing in it is needed any more.
        let quit = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        if quit.is_ok() {
            drop(self.process.wait());
        }
    }
}

/// Where the programs are: in the path, unless a distribution hides them.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir(PLACES).into_iter().flatten().flatten();
    let newest = versions.map(|version| version.path().join("bin")).max();
    newest.unwrap_or_default()
}

/// It refuses to run as root, and is run as its own user then.
fn owner(folder: &Path) -> anyhow::Result<Option<(u32, u32)>> {
    if std::fs::metadata(folder)?.uid() != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    let line =
        users.lines().find(|line| line.starts_with("postgres:")).context("there is no user postgres")?;
    let mut ids = line.split(':').skip(2).map(str::parse::<u32>);
    match (ids.next(), ids.next()) {
        (Some(Ok(user)), Some(Ok(group))) => Ok(Some((user, group))),
        _ => anyhow::bail!("the user postgres has no number"),
    }
}
