//! `make bench`: how much Menfang needs and how fast it is, each number beside a reference of the same run.

mod cluster;
mod load;
mod measure;
mod notifications;
mod peers;
mod push;
mod report;
mod run;
mod sections;
mod sign_ins;
mod start;
mod waiting;

use std::io::Write;

use clap::{Parser, ValueEnum};
use measure::cores::{self, Cores};
use measure::sandbox::WeChat;
use report::Table;
use run::{Arguments, Bench, Section, say};
use sections::Running;
use serde_json::{Value, json};

/// Files that a process has open beside its sockets.
const OTHER_FILES: usize = 500;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let system = actix_web::rt::System::new();
    if let (Some(peer), Some(listen)) = (arguments.serve, arguments.listen) {
        return system.block_on(peers::serve::serve(peer, listen));
    }
    let Some(chosen) = &arguments.cores else {
        return cores::begin_again(&std::env::args().skip(1).collect::<Vec<_>>());
    };
    let cores = Cores::parse(chosen)?;
    if arguments.obey {
        return system.block_on(notifications::obey(&arguments, cores));
    }
    system.block_on(async {
        tokio::select! {
            done = bench(arguments, cores) => done,
            // What was started ends, and folders are removed, by leaving.
            _ = tokio::signal::ctrl_c() => anyhow::bail!("stopped"),
        }
    })
}

async fn bench(arguments: Arguments, cores: Cores) -> anyhow::Result<()> {
    let bench = Bench {
        cores,
        folder: tempfile::tempdir()?,
        wechat: WeChat::start(&cores.load.to_string(), &arguments.binary)?,
        most_sockets: cores::files()?.0 - OTHER_FILES,
        arguments,
    };
    let mut table = Table::default();
    if cores.measured == cores.load {
        table.note("there is one core for all here: times are longer than they need be");
    }
    let wanted = &bench.arguments.sections;
    let all: Vec<Section> = Section::value_variants().to_vec();
    let (mut sections, mut broken) = (Vec::new(), false);
    for section in if wanted.is_empty() { &all } else { wanted } {
        say(format!("setting up: {section:?}"));
        sections.push((*section, Running::set_up(*section, &bench, &mut table).await?));
    }
    for round in 1..=bench.arguments.rounds {
        say(format!("round {round} of {}", bench.arguments.rounds));
        // Round by round and not line by line: what slows the machine for a while slows all of them.
        for (name, section) in &mut sections {
            if let Err(error) = section.round(&bench, &mut table).await {
                // What was measured is not lost by what could not be.
                table.note(format!("{name:?} broke off in round {round}: {error:#}"));
                broken = true;
            }
        }
    }
    let about = about(&bench)?;
    writeln!(std::io::stdout().lock(), "{}", table.text())?;
    say(format!("\ntable.md, results.json, budget.svg and growth.svg are in {}", table.write(&about)?));
    if bench.arguments.write != 0 {
        table.write_into_documentation(&about)?;
    }
    anyhow::ensure!(!broken, "not everything could be measured");
    Ok(())
}

/// What the numbers are of.
fn about(bench: &Bench) -> anyhow::Result<Value> {
    let processor = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = processor.lines().filter(|line| line.starts_with("processor")).count();
    Ok(json!({
        "rounds": bench.arguments.rounds, "scale": bench.arguments.scale, "cores": cores,
        "processor": model.map_or("a processor without a name", |(_, model)| model),
        "version": env!("CARGO_PKG_VERSION"),
    }))
}
