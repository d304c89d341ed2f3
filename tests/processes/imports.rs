//! An import of followers.

use serde_json::{Value, json};

use super::process::Stage;

#[actix_web::test]
async fn an_import_of_followers_goes_on_where_it_was_killed() {
    let stage = Stage::set(&[]).await;
    let server = stage.start().await;
    let crowd = json!({"appid": server.text("/service_account/appid"), "count": 25_000});
    stage.sandbox("POST", "/sandbox/people/bulk", crowd).await;
    let slow = json!({"paths": ["/cgi-bin/user"], "latency_ms": 200});
    stage.sandbox("PUT", "/sandbox/faults", slow).await;

    let begun = server.ask("POST", &server.own("/followers/sync"), json!({})).await;
    server.until(&server.own("/followers/sync"), |import| import["listed"] == 10_000).await;
    drop(server);
    let server = stage.start().await;
    server.until(&server.own("/followers/sync"), |import| import["detailed"].as_u64() > Some(0)).await;
    drop(server);
    stage.sandbox("PUT", "/sandbox/faults", json!({})).await;
    let server = stage.start().await;
    let done = server.until(&server.own("/followers/sync"), |import| import["state"] == "done").await;

    assert_eq!(done["id"], begun["id"]);
    assert_eq!((&done["listed"], &done["detailed"]), (&json!(25_000), &json!(25_000)));
    let all = server.ask("GET", &server.own("/followers?follows=true&limit=1"), Value::Null).await;
    assert_eq!(all["total"], 25_000);
    let stats = stage.sandbox("GET", "/sandbox/stats", json!({})).await;
    let calls = |path: &str| stats["calls"][path]["0"].as_u64().unwrap();
    // At each of the two kills one page, or the calls of one step, may have been under way.
    let (pages, details) = (calls("/cgi-bin/user/get"), calls("/cgi-bin/user/info/batchget"));
    assert!((3..=4).contains(&pages) && (250..=290).contains(&details), "{pages} pages, {details} calls");
}
