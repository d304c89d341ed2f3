//! The same of other programs: somebody posts, a socket is told.

use std::ops::Range;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::try_join_all;

use crate::load::offered::{self, Push};
use crate::load::socket::{Open, Socket};
use crate::measure::cost;
use crate::peers::serve::FRAME;
use crate::peers::{Peer, Running};
use crate::report::Table;
use crate::run::{Bench, say};
use crate::waiting::count;

use super::lines::{PINGS, RATES, add};
use super::{AT_ONCE, IDLE, many};

/// What was only used while they came is given back in this time, if ever.
const SETTLE: Duration = Duration::from_secs(1);

/// Has thousands of sockets wait at one of them, and tells some of them something.
pub(super) async fn push(bench: &Bench, table: &mut Table, peer: Peer, folder: &Path) -> anyhow::Result<()> {
    let idle = bench.sockets(IDLE);
    say(format!("  {}: {idle} sockets wait", peer.name()));
    let running = peer.start(bench.cores.measured, folder).await?;
    let open = Open::default();
    let first = hold(&running, usize::MAX - 1..usize::MAX, &open).await?;
    drop(first);
    let (memory, cpu) = (cost::memory(running.process)?, cost::used(Some(running.process))?);
    let mut sockets = hold(&running, 0..idle, &open).await?;
    table.add(
        &format!("peers.{}.open", peer.key()),
        (cost::used(Some(running.process))? - cpu) * 1e6 / count(idle),
    );
    tokio::time::sleep(SETTLE).await;
    anyhow::ensure!(open.get() == idle, "{}: {} of {idle} are still there", peer.name(), open.get());
    table.add(
        &format!("peers.{}.memory", peer.key()),
        (cost::memory(running.process)? - memory) / count(idle),
    );
    if peer == Peer::Tokio {
        table.add(PINGS, cost::rest(running.process).await?);
    }
    for (rate, _) in RATES {
        let some = sockets.iter_mut().enumerate().take(many(bench, rate));
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
            None => table.note(format!("{}: {rate} a second were not reached", peer.name())),
        }
    }
    Ok(())
}

/// Sockets of another program, in the order of their numbers.
async fn hold(running: &Running, numbers: Range<usize>, open: &Open) -> anyhow::Result<Vec<Socket>> {
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
