//! A PostgreSQL of the bench's own, in a folder and on a free port.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use sea_orm::{ConnectionTrait, Database};

use super::cores::Cores;
use super::program::{Program, command_told, free_address};

/// A server, which stops with this value.
pub(crate) struct Postgres {
    /// Its address, up to the name of a database.
    url: String,
    _program: Program,
}

impl Postgres {
    /// Why there is none, if there is none.
    pub(crate) fn missing() -> Option<String> {
        programs().is_none().then(|| "PostgreSQL is not installed".into())
    }

    /// Makes and starts one in this folder, with these further settings.
    pub(crate) async fn start(folder: &Path, cores: Cores, settings: &[&str]) -> anyhow::Result<Self> {
        let (programs, data) = (programs().context("PostgreSQL is not installed")?, folder.join("postgres"));
        std::fs::create_dir(&data)?;
        let owner = owner()?;
        if let Some((user, group)) = owner {
            // It refuses to run as root, and has to get to its folder.
            chown(&data, Some(user), Some(group))?;
            for folder in folder.ancestors().take(2) {
                std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755))?;
            }
        }
        let run_as_owner = |command: &mut Command| {
            if let Some((user, group)) = owner {
                command.uid(user).gid(group);
            }
            command.current_dir(&data).arg("-D").arg(&data);
        };
        let mut init = Command::new(programs.join("initdb"));
        run_as_owner(&mut init);
        init.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]);
        let made = init.stdin(Stdio::null()).output()?;
        anyhow::ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let address = free_address();
        let mut serve =
            command_told("QUIT", &format!("{},{}", cores.measured, cores.load), programs.join("postgres"));
        run_as_owner(&mut serve);
        serve.args(["-p", &address.port().to_string(), "-c", "listen_addresses=127.0.0.1", "-k"]).arg(&data);
        serve.args(["-c", "max_connections=200"]);
        for setting in settings {
            serve.args(["-c", setting]);
        }
        let mut program = Program::start(&mut serve, &folder.join("postgres.log"))?.ends_by("QUIT");
        let url = format!("postgres://postgres@{address}");
        program.until(async || Database::connect(format!("{url}/postgres")).await.is_ok()).await?;
        Ok(Self { url, _program: program })
    }

    /// Makes a database, and gives its address.
    pub(crate) async fn database(&self, name: &str) -> anyhow::Result<String> {
        let all = Database::connect(format!("{}/postgres", self.url)).await?;
        all.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
        all.close().await?;
        Ok(format!("{}/{name}", self.url))
    }
}

/// Debian keeps its programs out of the PATH.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(Result::ok);
    let mut folders: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    folders.retain(|folder| folder.join("postgres").exists());
    folders.sort();
    folders.pop()
}

/// Whose it is, when this process is root's.
fn owner() -> anyhow::Result<Option<(u32, u32)>> {
    if std::fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let accounts = std::fs::read_to_string("/etc/passwd")?;
    let line = accounts.lines().find_map(|line| line.strip_prefix("postgres:"));
    let mut fields = line.context("there is no account for PostgreSQL")?.split(':').skip(1);
    let mut next =
        || -> anyhow::Result<u32> { Ok(fields.next().context("an account has numbers")?.parse()?) };
    Ok(Some((next()?, next()?)))
}
