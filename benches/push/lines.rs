//! The lines of the table.

use crate::load::offered::Took;
use crate::peers::{HOLDERS, Peer};
use crate::report::{Line, Table, Unit};

/// Pushes a second that are offered; budget and stretch in round trips at p50, where something was promised.
pub(super) const RATES: [(f64, Option<(f64, f64)>); 4] =
    [(100.0, None), (250.0, None), (500.0, Some((2.0, 1.7))), (2_000.0, Some((2.3, 2.0)))];
/// The same at p99.
const LATE: (f64, f64) = (3.0, 2.5);

/// The line of what pings cost by themselves.
pub(crate) const PINGS: &str = "peers.tokio.rest";

/// The line of a rate: by whom it is, and whether it is p50, p99 or what one costs.
fn key(rate: f64, who: &str, share: &str) -> String {
    format!("push.{rate}.{who}.{share}")
}

/// What a confirmation costs at a rate, what the waiting cost meanwhile included.
pub(super) fn add_cost(table: &mut Table, rate: f64, microseconds: f64) {
    table.add(&key(rate, "own", "cost"), microseconds);
}

pub(super) fn add(table: &mut Table, rate: f64, who: &str, took: &Took) {
    table.add(&key(rate, who, "p50"), took.p50);
    table.add(&key(rate, who, "p99"), took.p99);
}

pub(super) fn declare(table: &mut Table, idle: usize) {
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
    let curve = "processor time of a confirmation, the waiting included";
    table.declare(RATES.map(|(rate, _)| {
        let name = format!("{curve}, {rate} a second");
        Line::new(key(rate, "own", "cost"), name, Unit::Microseconds).grows(curve, rate)
    }));
    let memory = |peer: Peer| {
        let name = format!("{}, memory of a socket, of {idle}", peer.name());
        Line::new(format!("peers.{}.memory", peer.key()), name, Unit::KibiBytes)
    };
    let open = |peer: Peer| {
        let name = format!("{}, processor time of a new socket", peer.name());
        Line::new(format!("peers.{}.open", peer.key()), name, Unit::Microseconds)
    };
    let rest = format!("{}, processor while {idle} wait, of a core", Peer::Tokio.name());
    table.declare([Line::new(PINGS, rest, Unit::Percent)]);
    table.declare(HOLDERS.map(memory).into_iter().chain(HOLDERS.map(open)));
}
