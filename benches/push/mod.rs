//! From the confirmation on the phone to the screen, while thousands of others wait; and the same of other programs, where
//! somebody posts and a socket is told.

mod lines;
mod others;

use std::path::PathBuf;

use futures_util::future::try_join_all;

use crate::load::offered::{self, Push};
use crate::load::person::{Person, Scanned};
use crate::load::socket::Open;
use crate::measure::commits::Commits;
use crate::measure::cost;
use crate::measure::site::Site;
use crate::peers::{HOLDERS, Peer};
use crate::report::Table;
use crate::run::{Bench, say};
use crate::waiting::{count, fill};

pub(crate) use lines::PINGS;
use lines::{RATES, add, add_cost, declare};

/// How many wait meanwhile.
const IDLE: usize = 10_000;
/// Pushes of one round at each rate, at most.
const MANY: usize = 600;
/// Seconds for which they are offered, at most.
const SECONDS: f64 = 2.0;
/// People who confirm: fewer than an organization has seats.
const PEOPLE: usize = 64;
/// Sockets that are opened at the same time.
const AT_ONCE: usize = 16;

/// The section.
pub(crate) struct Pushes {
    site: Site,
    folder: PathBuf,
    commits: Commits,
    people: Vec<Person>,
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
        let door = site.door()?;
        let people = Person::many(PEOPLE, &bench.wechat, (&door, &door)).await?;
        Ok(Self { site, folder, commits, people, peers })
    }

    pub(crate) async fn round(&mut self, bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
        self.references(bench, table).await?;
        self.own(bench, table).await?;
        for peer in &self.peers {
            others::push(bench, table, *peer, &self.folder).await?;
        }
        Ok(())
    }

    async fn references(&self, bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
        say("  bare round trips and bare commits");
        let echo = Peer::Echo.start(bench.cores.measured, &self.folder).await?;
        for (rate, _) in RATES {
            let many = many(bench, rate);
            add(table, rate, "rtt", &offered::round_trips(echo.address, many, rate).await?);
            let commit = offered::in_turn(many, rate, async || self.commits.write(1).await);
            add(table, rate, "commit", &commit.await?);
        }
        Ok(())
    }

    async fn own(&mut self, bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
        self.site.tell(&bench.wechat).await?;
        let server = self.site.start().await?;
        let door = self.site.door()?;
        let open = Open::default();
        let (idle, process) = (bench.sockets(IDLE), Some(server.program.id()));
        say(format!("  confirmations, while {idle} browsers wait"));
        let waiting = fill(&door, idle, AT_ONCE, &open).await?;
        for person in &mut self.people {
            person.sign_in(&open).await?;
        }
        for (rate, _) in RATES {
            let mut scanned = scan(&mut self.people, many(bench, rate), &open).await?;
            let pushes = scanned
                .iter_mut()
                .map(|one| Push { request: one.yes.clone(), socket: &mut one.socket })
                .collect::<Vec<_>>();
            let (before, many) = (cost::used(process)?, count(pushes.len()));
            match offered::push(door.address, pushes, rate).await? {
                Some(took) => {
                    add(table, rate, "own", &took);
                    add_cost(table, rate, (cost::used(process)? - before) * 1e6 / many);
                }
                None => table.note(format!("{rate} confirmations a second were not reached")),
            }
        }
        drop(waiting);
        Ok(())
    }
}

/// How many pushes are offered at a rate.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundreds")]
fn many(bench: &Bench, rate: f64) -> usize {
    bench.amount(MANY.min((rate * SECONDS) as usize)).min(bench.sockets(IDLE))
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
