//! One node after the other is restarted, and nobody who waits has to begin anew.

use std::time::Duration;

use futures_util::future::join_all;

use crate::support::{Cluster, Ended, Pc, Person, Plan, eventually};

/// As configured for all stories: `http.shutdown_seconds`, and a moment to notice.
const STOP: Duration = Duration::from_millis(6_500);
const BROWSERS: usize = 24;

/// Restarts a node as an operator does, behind a balancer that looks at `/readyz`.
async fn restart(cluster: &Cluster, number: usize) {
    let node = &cluster.nodes[number];
    cluster.leave_out(number);
    node.signal("TERM");
    let end = node.ends(STOP).await;
    assert!(end.is_some_and(|status| status.success()), "it ended with {end:?}");
    node.start();
    node.is_ready().await;
    cluster.take_in(number);
}

/// Waits until so many browsers wait, and at how many nodes.
async fn waiting(cluster: &Cluster, browsers: usize) -> usize {
    let all = eventually(Duration::from_secs(40), async || {
        let sockets = join_all(cluster.nodes.iter().map(|node| node.metric("menfang_sockets"))).await;
        let sockets: Vec<u64> = sockets.into_iter().map(Option::unwrap_or_default).collect();
        (sockets.iter().sum::<u64>() >= browsers as u64).then_some(sockets)
    });
    let sockets = all.await.expect("the browsers do not come back");
    sockets.into_iter().filter(|at_one| *at_one > 0).count()
}

#[actix_web::test]
async fn a_rolling_restart_keeps_everybody_waiting_and_nobody_out() {
    let cluster = Cluster::set(Plan::default()).await;
    let door = cluster.door();
    let pcs: Vec<Pc> = (0..BROWSERS).map(|_| cluster.pc()).collect();
    let people: Vec<Person> = join_all((0..BROWSERS).map(|_| cluster.person("Alice"))).await;
    let story = async {
        assert_eq!(waiting(&cluster, BROWSERS).await, 2, "browsers wait at both nodes");
        restart(&cluster, 0).await;
        waiting(&cluster, BROWSERS).await;
        restart(&cluster, 1).await;
        waiting(&cluster, BROWSERS).await;
        join_all(people.iter().zip(&pcs).map(|(person, pc)| person.help(&door, pc.look()))).await;
    };
    let (ended, ()) = tokio::join!(join_all(pcs.iter().map(|pc| pc.sign_in(&door))), story);
    assert!(ended.iter().all(|ended| matches!(ended, Ended::SignedIn(_))), "{ended:?}");
    for pc in &pcs {
        assert!(pc.renewals().is_empty(), "a code that was shown before is still good: {:?}", pc.renewals());
    }
    let (sent_away, broken) =
        pcs.iter().fold((0, 0), |sum, pc| (sum.0 + pc.sent_away(), sum.1 + pc.broken()));
    // Each was at the node that was restarted last, for the other one was away before.
    assert!(sent_away >= BROWSERS, "{sent_away} were sent away");
    assert_eq!(broken, 0, "and no connection was cut off");
}
