//! Importing followers from WeChat: all of them, once each, whatever comes in between.

use menfang::domain::follower::known_as_of;
use serde_json::{Value, json};

use super::followers::{listed, tap};
use crate::sign_in::first_time::sign_in_new;
use crate::support::TestServer;
use crate::support::server::APPID;

const LIST: &str = "/cgi-bin/user/get";
const DETAILS: &str = "/cgi-bin/user/info/batchget";

/// Lets many follow, of whom no event tells.
async fn crowd(server: &TestServer, count: u32) {
    server.sandbox_post("/sandbox/people/bulk", &json!({"appid": APPID, "count": count})).await;
}

async fn begin(server: &TestServer) -> Value {
    let path = format!("{}/followers/sync", server.org());
    server.own_backend().post(&path, json!({})).await.expect(202).json()
}

async fn progress(server: &TestServer) -> Value {
    server.own_backend().get(&format!("{}/followers/sync", server.org())).await.expect(200).json()
}

/// Calls of a path that WeChat answered well.
async fn answered(server: &TestServer, path: &str) -> u64 {
    server.sandbox_get("/sandbox/stats").await["calls"][path]["0"].as_u64().unwrap_or(0)
}

/// Waits for a call of the list that WeChat does not answer.
async fn hung(server: &TestServer) {
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(50));
    while server.sandbox_get("/sandbox/stats").await["calls"][LIST]["hung"].is_null() {
        looks.tick().await;
    }
}

/// Stops an import after so many pages.
async fn pages_at_most(server: &TestServer, pages: u64) {
    server.sandbox_faults(&json!({"paths": [LIST], "quota": pages})).await;
}

#[actix_web::test]
async fn all_followers_come_with_what_wechat_tells_of_them() {
    let server = TestServer::start().await;
    crowd(&server, 250).await;
    let begun = begin(&server).await;
    assert_eq!(
        (&begun["state"], &begun["failure"], &begun["listed"]),
        (&json!("running"), &json!(null), &json!(0))
    );
    server.import_followers().await;
    let done = progress(&server).await;
    assert_eq!((&done["id"], &done["state"]), (&begun["id"], &json!("done")));
    for count in ["total", "listed", "detailed"] {
        assert_eq!(done[count], 250, "{count}");
    }
    let all = listed(&server, "?limit=500&follows=true").await;
    assert_eq!(all["total"], 250);
    let whole = |row: &Value| row["scene"] == "ADD_SCENE_SEARCH" && row["followed_at"].is_string();
    assert!(all["items"].as_array().unwrap().iter().all(whole));
    assert_eq!((answered(&server, LIST).await, answered(&server, DETAILS).await), (1, 3));
    let log = server.own_backend().get(&format!("{}/audit?action=followers_imported", server.org())).await;
    let log = log.expect(200).json();
    let results: Vec<_> = log["items"].as_array().unwrap().iter().map(|line| &line["result"]).collect();
    assert!(
        results.len() == 2 && results.contains(&&json!("begun")) && results.contains(&&json!("ok")),
        "{log}"
    );

    // A second import asks about everybody once more.
    server.advance(60);
    let again = begin(&server).await;
    assert_ne!(again["id"], begun["id"]);
    server.import_followers().await;
    assert_eq!(progress(&server).await["detailed"], 250);
    assert_eq!(listed(&server, "").await["total"], 250);
}

#[actix_web::test]
async fn nobody_follows_and_the_import_is_done() {
    let server = TestServer::start().await;
    begin(&server).await;
    server.import_followers().await;
    let done = progress(&server).await;
    assert_eq!((&done["state"], &done["listed"]), (&json!("done"), &json!(0)));
}

#[actix_web::test]
async fn while_one_runs_there_is_no_second() {
    let server = TestServer::start().await;
    crowd(&server, 10).await;
    pages_at_most(&server, 0).await;
    let first = begin(&server).await;
    server.import_followers().await;
    let all = futures_util::future::join_all((0..20).map(|_| begin(&server))).await;
    assert!(all.iter().all(|import| import["id"] == first["id"]), "{all:?}");
    let paused = progress(&server).await;
    assert_eq!((&paused["state"], &paused["failure"]), (&json!("paused"), &json!("quota")));
    assert!(server.rows().await.contains(&("follower_imports".into(), 1)));
    server.sandbox_faults(&json!({})).await;
    server.advance(3_600);
    server.import_followers().await;
    assert_eq!(progress(&server).await["state"], "done");
    pages_at_most(&server, 0).await;
    let together = futures_util::future::join_all((0..20).map(|_| begin(&server))).await;
    assert!(together.iter().all(|import| import["id"] == together[0]["id"]));
}

#[actix_web::test]
async fn after_a_pause_and_a_restart_it_goes_on_with_the_next_page() {
    let mut server = TestServer::start().await;
    crowd(&server, 25_000).await;
    pages_at_most(&server, 1).await;
    begin(&server).await;
    server.import_followers().await;
    let paused = progress(&server).await;
    assert_eq!(
        (&paused["state"], &paused["listed"], &paused["total"]),
        (&json!("paused"), &json!(10_000), &json!(25_000))
    );
    server.stop().await;
    server.start_again().await;
    server.import_followers().await;
    assert_eq!(progress(&server).await["listed"], 10_000, "a restart does not shorten the pause");
    server.sandbox_faults(&json!({})).await;
    server.advance(3_600);
    server.import_followers().await;
    let done = progress(&server).await;
    assert_eq!(
        (&done["state"], &done["listed"], &done["detailed"]),
        (&json!("done"), &json!(25_000), &json!(25_000))
    );
    assert_eq!((answered(&server, LIST).await, answered(&server, DETAILS).await), (3, 250));
    assert_eq!(listed(&server, "?follows=true").await["total"], 25_000);
    let rows = server.database().await;
    if rows.is_postgres() {
        let counted =
            rows.ask("SELECT reltuples::bigint AS n FROM pg_class WHERE relname = 'followers'").await;
        assert_eq!(counted[0].try_get::<i64>("", "n").unwrap(), 25_000, "its plans are made for so many");
    }
}

#[actix_web::test]
async fn stopped_in_the_middle_of_a_call_it_makes_that_call_again_and_no_other() {
    let mut server = TestServer::start().await;
    crowd(&server, 21_000).await;
    pages_at_most(&server, 1).await;
    begin(&server).await;
    server.import_followers().await;
    // WeChat never answers the next call; the server stops while it waits.
    server.sandbox_faults(&json!({"paths": [LIST], "hang_rate": 1})).await;
    let importer = server.another_importer();
    server.advance(3_600);
    let importing = async {
        importer.run_due().await.unwrap();
        // The server's own was faster, and is the one that waits.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = importing => {}
        () = hung(&server) => {}
    }
    drop(importer);
    server.stop().await;
    server.sandbox_faults(&json!({})).await;
    server.start_again().await;
    if !server.running().store.is_for_one_process() {
        // Another node may be at it still, for all that this one knows.
        server.import_followers().await;
        assert_eq!(progress(&server).await["listed"], 10_000);
        server.advance(61);
    }
    server.import_followers().await;
    let done = progress(&server).await;
    assert_eq!((&done["state"], &done["listed"]), (&json!("done"), &json!(21_000)));
    assert_eq!((answered(&server, LIST).await, answered(&server, DETAILS).await), (3, 210));
}

#[actix_web::test]
async fn two_nodes_share_an_import_and_no_page_is_read_twice() {
    let server = TestServer::start().await;
    crowd(&server, 30_000).await;
    let other = server.another_importer();
    begin(&server).await;
    let (one, two) = tokio::join!(server.running().importer.run_due(), other.run_due());
    assert!(one.is_ok() && two.is_ok());
    // Whoever found nothing to do left the rest to the other.
    server.import_followers().await;
    assert_eq!(progress(&server).await["state"], "done");
    assert_eq!((answered(&server, LIST).await, answered(&server, DETAILS).await), (3, 300));
    assert_eq!(listed(&server, "?follows=true").await["total"], 30_000);
}

#[actix_web::test]
async fn who_is_not_in_the_list_follows_no_longer_and_what_wechat_told_is_gone() {
    let server = TestServer::start().await;
    let (alice, bob) = (server.person("Alice").await, server.person("Bob").await);
    let pc = sign_in_new(&server, &alice, "suppliers").await;
    tap(&server, &alice, "follow").await;
    tap(&server, &bob, "follow").await;
    // She leaves while the server cannot be told.
    server.sandbox_post("/sandbox/accounts", &json!({"appid": APPID, "callback_url": ""})).await;
    server.sandbox_post(&format!("/sandbox/people/{}/unfollow", alice.id), &json!({"appid": APPID})).await;
    assert_eq!(pc.me("suppliers").await.expect(200).json()["follows"], true);
    server.advance(60);
    begin(&server).await;
    server.import_followers().await;
    assert_eq!(progress(&server).await["state"], "done");
    assert_eq!(pc.me("suppliers").await.expect(200).json()["follows"], false);
    let gone = listed(&server, "?follows=false").await;
    assert_eq!((&gone["total"], &gone["items"][0]["openid"]), (&json!(1), &json!(alice.openid)));
    assert_eq!((&gone["items"][0]["followed_at"], &gone["items"][0]["scene"]), (&json!(null), &json!(null)));
    assert_eq!(listed(&server, "?follows=true").await["items"][0]["openid"], bob.openid);
}

#[actix_web::test]
async fn what_happens_meanwhile_is_newer_than_the_list() {
    let server = TestServer::start().await;
    let early = server.person("Early").await;
    tap(&server, &early, "follow").await;
    crowd(&server, 10_000).await;
    let [late, new] = [server.person("Late").await, server.person("New").await];
    tap(&server, &late, "follow").await;
    pages_at_most(&server, 1).await;
    begin(&server).await;
    server.import_followers().await;
    assert_eq!(progress(&server).await["listed"], 10_000);
    // Early is listed already, Late not yet; both leave, and New comes.
    for (person, verb) in [(&early, "unfollow"), (&late, "unfollow"), (&new, "follow")] {
        tap(&server, person, verb).await;
    }
    server.sandbox_faults(&json!({})).await;
    server.advance(3_600);
    server.import_followers().await;
    assert_eq!(progress(&server).await["state"], "done");
    for (person, follows) in [(&early, false), (&late, false), (&new, true)] {
        let row = listed(&server, &format!("?openid={}", person.openid)).await["items"][0].clone();
        assert_eq!(row["follows"], follows, "{row}");
    }
    assert_eq!(listed(&server, "?follows=true").await["total"], 10_001);
}

#[actix_web::test]
async fn one_openid_that_is_nobodys_does_not_hold_up_the_others() {
    let server = TestServer::start().await;
    crowd(&server, 150).await;
    let import = begin_and_hold(&server).await;
    // Somebody of whom only we still think that she follows.
    let unit = server.running().store.begin().await.unwrap();
    let account = server.running().store.service_account_of(server.organization).await.unwrap().unwrap();
    let nobody = "oNobodyNobodyNobodyNobody000";
    unit.set_follower(server.organization, account.id, nobody, true, server.now()).await.unwrap();
    unit.commit().await.unwrap();
    assert!(server.now() > known_as_of(server.now()));
    server.sandbox_faults(&json!({})).await;
    server.advance(3_600);
    server.import_followers().await;
    let done = progress(&server).await;
    assert_eq!(
        (&done["id"], &done["state"], &done["detailed"]),
        (&import["id"], &json!("done"), &json!(151))
    );
    assert_eq!(listed(&server, "").await["total"], 150);
    let whole = listed(&server, "?limit=500").await;
    assert!(whole["items"].as_array().unwrap().iter().all(|row| row["scene"] == "ADD_SCENE_SEARCH"));
}

/// Begins an import that does not get to its first page.
async fn begin_and_hold(server: &TestServer) -> Value {
    pages_at_most(server, 0).await;
    let import = begin(server).await;
    server.import_followers().await;
    import
}

#[actix_web::test]
async fn what_passes_is_waited_for_longer_each_time() {
    let server = TestServer::start().await;
    crowd(&server, 250).await;
    server.sandbox_faults(&json!({"paths": [LIST], "http_status": 502})).await;
    begin(&server).await;
    server.import_followers().await;
    assert_eq!(progress(&server).await["failure"], "unreachable");
    server.sandbox_faults(&json!({"paths": [DETAILS], "errcode": -1})).await;
    server.advance(4);
    server.import_followers().await;
    assert_eq!(progress(&server).await["listed"], 0, "the pause is not over");
    server.advance(1);
    server.import_followers().await;
    let paused = progress(&server).await;
    assert_eq!((&paused["listed"], &paused["failure"]), (&json!(250), &json!("busy")));
    server.sandbox_faults(&json!({})).await;
    server.advance(5);
    server.import_followers().await;
    assert_eq!((&progress(&server).await["state"], answered(&server, LIST).await), (&json!("done"), 1));
}

#[actix_web::test]
async fn what_the_operator_has_to_mend_ends_it_and_another_can_begin() {
    let server = TestServer::start().await;
    crowd(&server, 10).await;
    server.sandbox_post("/sandbox/accounts", &json!({"appid": APPID, "frozen": true})).await;
    let first = begin(&server).await;
    server.import_followers().await;
    let failed = progress(&server).await;
    assert_eq!((&failed["state"], &failed["failure"]), (&json!("failed"), &json!("account_frozen")));
    server.sandbox_post("/sandbox/accounts", &json!({"appid": APPID, "frozen": false})).await;
    server.advance(1);
    assert_ne!(begin(&server).await["id"], first["id"]);
    server.import_followers().await;
    assert_eq!(progress(&server).await["state"], "done");
}

#[actix_web::test]
async fn an_import_ends_with_its_account() {
    let server = TestServer::start().await;
    crowd(&server, 20).await;
    begin_and_hold(&server).await;
    let account = format!("{}/service-account?confirm={APPID}", server.org());
    server.own_backend().delete(&account).await.expect(204);
    server.sandbox_faults(&json!({})).await;
    server.advance(3_600);
    server.import_followers().await;
    let rows = server.rows().await;
    assert!(
        rows.contains(&("follower_imports".into(), 0)) && rows.contains(&("followers".into(), 0)),
        "{rows:?}"
    );
}

#[actix_web::test]
async fn a_hundred_thousand_followers_are_imported() {
    let server = TestServer::start().await;
    crowd(&server, 100_000).await;
    begin(&server).await;
    server.import_followers().await;
    let done = progress(&server).await;
    assert_eq!((&done["state"], &done["detailed"]), (&json!("done"), &json!(100_000)));
    assert_eq!(listed(&server, "?follows=true&limit=1").await["total"], 100_000);
    assert_eq!((answered(&server, LIST).await, answered(&server, DETAILS).await), (10, 1_000));
}
