//! A `menfang serve` in a process of its own.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Mutex;
use std::time::Duration;

use super::program::{Program, command};
use super::set_up::Environment;
use super::{Door, eventually};

/// How long a node may take to start.
const START: Duration = Duration::from_mins(1);

/// How long it may take to show its numbers.
const ANSWER: Duration = Duration::from_millis(500);

/// A server, running or not.
pub(crate) struct Node {
    /// The way to it and no other.
    pub(crate) door: Door,
    ops: String,
    environment: Environment,
    log: PathBuf,
    http: reqwest::Client,
    program: Mutex<Option<Program>>,
}

impl Node {
    pub(crate) fn new(
        door: Door,
        mut environment: Environment,
        log: PathBuf,
        http: &reqwest::Client,
    ) -> Self {
        let ops = format!("127.0.0.1:{}", super::free_port());
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

    /// How many messages it has sent since its start; none where it does not say.
    pub(crate) async fn sent(&self) -> Option<u64> {
        self.metric("menfang_sends_total{outcome=\"sent\"}").await
    }

    /// One of the numbers that it shows: 0 while there is nothing to show, none where it does not answer.
    pub(crate) async fn metric(&self, name: &str) -> Option<u64> {
        let request = self.http.get(format!("{}/metrics", self.ops)).timeout(ANSWER);
        let text = request.send().await.ok()?.text().await.ok()?;
        let number = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        Some(number.unwrap_or_default())
    }
}

/// What gives a process a clock that is off, while time passes for it as for everybody.
pub(crate) fn off_by(clock: &str) -> Environment {
    if clock.is_empty() {
        return Environment::new();
    }
    let places = std::fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let library = places.map(|place| place.join("faketime/libfaketimeMT.so.1")).find(|path| path.exists());
    let library = library.expect("faketime is not installed").display().to_string();
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![set("LD_PRELOAD", &library), set("FAKETIME", clock), set("FAKETIME_DONT_FAKE_MONOTONIC", "1")]
}
