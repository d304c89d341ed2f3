//! The lines of the table.

use crate::report::{self, Table, Unit};
use crate::waiting::count;

use super::{Amounts, IN_UNIT, ORDERS, RECEIPTS};

/// How much of something there is: once, twice and four times as much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Load {
    Once,
    Twice,
    FourTimes,
}

impl Load {
    /// The smallest first.
    pub(crate) const ALL: [Self; 3] = [Self::Once, Self::Twice, Self::FourTimes];

    /// How much that is when `once` is the smallest.
    pub(crate) fn of(self, once: usize) -> usize {
        match self {
            Self::Once => once,
            Self::Twice => 2 * once,
            Self::FourTimes => 4 * once,
        }
    }
}

/// What is measured, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Line {
    Commits,
    Orders(Load),
    BareRows,
    IndexedRows,
    Spread(Load),
    Outcomes(Load),
    PostgresBareRows,
    PostgresSpread(Load),
    PostgresOutcomes(Load),
    BareSends,
    Python,
    Sends(Load),
    SendsWithReceipts(Load),
    SlowPython,
    SlowSends(Load),
    Receipts(Load),
    SendCost(Load),
    SandboxCost,
    PythonCost,
}

impl Line {
    /// By which the table names it.
    pub(crate) fn key(self) -> String {
        format!("notifications.{self:?}")
    }

    fn named(self, name: impl Into<String>) -> report::Line {
        let cost = matches!(self, Self::SendCost(_) | Self::SandboxCost | Self::PythonCost);
        report::Line::new(self.key(), name, if cost { Unit::Microseconds } else { Unit::PerSecond })
    }

    /// A point of the curve `curve`, where there is so much of what `load` says.
    fn grown(self, curve: &str, load: &str, much: usize) -> report::Line {
        self.named(format!("{curve}, {}", load.replacen('N', &much.to_string(), 1))).grows(curve, count(much))
    }
}

/// Declares all of them.
pub(super) fn declare(table: &mut Table, amounts: &Amounts) {
    declare_rows(table, amounts);
    declare_sends(table, amounts);
}

fn declare_rows(table: &mut Table, amounts: &Amounts) {
    use Line as L;
    let of = Line::key;
    table.declare([L::Commits.named("SQLite commits of one row")]);
    table.declare(Load::ALL.map(|load| {
        L::Orders(load)
            .grown("orders accepted over HTTP", "N at once", load.of(ORDERS))
            .against(of(L::Commits))
    }));
    let spread = |line: Line, curve: &str, rows: Line, load: Load, budget: f64, words: &str| {
        let line = line.grown(curve, "of the first N", load.of(amounts.followers / 4)).against(of(rows));
        if load != Load::FourTimes {
            return line;
        }
        line.budget(words, &[(budget, "")]).stretch("0.6 of the bare table", &[(0.6, &of(rows))])
    };
    let outcomes = |line: Line, curve: &str, rows: Line, load: Load| {
        let line = line.grown(curve, "N a unit", load.of(IN_UNIT)).against(of(rows));
        if load == Load::FourTimes { line.budget("50,000", &[(50_000.0, "")]) } else { line }
    };
    table.declare([
        L::BareRows.named("rows into a bare table, 500 a statement"),
        L::IndexedRows.named("the same rows into the server's own table").against(of(L::BareRows)),
    ]);
    let name = "deliveries spread over followers";
    table.declare(
        Load::ALL.map(|load| spread(L::Spread(load), name, L::BareRows, load, 100_000.0, "100,000")),
    );
    let name = "outcomes recorded";
    table.declare(Load::ALL.map(|load| outcomes(L::Outcomes(load), name, L::BareRows, load)));
    table.declare([L::PostgresBareRows.named("PostgreSQL: rows into a bare table, 500 a statement")]);
    let name = "PostgreSQL: deliveries spread over followers";
    table
        .declare(Load::ALL.map(|load| {
            spread(L::PostgresSpread(load), name, L::PostgresBareRows, load, 50_000.0, "50,000")
        }));
    let name = "PostgreSQL: outcomes recorded";
    table.declare(Load::ALL.map(|load| outcomes(L::PostgresOutcomes(load), name, L::PostgresBareRows, load)));
}

fn declare_sends(table: &mut Table, amounts: &Amounts) {
    use Line as L;
    let of = Line::key;
    let orders = format!("N x {} people", amounts.sends / 4);
    table.declare([
        L::BareSends.named("bare HTTP sends, 64 at once"),
        L::Python.named("wechatpy, 16 threads"),
    ]);
    table.declare(Load::ALL.map(|load| {
        let line = L::Sends(load).grown("sends", &orders, load.of(1)).against(of(L::Python));
        if load == Load::FourTimes { line.budget("8 x wechatpy", &[(8.0, &of(L::Python))]) } else { line }
    }));
    table.declare(Load::ALL.map(|load| {
        L::SendsWithReceipts(load)
            .grown("sends while their receipts come", &orders, load.of(1))
            .against(of(L::Python))
    }));
    table.declare([L::SlowPython.named("wechatpy, 16 threads, WeChat takes 50 ms")]);
    let slow_orders = format!("N x {} people", amounts.slow_sends / 4);
    table.declare(Load::ALL.map(|load| {
        L::SlowSends(load)
            .grown("sends, WeChat takes 50 ms", &slow_orders, load.of(1))
            .against(of(L::SlowPython))
    }));
    table.declare(Load::ALL.map(|load| {
        L::Receipts(load)
            .grown("receipts taken and entered", "N at once", load.of(RECEIPTS))
            .against(of(L::Commits))
    }));
    table.declare(
        Load::ALL.map(|load| {
            L::SendCost(load).grown("processor time of a send, the server's", &orders, load.of(1))
        }),
    );
    table.declare([
        L::SandboxCost
            .named("processor time of a send, the pretend WeChat's")
            .against(of(L::SendCost(Load::FourTimes))),
        L::PythonCost.named("processor time of a send, wechatpy's").against(of(L::SendCost(Load::FourTimes))),
    ]);
}
