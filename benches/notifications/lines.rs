//! The lines of the table.

use crate::report::{self, Table, Unit};

/// What is measured, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Line {
    Commits,
    OrdersHalf,
    Orders,
    OrdersTwice,
    BareRows,
    IndexedRows,
    Spread,
    Outcomes,
    PostgresBareRows,
    PostgresSpread,
    PostgresOutcomes,
    BareSends,
    Python,
    Sends,
    SendsWithReceipts,
    SlowPython,
    SlowSends,
    Receipts,
    SendCost,
    SandboxCost,
    PythonCost,
}

impl Line {
    /// By which the table names it.
    pub(crate) fn key(self) -> String {
        format!("notifications.{self:?}")
    }

    fn named(self, name: &str) -> report::Line {
        let cost = matches!(self, Self::SendCost | Self::SandboxCost | Self::PythonCost);
        report::Line::new(self.key(), name, if cost { Unit::Microseconds } else { Unit::PerSecond })
    }
}

/// Declares all of them.
pub(super) fn declare(table: &mut Table) {
    use Line as L;
    let of = Line::key;
    let orders = |line: Line, at_once: f64| {
        let name = format!("orders accepted over HTTP, {at_once} at once");
        line.named(&name).against(of(L::Commits)).grows("orders accepted", at_once)
    };
    table.declare([
        L::Commits.named("SQLite commits of one row"),
        orders(L::OrdersHalf, 4.0),
        orders(L::Orders, 8.0),
        orders(L::OrdersTwice, 16.0),
        L::BareRows.named("rows into a bare table, 500 a statement"),
        L::IndexedRows.named("the same rows into the server's own table").against(of(L::BareRows)),
        L::Spread
            .named("deliveries spread over followers")
            .against(of(L::BareRows))
            .budget("100,000", &[(100_000.0, "")])
            .stretch("0.6 of the bare table", &[(0.6, &of(L::BareRows))]),
        L::Outcomes
            .named("outcomes recorded, 200 a unit")
            .against(of(L::BareRows))
            .budget("50,000", &[(50_000.0, "")]),
        L::PostgresBareRows.named("PostgreSQL: rows into a bare table, 500 a statement"),
        L::PostgresSpread
            .named("PostgreSQL: deliveries spread over followers")
            .against(of(L::PostgresBareRows))
            .budget("50,000", &[(50_000.0, "")])
            .stretch("0.6 of the bare table", &[(0.6, &of(L::PostgresBareRows))]),
        L::PostgresOutcomes
            .named("PostgreSQL: outcomes recorded, 200 a unit")
            .against(of(L::PostgresBareRows))
            .budget("50,000", &[(50_000.0, "")]),
        L::BareSends.named("bare HTTP sends, 64 at once"),
        L::Python.named("wechatpy, 16 threads"),
        L::Sends.named("sends").against(of(L::Python)).budget("8 x wechatpy", &[(8.0, &of(L::Python))]),
        L::SendsWithReceipts.named("sends while their receipts come").against(of(L::Python)),
        L::SlowPython.named("wechatpy, 16 threads, WeChat takes 50 ms"),
        L::SlowSends.named("sends, WeChat takes 50 ms").against(of(L::SlowPython)),
        L::Receipts.named("receipts taken and entered, 16 at once").against(of(L::Commits)),
        L::SendCost.named("processor time of a send, the server's"),
        L::SandboxCost.named("processor time of a send, the pretend WeChat's").against(of(L::SendCost)),
        L::PythonCost.named("processor time of a send, wechatpy's").against(of(L::SendCost)),
    ]);
}
