//! Whole sign-ins: a code is shown and watched, scanned, authorized by WeChat, confirmed, claimed.

use std::time::Instant;

use futures_util::future::try_join_all;

use crate::load::person::Person;
use crate::load::socket::Open;
use crate::measure::commits::Commits;
use crate::measure::cost;
use crate::measure::postgres::Postgres;
use crate::measure::rates::measure;
use crate::measure::site::Site;
use crate::report::{Line, Table, Unit};
use crate::run::{Bench, say};
use crate::waiting::count;

/// People who sign in at the same time.
const AT_ONCE: [usize; 3] = [4, 8, 16];
/// Sign-ins of one round, for each of the above.
const MANY: usize = 192;
/// Commits of one round.
const COMMITS: usize = 1_000;

/// A site on one kind of database.
struct Stage {
    key: &'static str,
    name: &'static str,
    site: Site,
    people: Vec<Person>,
    commits: Commits,
}

/// The section.
pub(crate) struct SignIns {
    stages: Vec<Stage>,
    /// Commits that wait for the disk: what the same file could do if a power cut were to lose nothing.
    synced: Commits,
    _postgres: Option<Postgres>,
}

impl SignIns {
    pub(crate) async fn set_up(bench: &Bench, table: &mut Table) -> anyhow::Result<Self> {
        let folder = bench.folder("sign-ins")?;
        let site = Site::on_sqlite(bench, &folder).await?;
        let mut stages = vec![
            Stage::new(bench, ("sqlite", "SQLite"), site, Commits::open(&folder, "bare.db").await?).await?,
        ];
        let mut postgres = None;
        if let Some(why) = Postgres::missing() {
            table.note(format!("sign-ins on PostgreSQL were not measured: {why}"));
        } else {
            let server = Postgres::start(&folder, bench.cores, &[]).await?;
            let site = Site::on(bench, &folder, &server.database("menfang").await?, "").await?;
            let commits = Commits::on_postgres(&server.database("bare").await?).await?;
            stages.push(Stage::new(bench, ("postgres", "PostgreSQL"), site, commits).await?);
            postgres = Some(server);
        }
        for stage in &stages {
            declare(table, stage);
        }
        let synced = Commits::open(&folder, "synced.db").await?;
        synced.wait_for_the_disk().await?;
        table.declare([Line::new(
            "sign_in.synced",
            "bare SQLite commits that wait for the disk, one after the other",
            Unit::PerSecond,
        )]);
        Ok(Self { stages, synced, _postgres: postgres })
    }

    pub(crate) async fn round(&mut self, bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
        let commits = bench.amount(COMMITS / 4);
        table.add("sign_in.synced", measure(commits, self.synced.write(commits)).await?);
        for stage in &mut self.stages {
            say(format!("  sign-ins on {}", stage.name));
            stage.round(bench, table).await?;
        }
        Ok(())
    }
}

impl Stage {
    async fn new(
        bench: &Bench,
        (key, name): (&'static str, &'static str),
        site: Site,
        commits: Commits,
    ) -> anyhow::Result<Self> {
        let door = site.door()?;
        let people = Person::many(AT_ONCE[2], &bench.wechat, (&door, &door)).await?;
        Ok(Self { key, name, site, people, commits })
    }

    async fn round(&mut self, bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
        // Nothing of an earlier section is meant by the account any more.
        self.site.tell(&bench.wechat).await?;
        let commits = bench.amount(COMMITS);
        let rate = measure(commits, self.commits.write(commits)).await?;
        table.add(&format!("sign_in.{}.commits", self.key), rate);
        let server = self.site.start().await?;
        sign_in(&mut self.people, 1).await?;
        for at_once in AT_ONCE {
            let each = (bench.amount(MANY) / at_once).max(1);
            let (many, begun) = (count(each * at_once), Instant::now());
            let before = cost::used(Some(server.program.id()))?;
            sign_in(&mut self.people[..at_once], each).await?;
            table.add(&format!("sign_in.{}.{at_once}", self.key), many / begun.elapsed().as_secs_f64());
            let cpu = cost::used(Some(server.program.id()))? - before;
            table.add(&format!("sign_in.{}.cpu.{at_once}", self.key), cpu * 1e6 / many);
        }
        Ok(())
    }
}

/// All of them sign in so many times, at the same time.
async fn sign_in(people: &mut [Person], each: usize) -> anyhow::Result<()> {
    let open = Open::default();
    try_join_all(people.iter_mut().map(async |person| {
        for _ in 0..each {
            person.sign_in(&open).await?;
        }
        anyhow::Ok(())
    }))
    .await?;
    Ok(())
}

fn declare(table: &mut Table, stage: &Stage) {
    let (key, name) = (stage.key, stage.name);
    let commits = format!("sign_in.{key}.commits");
    let at = |at_once: usize| {
        let title = format!("whole sign-ins on {name}, {at_once} at once");
        let line = Line::new(format!("sign_in.{key}.{at_once}"), title, Unit::PerSecond).against(&commits);
        line.grows(&format!("sign-ins on {name}"), count(at_once))
    };
    table.declare([
        Line::new(&commits, format!("bare {name} commits, one after the other"), Unit::PerSecond),
        at(AT_ONCE[0]),
        at(AT_ONCE[1])
            .budget("1/6 of the commits", &[(1.0 / 6.0, &commits)])
            .stretch("1/4 of the commits", &[(0.25, &commits)]),
        at(AT_ONCE[2]),
    ]);
    table.declare(AT_ONCE.map(|at_once| {
        let title = format!("the server's processor time of a sign-in on {name}, {at_once} at once");
        Line::new(format!("sign_in.{key}.cpu.{at_once}"), title, Unit::Microseconds)
            .grows(&format!("processor time of a sign-in on {name}"), count(at_once))
    }));
}
