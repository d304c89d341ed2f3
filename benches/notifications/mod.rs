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

pub(crate) use lines::Line;
pub(crate) use process::{Notifications, obey};

/// The account that sends.
const SENDER: &str = "wx0123456789abcdef";
/// The account whose orders are only spread.
const CROWD: &str = "wxfedcba9876543210";
/// Receipts on their way at the same time.
const RECEIPTS: usize = 16;
/// Bare sends on their way at the same time, as many as the server has by default.
const IN_FLIGHT: usize = 64;
/// Threads of wechatpy.
const THREADS: usize = 16;
/// How long WeChat takes for a send in the lines that say so, in milliseconds.
const SLOW: u64 = 50;

/// How much is done in one round.
struct Amounts {
    commits: usize,
    orders: usize,
    followers: usize,
    sends: usize,
    slow_sends: usize,
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
        Self {
            commits: amount(1_000),
            orders: amount(100),
            followers: amount(100_000),
            sends: amount(5_000).min(10_000),
            slow_sends: amount(1_000).min(1_000),
        }
    }
}

impl Bench {
    async fn start(amounts: Amounts, cores: Cores, arguments: &Arguments) -> anyhow::Result<Self> {
        let wechat = WeChat::start(&format!("{},{}", cores.measured, cores.load), &arguments.binary)?;
        let wanted = arguments.peers != 0;
        let python = if wanted { WechatPy::install() } else { Err(anyhow::anyhow!("not wanted")) };
        let fast = [("wechat.sends_per_second", "10000")];
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
        for (line, clients) in [(Line::OrdersHalf, 4), (Line::Orders, 8), (Line::OrdersTwice, 16)] {
            let each = (8 * orders / clients).max(1);
            let ordered = self.sender.order_for_tomorrow(&self.people, clients, each);
            let rate = measure(clients * each, ordered).await?;
            self.add(line, rate);
        }
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
        if let Ok(server) = &self.server {
            let rates = server.round(followers, outcomes).await?;
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
        let (own, sandbox) =
            (cpu::used(None)? - before.0, cpu::used(Some(self.wechat.process()))? - before.1);
        self.add(Line::SendCost, own * 1e6 / each);
        self.add(Line::SandboxCost, sandbox * 1e6 / each);
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
}
