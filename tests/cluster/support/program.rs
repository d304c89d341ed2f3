//! A program in a process of its own, which can be killed, frozen and asked to end.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::eventually;

/// A command that ends with this process, however that ends.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// It is killed when it is dropped.
pub(crate) struct Program(Child);

impl Program {
    /// Starts it; what it says is added to a file.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        let log = File::options().create(true).append(true).open(log).unwrap();
        let command = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Sends it a signal, such as `STOP`.
    pub(crate) fn signal(&self, signal: &str) {
        tell(&[self.0.id()], signal);
    }

    /// SIGKILL: it gets no word in.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }

    /// How it ended, if it does so in time.
    pub(crate) async fn ends(&mut self, within: Duration) -> Option<ExitStatus> {
        eventually(within, async || self.ended()).await
    }

    /// Sends a signal to it, and to the processes that it has started itself.
    pub(crate) fn signal_all(&self, signal: &str) {
        let id = self.0.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        let children = children.split_ascii_whitespace().map(|id| id.parse().unwrap());
        tell(&std::iter::once(id).chain(children).collect::<Vec<u32>>(), signal);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.ended().is_none() {
            self.kill();
        }
    }
}

/// Processes that are gone meanwhile hear nothing.
fn tell(ids: &[u32], signal: &str) {
    for id in ids {
        drop(Command::new("sh").args(["-c", &format!("kill -{signal} {id}")]).stderr(Stdio::null()).status());
    }
}
