//! What is asked for, and what every section has to hand.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::measure::cores::Cores;
use crate::measure::sandbox::WeChat;
use crate::peers::Peer;

/// Measures Menfang beside references of the same run, and prints one table: medians over rounds in which all lines take turns.
/// Absolute numbers differ from machine to machine and from hour to hour; the ratios are what to compare.
#[derive(Parser, Clone, Debug)]
#[command(
    name = "make bench",
    after_help = "All of them take turns, round by round. Results are in target/bench: table.md, results.json and pictures."
)]
pub(crate) struct Arguments {
    /// Sections to measure; all of them when none is named
    #[arg(value_enum)]
    pub(crate) sections: Vec<Section>,
    /// How often each line is measured
    #[arg(long, env = "MENFANG_BENCH_ROUNDS", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: u32,
    /// Hundredths of the usual work
    #[arg(long, env = "MENFANG_BENCH_SCALE", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) scale: u32,
    /// Whether other programs are measured beside it: 0 leaves them out
    #[arg(long, env = "MENFANG_BENCH_PEERS", default_value_t = 1)]
    pub(crate) peers: u8,
    /// Whether the table is written into docs/performance.md: 1 writes it
    #[arg(long, env = "MENFANG_BENCH_WRITE", default_value_t = 0)]
    pub(crate) write: u8,
    /// Another build of Menfang to measure instead of this one
    #[arg(long, env = "MENFANG_BENCH_BINARY", value_name = "FILE", default_value = env!("CARGO_BIN_EXE_menfang"))]
    pub(crate) binary: PathBuf,
    /// The core of what is measured and that of the load; chosen, and said by the program to itself
    #[arg(long, hide = true)]
    pub(crate) cores: Option<String>,
    /// Be one of the small servers instead
    #[arg(long, hide = true, value_enum)]
    pub(crate) serve: Option<Peer>,
    /// Where that listens
    #[arg(long, hide = true)]
    pub(crate) listen: Option<SocketAddr>,
    /// Measure notifications when told
    #[arg(long, hide = true)]
    pub(crate) obey: bool,
    /// Cargo says this
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}

/// What can be measured.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// Browsers that wait: memory of each, processor time at rest, what opening them costs
    Waiting,
    /// From the confirmation on the phone to the screen, beside bare round trips, commits and other programs
    Push,
    /// Whole sign-ins on SQLite and on PostgreSQL, beside bare commits
    SignIn,
    /// Two servers on one PostgreSQL and one Redis: what it adds to come to another one
    Cluster,
    /// Orders taken, spread, sent and confirmed, beside `wechatpy` and bare rows
    Notifications,
    /// From start to ready, the size of the program, and what an idle server needs
    Start,
}

/// What every section has to hand.
pub(crate) struct Bench {
    pub(crate) cores: Cores,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) wechat: WeChat,
    pub(crate) arguments: Arguments,
    /// Sockets that one process can have.
    pub(crate) most_sockets: usize,
}

impl Bench {
    /// So much of the usual work.
    pub(crate) fn amount(&self, usual: usize) -> usize {
        (usual * self.arguments.scale as usize / 100).max(1)
    }

    /// So many sockets, or as many as there can be.
    pub(crate) fn sockets(&self, usual: usize) -> usize {
        self.amount(usual).min(self.most_sockets)
    }

    /// A folder of its own.
    pub(crate) fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.folder.path().join(name);
        std::fs::create_dir(&folder)?;
        Ok(folder)
    }
}

/// Says how far it is.
pub(crate) fn say(words: impl std::fmt::Display) {
    eprintln!("{words}");
}
