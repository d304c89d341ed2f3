//! `make bench`: how much Menfang needs and how fast it is, each number beside a reference of the same run.

mod load;
mod measure;
mod peers;
mod push;
mod report;
mod run;
mod waiting;

use std::io::Write;

use clap::Parser;
use measure::cores::{self, Cores};
use measure::sandbox::WeChat;
use push::Pushes;
use report::Table;
use run::{Arguments, Bench, Section, say};
use waiting::Waiting;

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
        wechat: WeChat::start(Some(cores.load))?,
        most_sockets: cores::files()?.0 - OTHER_FILES,
        arguments,
    };
    let mut table = Table::default();
    say("setting up");
    let wanted = &bench.arguments.sections;
    let wanted = |section: Section| wanted.is_empty() || wanted.contains(&section);
    let waiting = if wanted(Section::Waiting) { Some(Waiting::set_up(&bench, &mut table).await?) } else { None };
    let push = if wanted(Section::Push) { Some(Pushes::set_up(&bench, &mut table).await?) } else { None };
    for round in 1..=bench.arguments.rounds {
        say(format!("round {round} of {}", bench.arguments.rounds));
        if let Some(waiting) = &waiting {
            waiting.round(&bench, &mut table).await?;
        }
        if let Some(push) = &push {
            push.round(&bench, &mut table).await?;
        }
    }
    writeln!(std::io::stdout().lock(), "{}", table.text())?;
    Ok(())
}
