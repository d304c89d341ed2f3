//! Browsers that wait: what each of them costs in memory, and all of them in processor time while nothing happens.

use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use crate::load::browser::{Door, show, watch};
use crate::load::http::Client;
use crate::load::socket::{Open, Socket};
use crate::measure::cost;
use crate::measure::site::{Server, Site};
use crate::report::{Line, Table, Unit};
use crate::run::{Bench, say};

/// How many wait, usually.
const WAITING: [usize; 3] = [5_000, 10_000, 20_000];
const KEYS: [&str; 3] = ["waiting.memory.1", "waiting.memory.2", "waiting.memory.4"];
/// How many come at the same time.
const AT_ONCE: usize = 16;
/// All sockets are pinged once in this time, and none of them twice.
const REST: Duration = Duration::from_secs(25);
/// What was only used while they came is given back in this time, if ever.
const SETTLE: Duration = Duration::from_secs(1);

/// The section.
pub(crate) struct Waiting {
    site: Site,
}

impl Waiting {
    pub(crate) async fn set_up(bench: &Bench, table: &mut Table) -> anyhow::Result<Self> {
        let many = WAITING.map(|usual| bench.sockets(usual));
        let memory = |at: usize| {
            let name = format!("memory of a waiting browser, of {}", many[at]);
            Line::new(KEYS[at], name, Unit::KibiBytes).grows("memory of a waiting browser", count(many[at]))
        };
        table.declare([
            memory(0),
            memory(1).budget("15 KiB", &[(15.0, "")]),
            memory(2),
            Line::new("waiting.rest", format!("processor while {} wait, of a core", many[1]), Unit::Percent)
                .budget("0.5 %", &[(0.5, "")]),
            Line::new("waiting.open.cpu", "processor time of a new code and its socket", Unit::Microseconds),
            Line::new("waiting.open.rate", format!("codes and their sockets, {AT_ONCE} at once"), Unit::PerSecond),
        ]);
        if bench.most_sockets < bench.amount(WAITING[2]) {
            table.note(format!("a process may have {} sockets here: fewer wait than usual", bench.most_sockets));
        }
        let folder = bench.folder("waiting")?;
        Ok(Self { site: Site::on_sqlite(bench, &folder).await? })
    }

    pub(crate) async fn round(&self, bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
        let server = self.site.start().await?;
        let door = self.site.door()?;
        let (process, open) = (server.program.id(), Open::default());
        // What the first one needs for ever is no part of what each needs.
        drop(fill(&door, 1, &open).await?);
        tokio::time::sleep(SETTLE).await;
        let empty = cost::memory(process)?;
        let mut sockets = Vec::new();
        for (at, usual) in WAITING.into_iter().enumerate() {
            let many = bench.sockets(usual);
            say(format!("  {many} browsers wait"));
            let (begun, before) = (Instant::now(), cost::used(Some(process))?);
            let new = many - sockets.len();
            sockets.extend(fill(&door, new, &open).await?);
            if at == 1 {
                let (new, took) = (count(new), begun.elapsed().as_secs_f64());
                table.add("waiting.open.rate", new / took);
                table.add("waiting.open.cpu", (cost::used(Some(process))? - before) * 1e6 / new);
            }
            tokio::time::sleep(SETTLE).await;
            anyhow::ensure!(open.get() == many, "{} of {many} are still there", open.get());
            table.add(KEYS[at], (cost::memory(process)? - empty) / count(many));
            if at == 1 {
                table.add("waiting.rest", rest(&server).await?);
            }
        }
        Ok(())
    }
}

/// The share of a core that a server needs while nothing happens, in hundredths.
async fn rest(server: &Server) -> anyhow::Result<f64> {
    let before = cost::used(Some(server.program.id()))?;
    tokio::time::sleep(REST).await;
    Ok((cost::used(Some(server.program.id()))? - before) * 100.0 / REST.as_secs_f64())
}

/// So many browsers get a code and wait.
pub(crate) async fn fill(door: &Door, many: usize, open: &Open) -> anyhow::Result<Vec<Socket>> {
    let some = |client: usize| {
        let open = Rc::clone(open);
        async move {
            let mut http = Client::new(door.address);
            let mut sockets = Vec::new();
            for _ in (client..many).step_by(AT_ONCE) {
                let shown = show(door, &mut http, None).await?;
                sockets.push(watch(door, &shown, &open).await?);
            }
            anyhow::Ok(sockets)
        }
    };
    Ok(try_join_all((0..AT_ONCE).map(some)).await?.into_iter().flatten().collect())
}

/// A number of things.
#[expect(clippy::cast_precision_loss, reason = "there are never so many")]
pub(crate) fn count(many: usize) -> f64 {
    many as f64
}
