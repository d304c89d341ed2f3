//! Some of what Redis should pass on is lost.

use std::time::Duration;

use futures_util::future::join_all;

use crate::support::{Cluster, Nudges, Person, Plan, share, sign_in};

/// Each of so many people signs in so often.
const PEOPLE: usize = 5;
const TIMES: usize = 10;
/// A browser knows after so long at the latest, whatever is lost.
const LATEST: Duration = Duration::from_secs(5);

async fn again_and_again(cluster: &Cluster, person: &Person) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        times.push(sign_in(cluster, person, (0, 1)).await);
    }
    times
}

#[actix_web::test]
async fn lost_nudges_cost_a_moment() {
    let cluster = Cluster::set(Plan { nudges: Nudges::Lossy, ..Plan::default() }).await;
    let people = join_all((0..PEOPLE).map(|_| cluster.person("Alice"))).await;
    let times = join_all(people.iter().map(|person| again_and_again(&cluster, person))).await.concat();
    let lost = cluster.lossy.as_ref().unwrap().lost();
    let (median, worst) = (share(&times, 50), share(&times, 100));
    eprintln!("{lost} messages lost; browsers knew after {median:?}, at the latest after {worst:?}");
    assert!(lost >= 20, "{lost} messages were lost");
    assert!(worst <= LATEST, "a browser knew after {worst:?}");
}
