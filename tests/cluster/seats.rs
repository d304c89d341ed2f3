//! More people than seats, at two nodes at once.

use futures_util::{StreamExt, stream};

use crate::support::{Cluster, Kind, Person, Plan};

/// Every edition has so many.
const SEATS: usize = 100;
/// How many are at it at once.
const AT_ONCE: usize = 20;

/// Comes by the portal's link at one node and proves the phone at the other; how that is answered.
async fn sign_up(cluster: &Cluster, person: &Person, number: usize) -> (u16, String) {
    let (first, second) = (cluster.to(number % 2), cluster.to((number + 1) % 2));
    person.enter(first).await.unwrap();
    let answer = person.bind(second).await.unwrap();
    (answer.status, answer.code())
}

async fn the_last_seats_are_taken_once(kind: Kind) {
    // Everybody asks for a code of the same organization at once, which counts them one by one.
    let settings = [("database.answer_milliseconds", "5000")];
    let cluster = Cluster::set(Plan { kind, settings: &settings, ..Plan::default() }).await;
    let one = async |number| {
        let person = cluster.person("Alice").await;
        sign_up(&cluster, &person, number).await
    };
    let answers: Vec<_> = stream::iter(0..2 * SEATS).map(one).buffer_unordered(AT_ONCE).collect().await;
    let of =
        |status: u16, code: &str| answers.iter().filter(|(was, said)| *was == status && said == code).count();
    assert_eq!((of(200, "200"), of(409, "seats_full")), (SEATS, SEATS), "{answers:?}");
    let seats = cluster.until(&cluster.own("/seats"), |_| true).await;
    assert_eq!(seats["external_users"]["used"], SEATS);
}

#[actix_web::test]
async fn the_last_seats_are_taken_once_on_postgresql() {
    the_last_seats_are_taken_once(Kind::Postgres).await;
}

#[actix_web::test]
async fn the_last_seats_are_taken_once_on_mariadb() {
    the_last_seats_are_taken_once(Kind::MariaDb).await;
}
