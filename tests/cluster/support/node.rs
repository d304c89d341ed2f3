//! A `menfang serve` in a process of its own.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Mutex;
use std::time::Duration;

use super::program::{Program, command};
use super::{Door, eventually};

/// How long a node may take to start.
const START: Duration = Duration::from_secs(60);

/// A server, running or not.
pub(crate) struct Node {
    /// The way to it and no other.
    pub(crate) door: Door,
    ops: String,
    environment: Vec<(String, String)>,
    log: PathBuf,
    http: reqwest::Client,
    program: Mutex<Option<Program>>,
}

impl Node {
    pub(crate) fn new(
        door: Door,
        environment: &[(String, String)],
        log: PathBuf,
        http: &reqwest::Client,
    ) -> Self {
        let ops = format!("127.0.0.1:{}", super::free_port());
        let mut environment = environment.to_vec();
        environment.push(("MENFANG__HTTP__LISTEN".into(), door.address.to_string()));
        environment.push(("MENFANG__OPS__LISTEN".into(), ops.clone()));
        let ops = format!("http://{ops}");
        Self { door, ops, environment, log, http: http.clone(), program: Mutex::default() }
    }

    /// Starts it, and does not wait for it.
    pub(crate) fn start(&self) {
        let mut command = command(env!("CARGO_BIN_EXE_menfang"));
        command.arg("serve").env_clear().envs(self.environment.iter().cloned());
        *self.program.lock().unwrap() = Some(Program::start(&mut command, &self.log));
    }

    /// Waits until it says that it is ready.
    pub(crate) async fn is_ready(&self) {
        let ready = eventually(START, async || {
            let ended = self.program.lock().unwrap().as_mut().and_then(Program::ended);
            assert!(ended.is_none(), "a node ended: {ended:?}, see {}", self.log.display());
            self.http.get(format!("{}/readyz", self.ops)).send().await.ok()?.error_for_status().ok()
        });
        ready.await.unwrap_or_else(|| panic!("a node does not start, see {}", self.log.display()));
    }

    /// SIGKILL: it gets no word in.
    pub(crate) fn kill(&self) {
        self.program.lock().unwrap().take().unwrap().kill();
    }

    /// Sends it a signal, such as `STOP`.
    pub(crate) fn signal(&self, signal: &str) {
        self.program.lock().unwrap().as_ref().unwrap().signal(signal);
    }

    /// How it ended after a signal, if it does so in time.
    pub(crate) async fn ends(&self, within: Duration) -> Option<ExitStatus> {
        let mut program = self.program.lock().unwrap().take().unwrap();
        program.ends(within).await
    }

    /// Whether this stands in what it has said.
    pub(crate) fn has_said(&self, words: &str) -> bool {
        std::fs::read_to_string(&self.log).unwrap().contains(words)
    }

    /// How many messages it has been told to have sent, since its start.
    pub(crate) async fn sent(&self) -> u64 {
        self.metric("menfang_sends_total{outcome=\"sent\"}").await
    }

    /// One of the numbers that it shows; 0 while it has nothing to show.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let Ok(answer) = self.http.get(format!("{}/metrics", self.ops)).send().await else { return 0 };
        let text = answer.text().await.unwrap_or_default();
        let number = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        number.unwrap_or_default()
    }
}
