//! A program in a process of its own, on one core; it ends with the bench, however that ends.

use std::ffi::OsStr;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// How long a program may take to start.
const START: Duration = Duration::from_secs(30);

/// A command that runs on this core, and that ends with this process.
pub(crate) fn command(core: usize, program: impl AsRef<OsStr>) -> Command {
    command_on(&core.to_string(), program)
}

/// The same on several cores, such as `0,1`.
pub(crate) fn command_on(cores: &str, program: impl AsRef<OsStr>) -> Command {
    command_told("KILL", cores, program)
}

/// The same for a program that has processes of its own, which it ends when it gets this signal.
pub(crate) fn command_told(signal: &str, cores: &str, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", signal, "--", "taskset", "-c", cores]).arg(program);
    command
}

/// A program that runs; it is ended when it is dropped.
pub(crate) struct Program {
    child: Child,
    log: PathBuf,
    end: &'static str,
}

impl Program {
    /// Starts it; what it says goes into a file.
    pub(crate) fn start(command: &mut Command, log: &Path) -> anyhow::Result<Self> {
        let file = File::options().create(true).append(true).open(log)?;
        let command = command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().with_context(|| format!("{command:?}"))?;
        Ok(Self { child, log: log.to_owned(), end: "KILL" })
    }

    /// It is ended by this signal.
    pub(crate) fn ends_by(mut self, signal: &'static str) -> Self {
        self.end = signal;
        self
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until something is so; an error when it ends before.
    pub(crate) async fn until(&mut self, mut so: impl AsyncFnMut() -> bool) -> anyhow::Result<()> {
        let late = Instant::now() + START;
        loop {
            if so().await {
                return Ok(());
            }
            let ended = self.child.try_wait()?;
            if ended.is_some() || Instant::now() > late {
                let said = std::fs::read_to_string(&self.log).unwrap_or_default();
                let last: Vec<&str> = said.lines().rev().take(5).collect();
                anyhow::bail!("a program did not start ({ended:?}): {last:#?}");
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Waits until it takes connections here.
    pub(crate) async fn accepts(&mut self, address: SocketAddr) -> anyhow::Result<()> {
        self.until(async || tokio::net::TcpStream::connect(address).await.is_ok()).await
    }
}

/// The process that another one has started, if it has.
pub(crate) fn first_child(process: u32) -> Option<u32> {
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).ok()?;
    children.split_ascii_whitespace().next()?.parse().ok()
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.end != "KILL" {
            let told = format!("kill -{} {}", self.end, self.id());
            drop(Command::new("sh").args(["-c", &told]).stderr(Stdio::null()).status());
        }
        // Whoever has ended already is not there to be ended.
        if self.end == "KILL" {
            drop(self.child.kill());
        }
        drop(self.child.wait());
    }
}

/// An address that nobody listens on, and that no outgoing connection of this machine gets.
pub(crate) fn free_address() -> SocketAddr {
    const FIRST: u16 = 11_000;
    const MANY: u16 = 20_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let random = menfang::domain::clock::random_below(&menfang::server::world::OsEntropy, MANY.into());
    let start = u16::try_from(random).unwrap_or_default();
    loop {
        let port = FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % MANY;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return (Ipv4Addr::LOCALHOST, port).into();
        }
    }
}
