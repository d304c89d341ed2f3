//! People sign in while nodes are killed: nobody is signed in as somebody else, and nearly everybody gets in.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Cluster, Ended, Person, Plan, short_or_long};

/// How many are at it at once.
const AT_ONCE: u32 = 20;
/// How often a node is killed.
const EVERY: Duration = Duration::from_secs(2);
/// How often nodes are killed at least.
const KILLS: u32 = 3;
/// Words that tell a person what to do next.
const CLEAR: [&str; 4] = ["expired", "denied", "unavailable", "wechat_unavailable"];

/// What came of all sign-ins.
#[derive(Default)]
struct Tally {
    begun: AtomicU32,
    finished: AtomicU32,
    over: AtomicBool,
    kills: AtomicU32,
    renewals: Mutex<Vec<String>>,
}

/// One person signs in on one computer.
async fn one(cluster: &Cluster, person: &Person, tally: &Tally) {
    let (pc, door) = (cluster.pc(), cluster.door());
    let (ended, ()) = tokio::join!(pc.sign_in(&door), person.help(&door, pc.look()));
    tally.renewals.lock().unwrap().extend(pc.renewals());
    match ended {
        Ended::SignedIn(me) => {
            let mine = format!("{}****{}", &person.number[..3], &person.number[7..]);
            assert_eq!(me["phone_masked"], mine, "somebody else is signed in");
            let user = me["id"].as_str().unwrap();
            assert_eq!(person.user.get_or_init(|| user.to_owned()), user, "somebody else is signed in");
            tally.finished.fetch_add(1, Ordering::Relaxed);
        }
        Ended::Told(word) => assert!(CLEAR.contains(&word.as_str()), "{word} tells nobody what to do"),
    }
}

/// Somebody after somebody else, new ones and such as have an account.
async fn one_after_another(cluster: &Cluster, least: u32, tally: &Tally) -> Vec<Person> {
    // Each of them takes one of the hundred seats.
    let new = 95 / AT_ONCE;
    let mut people: Vec<Person> = Vec::new();
    for turn in 0.. {
        // However fast the machine is, nodes are killed meanwhile.
        let [begun, kills] = [&tally.begun, &tally.kills].map(|count| count.load(Ordering::Relaxed));
        if begun >= least && kills >= KILLS {
            break;
        }
        tally.begun.fetch_add(1, Ordering::Relaxed);
        if people.len() < usize::try_from(new).unwrap() && turn % 2 == 0 {
            people.push(cluster.person("Alice").await);
        }
        let person = &people[turn % people.len()];
        one(cluster, person, tally).await;
    }
    people
}

/// Each number has one account, and it is the one that its person was signed in with.
async fn everybody_has_one_account(cluster: &Cluster, people: &[Person]) {
    for person in people {
        let Some(user) = person.user.get() else { continue };
        let listed = cluster.app(&format!("/external-users?phone={}", person.number));
        let listed = cluster.api(&cluster.door(), Method::GET, &listed, Value::Null).await;
        assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]["id"]), (1, &json!(user)));
    }
}

/// Kills a node every two seconds, each in its turn, and starts it again at once.
async fn kill_in_turn(cluster: &Cluster, tally: &Tally) {
    let mut moments = tokio::time::interval(EVERY);
    moments.tick().await;
    for node in cluster.nodes.iter().cycle() {
        moments.tick().await;
        if tally.over.load(Ordering::Relaxed) {
            break;
        }
        node.kill();
        node.start();
        tally.kills.fetch_add(1, Ordering::Relaxed);
    }
}

#[actix_web::test]
async fn kills_sign_nobody_in_as_somebody_else_and_keep_nearly_nobody_out() {
    let cluster = Cluster::set(Plan::default()).await;
    let (least, tally, begun) = (short_or_long(150, 1_000), Tally::default(), Instant::now());
    let people = async {
        let people = join_all((0..AT_ONCE).map(|_| one_after_another(&cluster, least, &tally))).await;
        tally.over.store(true, Ordering::Relaxed);
        people
    };
    let (people, ()) = tokio::join!(people, kill_in_turn(&cluster, &tally));
    let people: Vec<Person> = people.into_iter().flatten().collect();
    for node in &cluster.nodes {
        node.is_ready().await;
    }
    everybody_has_one_account(&cluster, &people).await;
    let again: u32 = people.iter().map(|person| person.again.load(Ordering::Relaxed)).sum();
    let [all, finished, kills] =
        [&tally.begun, &tally.finished, &tally.kills].map(|count| count.load(Ordering::Relaxed));
    let took = begun.elapsed();
    eprintln!("{finished} of {all} signed in, {kills} kills, {took:?}; {again} codes were scanned again");
    eprintln!("new codes: {:?}", tally.renewals.lock().unwrap());
    assert!(finished * 1_000 >= all * 999, "{finished} of {all}");
}
