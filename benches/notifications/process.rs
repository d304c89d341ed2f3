//! The process in which notifications are measured: it is told `round`, and says what it has measured, as a line of JSON.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use anyhow::Context as _;

use crate::measure::cores::Cores;
use crate::measure::program::command_on;
use crate::report::Table;
use crate::run::{Arguments, Bench as Hand, say};

use super::lines::{Line, declare};
use super::{Amounts, Bench};

/// The process, which is ended with this value.
pub(crate) struct Notifications {
    child: Child,
    told: ChildStdin,
    says: Option<BufReader<ChildStdout>>,
}

impl Drop for Notifications {
    fn drop(&mut self) {
        // Whoever has ended already is not there to be ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Notifications {
    /// Starts it, and waits until followers are known to its servers.
    pub(crate) async fn set_up(bench: &Hand, table: &mut Table) -> anyhow::Result<Self> {
        declare(table, &Amounts::scaled(bench.arguments.scale as usize));
        let Cores { measured, load } = bench.cores;
        let cores = format!("{measured},{load}");
        let mut command = command_on(&cores, std::env::current_exe()?);
        command.args([
            "--obey",
            "--cores",
            &cores,
            "--scale",
            &bench.arguments.scale.to_string(),
            "--binary",
        ]);
        command.arg(&bench.arguments.binary).args(["--peers", &bench.arguments.peers.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let told = child.stdin.take().context("it has an input")?;
        let says = child.stdout.take().map(BufReader::new);
        let mut own = Self { child, told, says };
        let why = own.line().await?;
        if !why.trim().is_empty() {
            table.note(format!("wechatpy was not measured: {}", why.trim()));
        }
        Ok(own)
    }

    pub(crate) async fn round(&mut self, table: &mut Table) -> anyhow::Result<()> {
        say("  orders, sends, receipts");
        self.told.write_all(b"round\n")?;
        let numbers: BTreeMap<String, f64> = serde_json::from_str(&self.line().await?)?;
        for (key, number) in numbers {
            table.add(&key, number);
        }
        Ok(())
    }

    /// What it says next; nothing else stands still meanwhile.
    async fn line(&mut self) -> anyhow::Result<String> {
        let mut says = self.says.take().context("it says one thing after the other")?;
        let read = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            let many = says.read_line(&mut line);
            (says, line, many)
        });
        let (says, line, many) = read.await?;
        self.says = Some(says);
        anyhow::ensure!(many? > 0, "the process that measures notifications has ended");
        Ok(line)
    }
}

/// Is that process.
pub(crate) async fn obey(arguments: &Arguments, cores: Cores) -> anyhow::Result<()> {
    let amounts = Amounts::scaled(arguments.scale as usize);
    let mut bench = Box::pin(Bench::start(amounts, cores, arguments)).await?;
    let why = bench.python.as_ref().err().map(|error| format!("{error}").replace('\n', " "));
    writeln!(std::io::stdout(), "{}", why.unwrap_or_default())?;
    loop {
        let told = tokio::task::spawn_blocking(|| std::io::stdin().lines().next()).await?;
        let Some(told) = told else { break };
        told?;
        bench.round().await?;
        let numbers = std::mem::take(&mut bench.numbers);
        let numbers: BTreeMap<String, f64> =
            numbers.into_iter().map(|(line, number)| (Line::key(line), number)).collect();
        writeln!(std::io::stdout(), "{}", serde_json::to_string(&numbers)?)?;
    }
    bench.stop().await;
    Ok(())
}
