//! The database goes away: who needs it is told to come again, and who waits goes on waiting.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

use crate::support::{Cluster, Heard, Pc, Person, Plan, SLUG, Socket, eventually, short_or_long, sign_in_at};

/// An answer is there by then, in a debug build on a machine that does much else.
const ANSWER: Duration = Duration::from_millis(2_500);
/// What was read a moment before is forgotten by then, and a statement has been given up.
const FORGOTTEN: Duration = Duration::from_secs(4);
/// Everything is as before, by then.
const NORMAL: Duration = Duration::from_secs(5);

/// Somebody who is signed in, somebody whose code was scanned, and somebody whose code was not.
struct Scene {
    home: Pc,
    scanned: (Pc, Person, Socket, Option<String>, String),
    waiting: (Pc, Socket, String),
}

impl Scene {
    async fn set(cluster: &Cluster) -> Self {
        let person = cluster.person("Alice").await;
        let home = sign_in_at(cluster, &person, (0, 1)).await;
        let (pc, person) = (cluster.pc(), cluster.person("Bob").await);
        let qr = pc.new_code(cluster.to(0)).await;
        let mut socket = pc.watch(cluster.to(0), &qr).await;
        person.scan(cluster.to(1), &qr.scan_url).await.unwrap();
        person.bind(cluster.to(1)).await.unwrap().expect(200);
        let number = socket.until("verifying", ANSWER).await["match"].as_str().map(ToOwned::to_owned);
        let scanned = (pc, person, socket, number, qr.claim);
        let pc = cluster.pc();
        let qr = pc.new_code(cluster.to(1)).await;
        let mut socket = pc.watch(cluster.to(1), &qr).await;
        socket.until("waiting", ANSWER).await;
        Self { home, scanned, waiting: (pc, socket, qr.scan_url) }
    }

    /// Everything that needs the database is refused in time, at both nodes, and nothing is said to be done.
    async fn all_are_told_to_come_again(&self, cluster: &Cluster) {
        let (phone, claim) = (&self.scanned.1, &self.scanned.4);
        for door in [cluster.to(0), cluster.to(1)] {
            let new = cluster.pc();
            let (me, qr, page) =
                (format!("/p/{SLUG}/me"), format!("/p/{SLUG}/qr"), format!("/p/{SLUG}/phone"));
            let users = cluster.app("/external-users");
            let begun = Instant::now();
            let answers = tokio::join!(
                self.home.web.try_get(door, &me),
                new.web.try_post(door, &qr, &[]),
                phone.web.try_get(door, &page),
                self.scanned.0.web.try_post(door, claim, &[]),
                cluster.try_api(door, Method::GET, &users, &Value::Null),
            );
            let took = begun.elapsed();
            for answer in [answers.0, answers.1, answers.2, answers.3, answers.4] {
                let answer = answer.unwrap().expect(503);
                assert!(!answer.header("retry-after").is_empty(), "{}", answer.body);
            }
            assert!(took <= ANSWER, "answered after {took:?}");
        }
    }

    /// Nobody was sent away meanwhile; whatever is said twice is no news.
    async fn sockets_are_open(&mut self) {
        for socket in [&mut self.scanned.2, &mut self.waiting.1] {
            loop {
                match socket.hear(Duration::from_millis(100)).await {
                    Heard::Nothing => break,
                    Heard::Frame(_) => {}
                    heard => panic!("{heard:?} while the database was away"),
                }
            }
        }
    }

    /// What was begun before goes on to its end.
    async fn all_go_on(mut self, cluster: &Cluster) {
        let back = eventually(NORMAL, async || {
            for node in [0, 1] {
                let me = self.home.web.try_get(cluster.to(node), &format!("/p/{SLUG}/me")).await.ok()?;
                (me.status == 200).then_some(())?;
            }
            Some(())
        });
        back.await.expect("the database is back, and nothing is as before");
        self.sockets_are_open().await;
        let (pc, person, mut socket, number, claim) = self.scanned;
        person.approve(cluster.to(1), number.as_deref()).await.unwrap().expect(200);
        socket.until("authorized", NORMAL).await;
        pc.web.post(cluster.to(0), &claim, &[]).await.expect(200);
        let (_, mut socket, link) = self.waiting;
        let late = cluster.person("Carol").await;
        late.scan(cluster.to(0), &link).await.unwrap();
        socket.until("scanned", NORMAL).await;
    }
}

/// A code can be shown as long as its portal was read a moment ago.
async fn nothing_is_known_any_more(cluster: &Cluster) {
    for node in [0, 1] {
        let refused = eventually(FORGOTTEN, async || {
            let path = format!("/p/{SLUG}/qr");
            let ask = async |pc: Pc| Some(pc.web.try_post(cluster.to(node), &path, &[]).await.ok()?.status);
            // While a portal is kept, one of those who ask reads it anew, and the others are told what is kept.
            let both = tokio::join!(ask(cluster.pc()), ask(cluster.pc()));
            (both == (Some(503), Some(503))).then_some(())
        });
        refused.await.expect("a code is shown without a database");
    }
}

#[actix_web::test]
async fn a_frozen_database_costs_a_refusal_and_no_waiting_browser() {
    let cluster = Cluster::set(Plan::default()).await;
    let mut scene = Scene::set(&cluster).await;
    cluster.database.freeze();
    nothing_is_known_any_more(&cluster).await;
    let until = Instant::now() + Duration::from_secs(short_or_long(10, 30));
    while Instant::now() < until {
        scene.all_are_told_to_come_again(&cluster).await;
    }
    scene.sockets_are_open().await;
    cluster.database.thaw();
    scene.all_go_on(&cluster).await;
}

#[actix_web::test]
async fn a_restart_of_the_database_costs_a_refusal_and_no_waiting_browser() {
    let mut cluster = Cluster::set(Plan::default()).await;
    let mut scene = Scene::set(&cluster).await;
    cluster.database.stop_at_once().await;
    nothing_is_known_any_more(&cluster).await;
    let until = Instant::now() + Duration::from_secs(short_or_long(3, 30));
    while Instant::now() < until {
        scene.all_are_told_to_come_again(&cluster).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    scene.sockets_are_open().await;
    cluster.database.start().await;
    scene.all_go_on(&cluster).await;
}
