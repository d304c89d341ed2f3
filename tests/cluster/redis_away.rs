//! Redis goes away, and people sign in all the same.

use std::cell::Cell;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::support::{Cluster, Nudges, Person, Plan, share, short_or_long, sign_in_at};

/// How many are at it at once.
const AT_ONCE: usize = 3;
/// How long nodes may take to notice that it is back.
const BACK: Duration = Duration::from_secs(10);

/// No request waits longer for a Redis that does not answer.
const REQUEST: Duration = Duration::from_secs(2);

/// When somebody approved, and how long it took until the browser knew.
type Told = (Instant, Duration);

/// The browser waits at one node and the phone comes to the other, again and again until it is over.
async fn sign_in_again_and_again(cluster: &Cluster, person: &Person, over: &Cell<bool>) -> Vec<Told> {
    let mut told = Vec::new();
    while !over.get() {
        let pc = sign_in_at(cluster, person, (0, 1)).await;
        told.push((pc.told_at(), pc.told_at().duration_since(person.approved_at())));
        let slowest = pc.web.slowest().max(person.web.slowest());
        assert!(slowest <= REQUEST, "a request took {slowest:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    told
}

/// Signs in while Redis is away and for a while after it is back; checks how soon browsers knew.
async fn nobody_waits(cluster: &Cluster, goes: impl AsyncFn(), comes: impl AsyncFn()) {
    let away = Duration::from_secs(short_or_long(20, 60));
    let people = join_all((0..AT_ONCE).map(|_| cluster.person("Alice"))).await;
    for person in &people {
        sign_in_at(cluster, person, (0, 1)).await;
    }
    let over = Cell::new(false);
    let faults = async {
        goes().await;
        let went = Instant::now();
        tokio::time::sleep(away).await;
        let came = Instant::now();
        comes().await;
        tokio::time::sleep(BACK + Duration::from_secs(5)).await;
        over.set(true);
        (went, came)
    };
    let all = join_all(people.iter().map(|person| sign_in_again_and_again(cluster, person, &over)));
    let (all, (went, came)) = tokio::join!(all, faults);
    let told: Vec<Told> = all.into_iter().flatten().collect();
    let between = |from: Instant, to: Instant| {
        let told = told.iter().filter(|(at, _)| *at > from && *at < to);
        told.map(|(_, took)| *took).collect::<Vec<_>>()
    };
    let (during, after) = (between(went, came), between(came + BACK, came + Duration::from_mins(1)));
    let (late, median) = (share(&during, 95), share(&after, 50));
    eprintln!(
        "{} while it was away, p95 {late:?}; {} after it, median {median:?}",
        during.len(),
        after.len()
    );
    assert!(late <= Duration::from_secs(3), "{late:?} until browsers knew");
    assert!(median <= Duration::from_millis(500), "{median:?} after it was back");
}

#[actix_web::test]
async fn people_sign_in_while_redis_is_dead() {
    let cluster = Cluster::set(Plan { nudges: Nudges::Redis, ..Plan::default() }).await;
    let redis = cluster.redis.as_ref().unwrap();
    nobody_waits(&cluster, async || redis.kill(), async || redis.start_again().await).await;
}

#[actix_web::test]
async fn people_sign_in_while_redis_says_nothing() {
    let cluster = Cluster::set(Plan { nudges: Nudges::Redis, ..Plan::default() }).await;
    let redis = cluster.redis.as_ref().unwrap();
    nobody_waits(&cluster, async || redis.freeze(), async || redis.thaw()).await;
}
