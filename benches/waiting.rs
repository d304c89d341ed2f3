//! Browsers that wait: what each of them costs in memory, and all of them in processor time while nothing happens.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use crate::load::browser::{Door, show, watch};
use crate::load::http::Client;
use crate::load::socket::{Open, Socket};
use crate::measure::cost;
use crate::measure::site::Site;
use crate::peers::Peer;
use crate::push;
use crate::report::{Line, Table, Unit};
use crate::run::{Bench, say};

/// How many wait, usually.
const WAITING: [usize; 3] = [5_000, 10_000, 20_000];
/// How many come at the same time, until so many wait.
pub(crate) const AT_ONCE: [usize; 3] = [8, 16, 32];
/// Requests to a bare route in one round.
const BARE: usize = 5_000;
/// For how long a server has run before browsers come: in its first seconds it reads more.
const WARM: Duration = Duration::from_secs(6);
/// What was only used while they came is given back in this time, if ever.
const SETTLE: Duration = Duration::from_secs(1);

/// The section.
pub(crate) struct Waiting {
    site: Site,
    folder: PathBuf,
}

impl Waiting {
    /// What an answer of the same framework costs that does nothing.
    async fn bare_route(&self, bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
        let server = Peer::Actix.start(bench.cores.measured, &self.folder).await?;
        let (many, at_once) = (bench.amount(BARE), AT_ONCE[1]);
        let (begun, before) = (Instant::now(), cost::used(Some(server.process))?);
        let some = (0..at_once).map(async |client| {
            let mut http = Client::new(server.address);
            for _ in (client..many).step_by(at_once) {
                http.ask(b"POST /bare HTTP/1.1\r\nhost: bench\r\ncontent-length: 0\r\n\r\n")
                    .await?
                    .expect(201)?;
            }
            anyhow::Ok(())
        });
        try_join_all(some).await?;
        table.add("waiting.bare.rate", count(many) / begun.elapsed().as_secs_f64());
        table.add("waiting.bare", (cost::used(Some(server.process))? - before) * 1e6 / count(many));
        Ok(())
    }

    pub(crate) async fn set_up(bench: &Bench, table: &mut Table) -> anyhow::Result<Self> {
        let many = WAITING.map(|usual| bench.sockets(usual));
        declare(table, many);
        if bench.most_sockets < bench.amount(WAITING[2]) {
            table.note(format!(
                "a process may have {} sockets here: fewer wait than usual",
                bench.most_sockets
            ));
        }
        let folder = bench.folder("waiting")?;
        Ok(Self { site: Site::on_sqlite(bench, &folder).await?, folder })
    }

    pub(crate) async fn round(&self, bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
        self.bare_route(bench, table).await?;
        let server = self.site.start().await?;
        let door = self.site.door()?;
        let (process, open) = (server.program.id(), Open::default());
        say("  the server runs for some seconds first");
        tokio::time::sleep(WARM).await;
        // What the first one needs for ever is no part of what each needs.
        drop(fill(&door, 1, 1, &open).await?);
        tokio::time::sleep(SETTLE).await;
        let empty = cost::memory(process)?;
        let mut sockets = Vec::new();
        for (at, usual) in WAITING.into_iter().enumerate() {
            let many = bench.sockets(usual);
            say(format!("  {many} browsers wait"));
            let (begun, before) = (Instant::now(), cost::used(Some(process))?);
            let new = many - sockets.len();
            sockets.extend(fill(&door, new, AT_ONCE[at], &open).await?);
            let (new, took) = (count(new), begun.elapsed().as_secs_f64());
            table.add(&key("rate", at), new / took);
            table.add(&key("open", at), (cost::used(Some(process))? - before) * 1e6 / new);
            tokio::time::sleep(SETTLE).await;
            anyhow::ensure!(open.get() == many, "{} of {many} are still there", open.get());
            table.add(&key("memory", at), (cost::memory(process)? - empty) / count(many));
            table.add(&key("rest", at), cost::rest(process).await?);
        }
        Ok(())
    }
}

/// The line of what was measured when this many of [`WAITING`] wait.
fn key(what: &str, at: usize) -> String {
    format!("waiting.{what}.{}", 1 << at)
}

fn declare(table: &mut Table, many: [usize; 3]) {
    let line = |what: &str, at: usize, name: String, unit: Unit, curve: &str, load: usize| {
        Line::new(key(what, at), name, unit).grows(curve, count(load))
    };
    let memory = |at: usize| {
        let curve = "memory of a waiting browser";
        line("memory", at, format!("{curve}, of {}", many[at]), Unit::KibiBytes, curve, many[at])
    };
    let rest = |at: usize| {
        let name = format!("processor while {} wait, of a core", many[at]);
        line("rest", at, name, Unit::Percent, "processor while they wait, of a core", many[at])
    };
    let open = |at: usize| {
        let curve = "processor time of a new code and its socket";
        let name = format!("{curve}, {} at once", AT_ONCE[at]);
        line("open", at, name, Unit::Microseconds, curve, AT_ONCE[at]).against("waiting.bare")
    };
    let rate = |at: usize| {
        let curve = "codes shown and watched";
        let name = format!("{curve}, {} at once", AT_ONCE[at]);
        line("rate", at, name, Unit::PerSecond, curve, AT_ONCE[at]).against("waiting.bare.rate")
    };
    let bare = format!("a bare actix-web route, {} at once", AT_ONCE[1]);
    table.declare([
        memory(0),
        memory(1)
            .against("peers.nchan.memory")
            .budget("15 KiB", &[(15.0, "")])
            .stretch("0.5 nchan", &[(0.5, "peers.nchan.memory")]),
        memory(2),
        rest(0),
        rest(1).against(push::PINGS).budget("0.5 %", &[(0.5, "")]),
        rest(2),
        open(0),
        open(1)
            .budget("0.5 ws on Node", &[(0.5, "peers.node.open")])
            .stretch("0.4 ws on Node", &[(0.4, "peers.node.open")]),
        open(2),
        Line::new("waiting.bare", "processor time of a bare actix-web route", Unit::Microseconds),
        Line::new("waiting.bare.rate", bare, Unit::PerSecond),
        rate(0),
        rate(1),
        rate(2),
    ]);
}

/// So many browsers get a code and wait; so many come at the same time.
pub(crate) async fn fill(
    door: &Door,
    many: usize,
    at_once: usize,
    open: &Open,
) -> anyhow::Result<Vec<Socket>> {
    let some = |client: usize| {
        let open = Rc::clone(open);
        async move {
            let mut http = Client::new(door.address);
            let mut sockets = Vec::new();
            for _ in (client..many).step_by(at_once) {
                let shown = show(door, &mut http, None).await?;
                sockets.push(watch(door, &shown, &open).await?);
            }
            anyhow::Ok(sockets)
        }
    };
    Ok(try_join_all((0..at_once).map(some)).await?.into_iter().flatten().collect())
}

/// A number of things.
#[expect(clippy::cast_precision_loss, reason = "there are never so many")]
pub(crate) fn count(many: usize) -> f64 {
    many as f64
}
