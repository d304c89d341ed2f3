//! Two servers on one PostgreSQL and one Redis: what it adds that the phone comes to another one than the browser waits at.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::load::browser::Door;
use crate::load::http::connect;
use crate::load::offered::{self, Push, Took};
use crate::load::person::Person;
use crate::load::socket::Open;
use crate::measure::postgres::Postgres;
use crate::measure::program::{Program, command, free_address};
use crate::measure::site::Site;
use crate::peers::Peer;
use crate::push::scan;
use crate::report::{Line, Table, Unit};
use crate::run::{Bench, say};

/// Confirmations that are offered in a second; something is promised at the first rate.
const RATES: [f64; 3] = [50.0, 100.0, 200.0];
/// Confirmations of one round.
const MANY: usize = 200;
const PEOPLE: usize = 16;
/// What was committed need not outlive this machine: its disk would hide what is measured here.
const FORGETFUL: [&str; 3] = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

/// The section.
pub(crate) struct Cluster {
    site: Site,
    other: SocketAddr,
    redis: SocketAddr,
    folder: PathBuf,
    /// People whose computer and phone come to one server, and those whose phone comes to another.
    people: [Vec<Person>; 2],
    _programs: (Postgres, Program),
}

impl Cluster {
    /// None where something is missing.
    pub(crate) async fn set_up(bench: &Bench, table: &mut Table) -> anyhow::Result<Option<Self>> {
        declare(table);
        let redis = Command::new("redis-server").arg("--version").output();
        let missing = Postgres::missing().or_else(|| redis.err().map(|_| "Redis is not installed".into()));
        if let Some(why) = missing {
            table.note(format!("two servers were not measured: {why}"));
            return Ok(None);
        }
        let folder = bench.folder("cluster")?;
        let postgres = Postgres::start(&folder, bench.cores, &FORGETFUL).await?;
        let redis = free_address();
        let mut server = command(bench.cores.load, "redis-server");
        server.args(["--port", &redis.port().to_string(), "--bind", "127.0.0.1", "--save", ""]);
        // Its protected mode knows one address of this machine only.
        server.args(["--appendonly", "no", "--protected-mode", "no", "--dir"]).arg(&folder);
        let mut program = Program::start(&mut server, &folder.join("redis.log"))?;
        program.accepts(redis).await?;
        let database = postgres.database("menfang").await?;
        let site = Site::on(bench, &folder, &database, &format!("redis://{redis}")).await?;
        let (here, other) = (site.door()?, free_address());
        let there = Door { address: other, authority: site.authority.clone() };
        let people = [
            Person::many(PEOPLE, &bench.wechat, (&here, &here)).await?,
            Person::many(PEOPLE, &bench.wechat, (&here, &there)).await?,
        ];
        Ok(Some(Self { site, other, redis, folder, people, _programs: (postgres, program) }))
    }

    pub(crate) async fn round(&mut self, bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
        say("  two servers");
        self.site.tell(&bench.wechat).await?;
        let many = bench.amount(MANY);
        let echo = Peer::Echo.start(bench.cores.measured, &self.folder).await?;
        for rate in RATES {
            add(table, rate, "rtt", offered::round_trips(echo.address, many, rate).await?.p50);
            add(table, rate, "redis", published(self.redis, many, rate).await?.p50);
        }
        let (here, there) = (self.site.door()?.address, self.other);
        let _servers = (self.site.start().await?, self.site.start_at(there, &[]).await?);
        for rate in RATES {
            let [local, across] = &mut self.people;
            let local = confirm(local, here, (many, rate)).await?;
            let across = confirm(across, there, (many, rate)).await?;
            let (Some(local), Some(across)) = (local, across) else {
                table.note(format!("two servers: {rate} confirmations a second were not reached"));
                continue;
            };
            add(table, rate, "local", local.p50);
            add(table, rate, "across", across.p50);
            add(table, rate, "added", across.p50 - local.p50);
        }
        Ok(())
    }
}

fn key(rate: f64, what: &str) -> String {
    format!("cluster.{rate}.{what}")
}

fn add(table: &mut Table, rate: f64, what: &str, took: f64) {
    table.add(&key(rate, what), took);
}

async fn confirm(
    people: &mut [Person],
    to: SocketAddr,
    (many, rate): (usize, f64),
) -> anyhow::Result<Option<Took>> {
    let open = Open::default();
    for person in &mut *people {
        person.sign_in(&open).await?;
    }
    let mut scanned = scan(people, many, &open).await?;
    let pushes = scanned.iter_mut().map(|one| Push { request: one.yes.clone(), socket: &mut one.socket });
    offered::push(to, pushes.collect(), rate).await
}

/// Messages from one connection to the other, through a Redis and nothing else.
async fn published(redis: SocketAddr, many: usize, rate: f64) -> anyhow::Result<Took> {
    let (mut from, mut to) = (connect(redis).await?, connect(redis).await?);
    to.write_all(b"*2\r\n$9\r\nSUBSCRIBE\r\n$5\r\nbench\r\n").await?;
    read_until(&mut to, b":1\r\n").await?;
    offered::in_turn(many, rate, async || {
        from.write_all(b"*3\r\n$7\r\nPUBLISH\r\n$5\r\nbench\r\n$4\r\nlook\r\n").await?;
        read_until(&mut to, b"look\r\n").await?;
        // The answer was sent at the same time, and is not waited for.
        let mut answer = [0; 64];
        drop(from.try_read(&mut answer));
        Ok(())
    })
    .await
}

async fn read_until(stream: &mut tokio::net::TcpStream, end: &[u8]) -> anyhow::Result<()> {
    let mut read = Vec::new();
    while !read.ends_with(end) {
        anyhow::ensure!(stream.read_buf(&mut read).await? > 0, "Redis closed the connection");
    }
    Ok(())
}

fn declare(table: &mut Table) {
    for rate in RATES {
        let line = |what: &str, name: &str| {
            Line::new(key(rate, what), format!("{name}, {rate} a second, p50"), Unit::Microseconds)
        };
        let (rtt, redis) = (key(rate, "rtt"), key(rate, "redis"));
        let way = |what: &str, name: &str| line(what, name).against(&rtt).grows(name, rate);
        let mut added =
            line("added", "what that adds").against(&redis).grows("what another server adds", rate);
        if rate.total_cmp(&RATES[0]).is_eq() {
            added = added.budget("1.5 RTT", &[(1.5, &rtt)]).stretch("1.2 RTT", &[(1.2, &rtt)]);
        }
        table.declare([
            line("rtt", "bare TCP round trip"),
            line("redis", "bare PUBLISH → SUBSCRIBE").against(&rtt),
            way("local", "confirmed → on the screen, both at one server"),
            way("across", "confirmed → on the screen, each at another"),
            added,
        ]);
    }
}
