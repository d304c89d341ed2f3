//! How fast orders are taken, spread, sent and confirmed. The servers run in a process of their own, which is told when a round begins,
//! and which has all cores.

mod callbacks;
mod lines;
mod on_postgres;
mod outcomes;
mod process;
mod rows;
mod stage;
mod wechatpy;

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use on_postgres::OnPostgres;
use outcomes::Outcomes;
use rows::Rows;
use serde_json::json;
use stage::{Stage, TEMPLATE};
use wechatpy::WechatPy;

use crate::measure::commits::Commits;
use crate::measure::cores::Cores;
use crate::measure::cost as cpu;
use crate::measure::rates::measure;
use crate::measure::sandbox::WeChat;
use crate::run::Arguments;
use crate::waiting::count;

pub(crate) use lines::{Line, Load};
pub(crate) use process::{Notifications, obey};

/// The account that sends.
const SENDER: &str = "wx0123456789abcdef";
/// The account whose orders are only spread.
const CROWD: &str = "wxfedcba9876543210";
/// Orders on their way at the same time, at the least.
const ORDERS: usize = 4;
/// Receipts on their way at the same time, at the least.
const RECEIPTS: usize = 8;
/// Outcomes that are written down together, at the least; the dispatcher's most is four times that.
const IN_UNIT: usize = 125;
/// Bare sends on their way at the same time, as many as the server has by default.
const IN_FLIGHT: usize = 64;
/// Threads of wechatpy.
const THREADS: usize = 16;
/// How long WeChat takes for a send in the lines that say so, in milliseconds.
const SLOW: u64 = 50;

/// Messages of one round, at most: four orders, of which each may name so many people.
const MOST: usize = 4 * 1_000;

/// How much is done in one round.
struct Amounts {
    commits: usize,
    orders: usize,
    followers: usize,
    sends: usize,
    slow_sends: usize,
}

/// Of so many deliveries, how many outcomes are written down.
fn outcomes(followers: usize) -> usize {
    (followers / 5).max(1)
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
    /// What this round has measured.
    numbers: BTreeMap<Line, f64>,
}

impl Amounts {
    /// So many hundredths of the usual work.
    fn scaled(scale: usize) -> Self {
        let amount = |usual: usize| (usual * scale / 100).max(1);
        // What is measured at several loads can be divided by four.
        let whole = |many: usize| many.next_multiple_of(4);
        Self {
            commits: amount(1_000),
            orders: amount(100),
            followers: whole(amount(100_000)),
            sends: whole(amount(MOST).min(MOST)),
            slow_sends: whole(amount(2_000).min(2_000)),
        }
    }
}

impl Bench {
    async fn start(amounts: Amounts, cores: Cores, arguments: &Arguments) -> anyhow::Result<Self> {
        let wechat = WeChat::start(&format!("{},{}", cores.measured, cores.load), &arguments.binary)?;
        let wanted = arguments.peers != 0;
        let python = if wanted { WechatPy::install() } else { Err(anyhow::anyhow!("not wanted")) };
        let fast = [("wechat.sends_per_second", "100000")];
        let sender = Stage::start(&wechat, SENDER, &fast, amounts.sends).await?;
        // As slow as it can be: of what is spread, next to nothing is sent.
        let slow = [("wechat.sends_per_second", "1")];
        let crowd = Stage::start(&wechat, CROWD, &slow, amounts.followers).await?;
        let server =
            Box::pin(OnPostgres::start(&wechat, &slow, amounts.followers, cores)).await.map(Box::new);
        let folder = sender.folder();
        let outcomes = Outcomes::open(&format!("sqlite://{}", folder.join("outcomes.db").display())).await?;
        let (commits, bare, indexed) = (
            Commits::open(folder, "reference.db").await?,
            Rows::bare(folder).await?,
            Rows::indexed(folder).await?,
        );
        let people = wechat.followers(SENDER).await?;
        let numbers = BTreeMap::new();
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
            numbers,
        })
    }

    async fn stop(self) {
        self.sender.stop().await;
        self.crowd.stop().await;
        if let Ok(server) = self.server {
            server.stop().await;
        }
    }

    fn add(&mut self, line: Line, per_second: f64) {
        self.numbers.insert(line, per_second);
    }

    async fn round(&mut self) -> anyhow::Result<()> {
        let Amounts { commits, orders, followers, .. } = self.amounts;
        let rate = measure(commits, self.commits.write(commits)).await?;
        self.add(Line::Commits, rate);
        for load in Load::ALL {
            let clients = load.of(ORDERS);
            let each = (8 * orders / clients).max(1);
            let ordered = self.sender.order_for_tomorrow(&self.people, clients, each);
            let rate = measure(clients * each, ordered).await?;
            self.add(Line::Orders(load), rate);
        }
        let rate = measure(followers, self.bare.write(followers)).await?;
        self.add(Line::BareRows, rate);
        let rate = measure(followers, self.indexed.write(followers)).await?;
        self.add(Line::IndexedRows, rate);
        let spread = self.crowd.spread(followers).await?;
        self.numbers.extend(spread.map(|(load, rate)| (Line::Spread(load), rate)));
        let outcomes = self.outcomes.rates(outcomes(followers)).await?;
        self.numbers.extend(outcomes.map(|(load, rate)| (Line::Outcomes(load), rate)));
        if let Ok(server) = &self.server {
            let rates = server.round(followers).await?;
            self.numbers.extend(rates);
        }
        self.send().await?;
        self.send_slowly().await
    }

    async fn send(&mut self) -> anyhow::Result<()> {
        let many = self.amounts.sends;
        let rate = measure(many, self.send_bare(many)).await?;
        self.add(Line::BareSends, rate);
        if let Ok(python) = &self.python {
            let took = python.send(&self.wechat, SENDER, &self.people[..many], THREADS).await?;
            self.add(Line::PythonCost, took.cpu * 1e6);
            self.add(Line::Python, took.per_second);
        }
        for load in Load::ALL {
            self.send_and_confirm(load).await?;
        }
        self.sender.have_receipts(&self.wechat, true).await?;
        for load in Load::ALL {
            let (orders, rate) = self.sent(load, self.amounts.sends / 4).await?;
            self.add(Line::SendsWithReceipts(load), rate);
            self.delivered(&orders).await?;
        }
        Ok(())
    }

    /// Sends orders at once, each to so many other people; gives them, and how many messages that were a second.
    async fn sent(&self, load: Load, each: usize) -> anyhow::Result<(Vec<(String, usize)>, f64)> {
        let many = load.of(each);
        let mut orders = Vec::new();
        let sent = async {
            let ordered = self.people[..many].chunks(each).map(async |some| {
                anyhow::Ok((self.sender.order(&json!({"openids": some})).await?, some.len()))
            });
            orders = try_join_all(ordered).await?;
            // One after the other: looking costs the server something.
            for (order, each) in &orders {
                self.sender.sent(order, *each).await?;
            }
            Ok(())
        };
        let rate = measure(many, sent).await?;
        Ok((orders, rate))
    }

    async fn delivered(&self, orders: &[(String, usize)]) -> anyhow::Result<()> {
        for (order, each) in orders {
            self.sender.delivered(order, *each).await?;
        }
        Ok(())
    }

    /// Orders at once, each to other people, and their receipts, which come when everything was sent.
    async fn send_and_confirm(&mut self, load: Load) -> anyhow::Result<()> {
        let each = self.amounts.sends / 4;
        let many = load.of(each);
        self.sender.have_receipts(&self.wechat, false).await?;
        let before = (cpu::used(None)?, cpu::used(Some(self.wechat.process()))?);
        let (orders, rate) = self.sent(load, each).await?;
        self.add(Line::Sends(load), rate);
        let (own, sandbox) =
            (cpu::used(None)? - before.0, cpu::used(Some(self.wechat.process()))? - before.1);
        self.add(Line::SendCost(load), own * 1e6 / count(many));
        if load == Load::FourTimes {
            self.add(Line::SandboxCost, sandbox * 1e6 / count(many));
        }
        let callbacks = self.sender.callbacks()?;
        let messages = self.wechat.messages(SENDER, many).await?;
        let receipts = messages.iter().map(|one| callbacks.arrived(one)).collect::<Result<Vec<_>, _>>()?;
        let entered = async {
            self.sender.post(&receipts, load.of(RECEIPTS)).await?;
            self.delivered(&orders).await
        };
        let rate = measure(many, entered).await?;
        self.add(Line::Receipts(load), rate);
        Ok(())
    }

    async fn send_slowly(&mut self) -> anyhow::Result<()> {
        let many = self.amounts.slow_sends;
        self.sender.have_receipts(&self.wechat, false).await?;
        self.wechat.take(SLOW).await?;
        let python = match &self.python {
            Ok(python) => Some(python.send(&self.wechat, SENDER, &self.people[..many], THREADS).await?),
            Err(_) => None,
        };
        for load in Load::ALL {
            let (_, rate) = self.sent(load, many / 4).await?;
            self.add(Line::SlowSends(load), rate);
        }
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
}
