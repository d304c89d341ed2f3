//! From the confirmation on the phone to the screen, while thousands of others wait; and the same of other programs, where
//! somebody posts and a socket is told.

use std::path::PathBuf;
use std::rc::Rc;

use futures_util::future::try_join_all;

use crate::load::offered::{self, Push, Took};
use crate::load::person::{Person, Scanned};
use crate::load::socket::{Open, Socket};
use crate::measure::commits::Commits;
use crate::measure::cost;
use crate::measure::site::Site;
use crate::peers::serve::FRAME;
use crate::peers::{HOLDERS, Peer, Running};
use crate::report::{Line, Table, Unit};
use crate::run::{Bench, say};
use crate::waiting::{count, fill};

/// How many wait meanwhile.
const IDLE: usize = 10_000;
/// Pushes of one round, at each rate.
const MANY: usize = 600;
/// People who confirm: fewer than an organization has seats.
const PEOPLE: usize = 64;
/// Sockets that are opened at the same time.
const AT_ONCE: usize = 16;

/// Pushes a second that are offered; budget and stretch in round trips at p50, where something was promised.
const RATES: [(f64, Option<(f64, f64)>); 3] =
    [(500.0, Some((2.0, 1.7))), (1_000.0, None), (2_000.0, Some((2.3, 2.0)))];
/// The same at p99.
const LATE: (f64, f64) = (3.0, 2.5);

/// The section.
pub(crate) struct Pushes {
    site: Site,
    folder: PathBuf,
    commits: Commits,
    /// Those that are here.
    peers: Vec<Peer>,
}

impl Pushes {
    pub(crate) async fn set_up(bench: &Bench, table: &mut Table) -> anyhow::Result<Self> {
        let folder = bench.folder("push")?;
        let commits = Commits::open(&folder, "bare.db").await?;
        let site = Site::on_sqlite(bench, &folder).await?;
        let mut peers = if bench.arguments.peers == 0 { Vec::new() } else { HOLDERS.to_vec() };
        peers.retain(|peer| {
            let missing = peer.missing();
            if let Some(why) = &missing {
                table.note(format!("{} was not measured: {why}", peer.name()));
            }
            missing.is_none()
        });
        declare(table, bench.sockets(IDLE));
        Ok(Self { site, folder, commits, peers })
    }

    pub(crate) async fn round(&self, bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
        self.references(bench, table).await?;
        self.own(bench, table).await?;
        for peer in &self.peers {
            self.peer(bench, table, *peer).await?;
        }
        Ok(())
    }

    async fn references(&self, bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
        let many = bench.amount(MANY);
        say("  bare round trips and bare commits");
        let echo = Peer::Echo.start(bench.cores.measured, &self.folder).await?;
        for (rate, _) in RATES {
            add(table, rate, "rtt", &offered::round_trips(echo.address, many, rate).await?);
            let commit = offered::in_turn(many, rate, async || self.commits.write(1).await);
            add(table, rate, "commit", &commit.await?);
        }
        Ok(())
    }

    async fn own(&self, bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
        self.site.tell(&bench.wechat).await?;
        let _server = self.site.start().await?;
        let door = self.site.door()?;
        let open = Open::default();
        let (idle, many) = (bench.sockets(IDLE), bench.amount(MANY));
        say(format!("  confirmations, while {idle} browsers wait"));
        let waiting = fill(&door, idle, AT_ONCE, &open).await?;
        let mut people = Person::many(PEOPLE, &bench.wechat, (&door, &door)).await?;
        for person in &mut people {
            person.sign_in(&open).await?;
        }
        for (rate, _) in RATES {
            let mut scanned = scan(&mut people, many, &open).await?;
            let pushes = scanned
                .iter_mut()
                .map(|one| Push { request: one.yes.clone(), socket: &mut one.socket })
                .collect();
            match offered::push(door.address, pushes, rate).await? {
                Some(took) => add(table, rate, "own", &took),
                None => table.note(format!("{} confirmations a second were not reached", rate)),
            }
        }
        drop(waiting);
        Ok(())
    }

    async fn peer(&self, bench: &Bench, table: &mut Table, peer: Peer) -> anyhow::Result<()> {
        let (idle, many) = (bench.sockets(IDLE), bench.amount(MANY).min(bench.sockets(IDLE)));
        say(format!("  {}: {idle} sockets wait", peer.name()));
        let running = peer.start(bench.cores.measured, &self.folder).await?;
        let open = Open::default();
        let first = hold(&running, usize::MAX - 1..usize::MAX, &open).await?;
        drop(first);
        let (memory, cpu) = (cost::memory(running.process)?, cost::used(Some(running.process))?);
        let mut sockets = hold(&running, 0..idle, &open).await?;
        table.add(
            &format!("peers.{}.open", peer.key()),
            (cost::used(Some(running.process))? - cpu) * 1e6 / count(idle),
        );
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        anyhow::ensure!(open.get() == idle, "{}: {} of {idle} are still there", peer.name(), open.get());
        table.add(
            &format!("peers.{}.memory", peer.key()),
            (cost::memory(running.process)? - memory) / count(idle),
        );
        for (rate, _) in RATES {
            let some = sockets.iter_mut().enumerate().take(many);
            let request = |number: usize| {
                format!(
                    "POST /push/{number} HTTP/1.1\r\nhost: bench\r\ncontent-length: {}\r\n\r\n{}",
                    FRAME.len(),
                    FRAME
                )
            };
            let pushes =
                some.map(|(number, socket)| Push { request: request(number).into_bytes(), socket }).collect();
            match offered::push(running.address, pushes, rate).await? {
                Some(took) => add(table, rate, peer.key(), &took),
                None => table.note(format!("{}: {} a second were not reached", peer.name(), rate)),
            }
        }
        Ok(())
    }
}
/// So many sign-ins up to their confirmation, by all people at once.
pub(crate) async fn scan(people: &mut [Person], many: usize, open: &Open) -> anyhow::Result<Vec<Scanned>> {
    let at_once = people.len();
    let some = people.iter_mut().enumerate().map(async |(at, person)| {
        let mut scanned = Vec::new();
        for _ in (at..many).step_by(at_once) {
            scanned.push(person.scan(open).await?);
        }
        anyhow::Ok(scanned)
    });
    Ok(try_join_all(some).await?.into_iter().flatten().collect())
}

/// Sockets of another program, in the order of their numbers.
async fn hold(
    running: &Running,
    numbers: std::ops::Range<usize>,
    open: &Open,
) -> anyhow::Result<Vec<Socket>> {
    let numbers = &numbers;
    let some = (0..AT_ONCE).map(|client| {
        let open = Rc::clone(open);
        async move {
            let mut sockets = Vec::new();
            for number in numbers.clone().skip(client).step_by(AT_ONCE) {
                let path = format!("/ws/{number}");
                sockets.push((number, Socket::open(running.address, &path, "host: bench\r\n", &open).await?));
            }
            anyhow::Ok(sockets)
        }
    });
    let mut sockets: Vec<_> = try_join_all(some).await?.into_iter().flatten().collect();
    sockets.sort_by_key(|(number, _)| *number);
    Ok(sockets.into_iter().map(|(_, socket)| socket).collect())
}

/// The line of a rate: what is pushed by whom, and whether it is p99.
fn key(rate: f64, who: &str, share: &str) -> String {
    format!("push.{rate}.{who}.{share}")
}

fn add(table: &mut Table, rate: f64, who: &str, took: &Took) {
    table.add(&key(rate, who, "p50"), took.p50);
    table.add(&key(rate, who, "p99"), took.p99);
}

fn declare(table: &mut Table, idle: usize) {
    for (rate, promised) in RATES {
        for (share, promised) in [("p50", promised), ("p99", promised.map(|_| LATE))] {
            let (rtt, commit) = (key(rate, "rtt", share), key(rate, "commit", share));
            let line = |who: &str, name: &str| {
                let name = format!("{name}, {rate} a second, {share}");
                Line::new(key(rate, who, share), name, Unit::Microseconds)
            };
            let curve = format!("confirmed → on the screen, {share}");
            let mut own = line("own", "confirmed → on the screen").against(&rtt).grows(&curve, rate);
            if let Some((budget, stretch)) = promised {
                own = own
                    .budget(&format!("{budget} RTT + commit"), &[(budget, &rtt), (1.0, &commit)])
                    .stretch(&format!("{stretch} RTT + commit"), &[(stretch, &rtt), (1.0, &commit)]);
            }
            table.declare([
                line("rtt", "bare TCP round trip"),
                line("commit", "bare SQLite commit").against(&rtt),
                own,
            ]);
            let peer = |peer: Peer| {
                line(peer.key(), &format!("{}, posted → at the socket", peer.name())).against(&rtt)
            };
            table.declare(HOLDERS.map(peer));
        }
    }
    let memory = |peer: Peer| {
        let name = format!("{}, memory of a socket, of {idle}", peer.name());
        Line::new(format!("peers.{}.memory", peer.key()), name, Unit::KibiBytes)
    };
    let open = |peer: Peer| {
        let name = format!("{}, processor time of a new socket", peer.name());
        Line::new(format!("peers.{}.open", peer.key()), name, Unit::Microseconds)
    };
    table.declare(HOLDERS.map(memory).into_iter().chain(HOLDERS.map(open)));
}
