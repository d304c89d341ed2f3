//! `make bench`: how fast signing in is, each number beside a reference of the same run.
//!
//! Absolute numbers differ from machine to machine and from hour to hour; the ratios are what to compare. Each number is
//! the median of `MENFANG_BENCH_ROUNDS` rounds (7) of `MENFANG_BENCH_SCALE` percent (100) of the usual work.

#[path = "../measure/mod.rs"]
mod measure;
mod people;
mod references;

use std::io::Write;

use measure::commits::Commits;
use measure::rates::{self, Rate, measure, setting};
use menfang::server::world::client;
use people::Bench;

/// Clients, and people, at the same time.
const AT_ONCE: usize = 8;

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let (rounds, scale) = (setting("MENFANG_BENCH_ROUNDS", 7), setting("MENFANG_BENCH_SCALE", 100));
    let amount = |usual: usize| (usual * scale / 100).max(1);
    let bench = Bench::start(AT_ONCE).await?;
    let http = client()?;

    let echo = references::echo().await?;
    let sqlite = Commits::open(bench.folder()).await?;
    let mut rates: [Rate; 6] = [
        Rate::new("TCP round trips, 8 at once", None),
        Rate::new("SQLite commits of one row", None),
        Rate::new("codes shown over HTTP, 8 at once", Some(0)),
        Rate::new("ticket and handle sealed and opened", None),
        Rate::new("sessions watched, first frame seen", None),
        Rate::new("whole sign-ins, 8 at once", Some(1)),
    ];
    // Round by round and not number by number: what slows the machine for a while slows all of them.
    for _ in 0..rounds {
        rates[0].add(
            measure(AT_ONCE * amount(1_000), references::round_trips(echo, AT_ONCE, amount(1_000))).await?,
        );
        rates[1].add(measure(amount(1_000), sqlite.write(amount(1_000))).await?);
        rates[2].add(measure(AT_ONCE * amount(60), bench.show_codes(&http, AT_ONCE, amount(60))).await?);
        rates[3].add(measure(amount(4_000), bench.seal_and_open(amount(4_000))).await?);
        rates[4].add(measure(amount(400), bench.watch(amount(400))).await?);
        rates[5].add(measure(AT_ONCE * amount(10), bench.sign_in(amount(10))).await?);
    }
    let mut out = std::io::stdout().lock();
    rates::print(&mut out, rounds, &rates)?;
    writeln!(
        out,
        "\nThe budget for whole sign-ins is 1/6 of the bare commits. A sign-in here includes the sandbox's part: its\n\
         authorization page and its code exchange, in this same process."
    )?;
    bench.stop().await;
    Ok(())
}
