//! Everything that stories of several servers know of ports, headers, programs and tables.

mod cluster;
mod databases;
mod door;
mod folder;
mod front;
mod lossy;
mod messages;
mod node;
mod pc;
mod person;
mod program;
mod redis;
mod set_up;
mod sign_in;
mod socket;
mod web;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

pub(crate) use cluster::{Cluster, Kind, Nudges, Plan};
pub(crate) use door::Door;
pub(crate) use pc::{Ended, Pc};
pub(crate) use person::Person;
pub(crate) use set_up::SLUG;
pub(crate) use sign_in::{sign_in, sign_in_at};
pub(crate) use socket::{Heard, Socket};

/// Whether the stories are told at length.
#[expect(clippy::disallowed_methods, reason = "no setting of the server")]
pub(crate) fn long() -> bool {
    std::env::var("MENFANG_FAULTS").is_ok_and(|form| form == "long")
}

/// One of two numbers: that of the short form, or that of the long one.
pub(crate) fn short_or_long<T>(short: T, at_length: T) -> T {
    if long() { at_length } else { short }
}

/// Looks until there is something to see; nothing when the time is over.
pub(crate) async fn eventually<T>(within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let until = Instant::now() + within;
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if let Some(seen) = look().await {
            return Some(seen);
        }
        if Instant::now() > until {
            return None;
        }
    }
}

/// A number below `most`, each as likely.
pub(crate) fn random_below(most: u32) -> u32 {
    menfang::domain::clock::random_below(&menfang::server::world::OsEntropy, most)
}

/// A port that is free, and that no outgoing connection of this machine gets while its server is down.
pub(crate) fn free_port() -> u16 {
    const FIRST: u16 = 11_000;
    const MANY: u16 = 20_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(random_below(MANY.into())).unwrap();
    loop {
        let port = FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % MANY;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// So much of some measured times is this or less: `share(&times, 95)`.
pub(crate) fn share(times: &[Duration], percent: usize) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[(times.len() * percent).div_ceil(100).saturating_sub(1)]
}
