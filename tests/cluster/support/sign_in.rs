//! One sign-in, where nothing stands in its way.

use std::time::Duration;

use super::{Cluster, Ended, Pc, Person};

/// Somebody signs in on a computer that waits at one node, by a phone that comes to another; the computer.
pub(crate) async fn sign_in_at(cluster: &Cluster, person: &Person, nodes: (usize, usize)) -> Pc {
    let (pc, here, there) = (cluster.pc(), cluster.to(nodes.0), cluster.to(nodes.1));
    let (ended, ()) = tokio::join!(pc.sign_in(here), person.help(there, pc.look()));
    let Ended::SignedIn(me) = &ended else { panic!("{ended:?}") };
    let user = me["id"].as_str().unwrap();
    assert_eq!(person.user.get_or_init(|| user.to_owned()), user, "somebody else is signed in");
    pc
}

/// The same; how long it took from the approval until the computer knew.
pub(crate) async fn sign_in(cluster: &Cluster, person: &Person, nodes: (usize, usize)) -> Duration {
    let pc = sign_in_at(cluster, person, nodes).await;
    pc.told_at().duration_since(person.approved_at())
}
