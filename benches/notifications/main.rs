//! `make bench`: how fast orders are taken, spread, sent and confirmed, each number beside a reference of the same run.
//!
//! The server runs in this process, the sandbox in one of its own. Absolute numbers differ from machine to machine and from
//! hour to hour; the ratios are what to compare. Each number is the median of `MENFANG_BENCH_ROUNDS` rounds (7) of
//! `MENFANG_BENCH_SCALE` percent (100) of the usual work.

mod callbacks;
mod cpu;
#[path = "../measure/mod.rs"]
mod measure;
mod outcomes;
mod postgres;
mod rows;
mod stage;
mod wechat;
mod wechatpy;

use std::io::Write;

use futures_util::future::try_join_all;
use measure::commits::Commits;
use measure::rates::{self, Rate, measure, setting};
use outcomes::Outcomes;
use postgres::Postgres;
use rows::Rows;
use serde_json::json;
use stage::{Stage, TEMPLATE};
use wechat::WeChat;
use wechatpy::WechatPy;

/// The account that sends.
const SENDER: &str = "wx0123456789abcdef";
/// The account whose orders are only spread.
const CROWD: &str = "wxfedcba9876543210";
/// The same on PostgreSQL.
const SERVER_CROWD: &str = "wx00112233445566aa";
/// Clients that order at the same time.
const CLIENTS: usize = 8;
/// Receipts on their way at the same time.
const RECEIPTS: usize = 16;
/// Bare sends on their way at the same time, as many as the server has by default.
const IN_FLIGHT: usize = 64;
/// Threads of wechatpy.
const THREADS: usize = 16;
/// How long WeChat takes for a send in the lines that say so, in milliseconds.
const SLOW: u64 = 50;

/// What is measured, in the order of the table.
#[derive(Clone, Copy)]
enum Line {
    Commits,
    Orders,
    BareRows,
    IndexedRows,
    Spread,
    BareSends,
    Python,
    Sends,
    SendsWithReceipts,
    SlowPython,
    SlowSends,
    Receipts,
    Outcomes,
    PostgresBareRows,
    PostgresSpread,
    PostgresOutcomes,
}

/// How much is done in one round.
struct Amounts {
    commits: usize,
    orders: usize,
    followers: usize,
    sends: usize,
    slow_sends: usize,
}

/// What is measured on PostgreSQL; the server goes last.
struct OnPostgres {
    crowd: Stage,
    bare: Rows,
    outcomes: Outcomes,
    _server: Postgres,
}

impl OnPostgres {
    async fn start(wechat: &WeChat, settings: &[(&str, &str)], followers: usize) -> anyhow::Result<Self> {
        let server = Postgres::start().await?;
        let url = server.database("crowd").await?;
        let settings = [settings, &[("database.url", url.as_str())]].concat();
        Ok(Self {
            crowd: Stage::start(wechat, SERVER_CROWD, &settings, followers).await?,
            bare: Rows::bare_on(&server.database("bare").await?).await?,
            outcomes: Outcomes::open(&server.database("outcomes").await?).await?,
            _server: server,
        })
    }
}

/// Everything that takes part.
struct Bench {
    amounts: Amounts,
    wechat: WeChat,
    sender: Stage,
    crowd: Stage,
    people: Vec<String>,
    commits: Commits,
    bare: Rows,
    indexed: Rows,
    outcomes: Outcomes,
    server: Result<Box<OnPostgres>, anyhow::Error>,
    python: Result<WechatPy, anyhow::Error>,
    rates: [Rate; 16],
    /// Processor time of one send: the server's, the sandbox's, wechatpy's.
    costs: [Vec<f64>; 3],
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let (rounds, scale) = (setting("MENFANG_BENCH_ROUNDS", 7), setting("MENFANG_BENCH_SCALE", 100));
    let amount = |usual: usize| (usual * scale / 100).max(1);
    let mut bench = Bench::start(Amounts {
        commits: amount(1_000),
        orders: amount(100),
        followers: amount(100_000),
        sends: amount(5_000).min(10_000),
        slow_sends: amount(1_000).min(1_000),
    })
    .await?;
    // Round by round and not number by number: what slows the machine for a while slows all of them.
    for _ in 0..rounds {
        bench.round().await?;
    }
    bench.print(rounds)?;
    bench.stop().await;
    Ok(())
}

impl Bench {
    async fn start(amounts: Amounts) -> anyhow::Result<Self> {
        let wechat = WeChat::start()?;
        let python = WechatPy::install();
        let fast = [("wechat.sends_per_second", "10000")];
        let sender = Stage::start(&wechat, SENDER, &fast, amounts.sends).await?;
        // As slow as it can be: of what is spread, next to nothing is sent.
        let slow = [("wechat.sends_per_second", "1")];
        let crowd = Stage::start(&wechat, CROWD, &slow, amounts.followers).await?;
        let server = Box::pin(OnPostgres::start(&wechat, &slow, amounts.followers)).await.map(Box::new);
        let folder = sender.folder();
        let outcomes = Outcomes::open(&format!("sqlite://{}", folder.join("outcomes.db").display())).await?;
        let (commits, bare, indexed) =
            (Commits::open(folder).await?, Rows::bare(folder).await?, Rows::indexed(folder).await?);
        let people = wechat.followers(SENDER).await?;
        let of = |line: Line| Some(line as usize);
        let rates = [
            Rate::new("SQLite commits of one row", None),
            Rate::new("orders accepted over HTTP, 8 at once", of(Line::Commits)),
            Rate::new("rows into a bare table, 500 a statement", None),
            Rate::new("the same rows into the server's own table", of(Line::BareRows)),
            Rate::new("deliveries spread over followers", of(Line::BareRows)),
            Rate::new("bare HTTP sends, 64 at once", None),
            Rate::new("wechatpy, 16 threads", None),
            Rate::new("sends", of(Line::Python)),
            Rate::new("sends while their receipts come", of(Line::Python)),
            Rate::new("wechatpy, 16 threads, WeChat takes 50 ms", None),
            Rate::new("sends, WeChat takes 50 ms", of(Line::SlowPython)),
            Rate::new("receipts taken and entered, 16 at once", of(Line::Commits)),
            Rate::new("outcomes recorded, 200 a unit", of(Line::BareRows)),
            Rate::new("PostgreSQL: rows into a bare table", None),
            Rate::new("PostgreSQL: deliveries spread over followers", of(Line::PostgresBareRows)),
            Rate::new("PostgreSQL: outcomes recorded", of(Line::PostgresBareRows)),
        ];
        let costs = Default::default();
        Ok(Self {
            amounts,
            wechat,
            sender,
            crowd,
            people,
            commits,
            bare,
            indexed,
            outcomes,
            server,
            python,
            rates,
            costs,
        })
    }

    async fn stop(self) {
        self.sender.stop().await;
        self.crowd.stop().await;
        if let Ok(server) = self.server {
            server.crowd.stop().await;
        }
    }

    fn add(&mut self, line: Line, per_second: f64) {
        self.rates[line as usize].add(per_second);
    }

    async fn round(&mut self) -> anyhow::Result<()> {
        let Amounts { commits, orders, followers, .. } = self.amounts;
        let rate = measure(commits, self.commits.write(commits)).await?;
        self.add(Line::Commits, rate);
        let ordered = self.sender.order_for_tomorrow(&self.people, CLIENTS, orders);
        let rate = measure(CLIENTS * orders, ordered).await?;
        self.add(Line::Orders, rate);
        let rate = measure(followers, self.bare.write(followers)).await?;
        self.add(Line::BareRows, rate);
        let rate = measure(followers, self.indexed.write(followers)).await?;
        self.add(Line::IndexedRows, rate);
        let spread = async {
            let order = self.crowd.order(&json!({"followers": "all"})).await?;
            self.crowd.spread(&order, followers).await
        };
        let rate = measure(followers, spread).await?;
        self.add(Line::Spread, rate);
        let outcomes = (followers / 5).max(1);
        let sending = self.outcomes.take(outcomes).await?;
        let rate = measure(outcomes, self.outcomes.record(&sending)).await?;
        self.add(Line::Outcomes, rate);
        self.write_on_postgres().await?;
        self.send().await?;
        self.send_slowly().await
    }

    async fn write_on_postgres(&mut self) -> anyhow::Result<()> {
        let Ok(server) = &self.server else { return Ok(()) };
        let many = self.amounts.followers;
        let bare = measure(many, server.bare.write(many)).await?;
        let spread = async {
            let order = server.crowd.order(&json!({"followers": "all"})).await?;
            server.crowd.spread(&order, many).await
        };
        let spread = measure(many, spread).await?;
        let outcomes = (many / 5).max(1);
        let sending = server.outcomes.take(outcomes).await?;
        let outcomes = measure(outcomes, server.outcomes.record(&sending)).await?;
        self.add(Line::PostgresBareRows, bare);
        self.add(Line::PostgresSpread, spread);
        self.add(Line::PostgresOutcomes, outcomes);
        Ok(())
    }

    async fn send(&mut self) -> anyhow::Result<()> {
        let many = self.amounts.sends;
        let rate = measure(many, self.send_bare(many)).await?;
        self.add(Line::BareSends, rate);
        if let Ok(python) = &self.python {
            let took = python.send(&self.wechat, SENDER, &self.people[..many], THREADS).await?;
            self.costs[2].push(took.cpu);
            self.add(Line::Python, took.per_second);
        }
        let everybody = json!({"followers": "all"});
        self.sender.have_receipts(&self.wechat, false).await?;
        let before = (cpu::used(None)?, cpu::used(Some(self.wechat.process()))?);
        let mut order = String::new();
        let sent = async {
            order = self.sender.order(&everybody).await?;
            self.sender.sent(&order, many).await
        };
        let rate = measure(many, sent).await?;
        self.add(Line::Sends, rate);
        let each = f64::from(u32::try_from(many)?);
        self.costs[0].push((cpu::used(None)? - before.0) / each);
        self.costs[1].push((cpu::used(Some(self.wechat.process()))? - before.1) / each);
        let callbacks = self.sender.callbacks()?;
        let messages = self.wechat.messages(SENDER, many).await?;
        let receipts = messages.iter().map(|one| callbacks.arrived(one)).collect::<Result<Vec<_>, _>>()?;
        let entered = async {
            self.sender.post(&receipts, RECEIPTS).await?;
            self.sender.delivered(&order, many).await
        };
        let rate = measure(many, entered).await?;
        self.add(Line::Receipts, rate);
        self.sender.have_receipts(&self.wechat, true).await?;
        let sent = async {
            order = self.sender.order(&everybody).await?;
            self.sender.sent(&order, many).await
        };
        let rate = measure(many, sent).await?;
        self.add(Line::SendsWithReceipts, rate);
        self.sender.delivered(&order, many).await
    }

    async fn send_slowly(&mut self) -> anyhow::Result<()> {
        let many = self.amounts.slow_sends;
        let some = &self.people[..many];
        self.sender.have_receipts(&self.wechat, false).await?;
        self.wechat.take(SLOW).await?;
        let python = match &self.python {
            Ok(python) => Some(python.send(&self.wechat, SENDER, some, THREADS).await?),
            Err(_) => None,
        };
        let sent = async {
            let order = self.sender.order(&json!({"openids": some})).await?;
            self.sender.sent(&order, many).await
        };
        let rate = measure(many, sent).await?;
        self.add(Line::SlowSends, rate);
        if let Some(took) = python {
            self.add(Line::SlowPython, took.per_second);
        }
        self.wechat.take(0).await
    }

    async fn send_bare(&self, many: usize) -> anyhow::Result<()> {
        let token = self.wechat.token(SENDER).await?;
        let one = |client: usize| {
            let (people, token) = (&self.people[..many], token.as_str());
            async move {
                for openid in people.iter().skip(client).step_by(IN_FLIGHT) {
                    let data =
                        json!({"thing1": {"value": "Order 42"}, "time2": {"value": "2026-11-22 18:00"}});
                    let message = json!({"touser": openid, "template_id": TEMPLATE, "data": data});
                    self.wechat.send(token, &message).await?;
                }
                anyhow::Ok(())
            }
        };
        try_join_all((0..IN_FLIGHT).map(one)).await?;
        Ok(())
    }

    fn print(&self, rounds: usize) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        rates::print(&mut out, rounds, &self.rates)?;
        if let Err(error) = &self.python {
            writeln!(out, "\nwechatpy was not measured: {error}")?;
        }
        if let Err(error) = &self.server {
            writeln!(out, "\nPostgreSQL was not measured: {error}")?;
        }
        let cost = |of: usize| {
            let median = cpu::median(self.costs[of].clone());
            median.map_or("-".to_owned(), |seconds| format!("{:.0} us", seconds * 1e6))
        };
        writeln!(
            out,
            "\nProcessor time of one send: server {}, sandbox {}, wechatpy {}.\n\
             The budget: sends 8 x wechatpy with 16 threads; 100000 deliveries spread a second.",
            cost(0),
            cost(1),
            cost(2)
        )?;
        Ok(())
    }
}
