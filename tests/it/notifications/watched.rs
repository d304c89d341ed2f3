//! Progress as server-sent events.

use serde_json::{Value, json};

use super::{for_tomorrow, id, ordered, with_a_guest};
use crate::support::TestServer;

/// A stream of events, read frame by frame.
struct Frames {
    answer: reqwest::Response,
    buffer: String,
}

impl Frames {
    async fn of(server: &TestServer, notification: &str) -> Self {
        let place = server.at(&format!("/api/v1/notifications/{notification}/events"));
        let answer = server.http.get(place).bearer_auth(&server.api_key).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { answer, buffer: String::new() }
    }

    /// The next frame, with its number; none at the end.
    async fn next(&mut self) -> Option<(u64, Value)> {
        loop {
            if let Some((block, rest)) = self.buffer.clone().split_once("\n\n") {
                rest.clone_into(&mut self.buffer);
                let of =
                    |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let Some(data) = of("data: ") else { continue };
                return Some((of("id: ")?.parse().unwrap(), serde_json::from_str(&data).unwrap()));
            }
            self.buffer.push_str(std::str::from_utf8(&self.answer.chunk().await.unwrap()?).unwrap());
        }
    }
}

#[actix_web::test]
async fn the_present_state_comes_first_then_each_change_and_the_end() {
    let (server, app, _) = with_a_guest().await;
    let order = for_tomorrow(&server, TestServer::wechat_order(json!({"all": true})));
    let made = ordered(&server, &app, order).await;
    let mut frames = Frames::of(&server, id(&made)).await;
    let (seq, first) = frames.next().await.unwrap();
    assert_eq!(
        (seq, first),
        (
            1,
            json!({"id": made["id"], "state": "queued", "reason": null, "resumes_at": null, "counts": made["counts"]})
        )
    );
    let cancel = format!("/notifications/{}/cancel", id(&made));
    server.own_backend().post(&cancel, json!({})).await.expect(200);
    let (seq, second) = frames.next().await.unwrap();
    assert_eq!((seq, &second["state"]), (2, &json!("cancelled")));
    assert_eq!(frames.next().await, None, "nothing follows");
}

#[actix_web::test]
async fn what_is_over_is_one_frame() {
    let (server, app, _) = with_a_guest().await;
    let past =
        server.past_notification(&server.organization.to_string(), app.trim_start_matches("/apps/")).await;
    let mut frames = Frames::of(&server, &past.0).await;
    let (_, only) = frames.next().await.unwrap();
    assert_eq!((&only["state"], &only["counts"]["failed"]), (&json!("done"), &json!(1)));
    assert_eq!(frames.next().await, None);
}

#[actix_web::test]
async fn a_server_that_goes_down_ends_its_streams() {
    let (mut server, app, _) = with_a_guest().await;
    let order = for_tomorrow(&server, TestServer::wechat_order(json!({"all": true})));
    let made = ordered(&server, &app, order).await;
    let mut frames = Frames::of(&server, id(&made)).await;
    frames.next().await.unwrap();
    let begun = std::time::Instant::now();
    server.stop().await;
    assert!(begun.elapsed() < std::time::Duration::from_secs(3), "nothing had to be cut off");
    assert_eq!(frames.next().await, None);
}

#[actix_web::test]
async fn a_key_reads_only_so_many_streams_at_once() {
    let server = TestServer::start_with(&[("http.sockets_per_address", "2")]).await.with_templates().await;
    let app = server.app("suppliers").await;
    server.guest(&server.own_backend(), &app).await;
    let order = for_tomorrow(&server, TestServer::wechat_order(json!({"all": true})));
    let made = ordered(&server, &app, order).await;
    let place = format!("/notifications/{}/events", id(&made));
    let first = Frames::of(&server, id(&made)).await;
    let _second = Frames::of(&server, id(&made)).await;
    let refused = server.own_backend().get(&place).await.expect_problem(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), "5");
    // Another key has places of its own.
    let request = server.platform_backend().request(reqwest::Method::GET, &place);
    assert_eq!(request.send().await.unwrap().status(), 200);
    drop(first);
}

#[actix_web::test]
async fn a_key_that_is_taken_back_or_of_an_organization_that_is_disabled_counts_no_more() {
    let server = TestServer::start().await;
    let keys = format!("{}/api-keys", server.org());
    let backend = server.own_backend();
    let mut made = Vec::new();
    for name in ["one", "other"] {
        let key = json!({"name": name, "scopes": ["notifications:read"]});
        let key = backend.post(&keys, key).await.expect(201).json();
        made.push(key["id"].as_str().unwrap().to_owned());
    }
    let counts =
        async |place: usize| server.running().admin.still_counts(made[place].parse().unwrap()).await.unwrap();
    assert!(counts(0).await && counts(1).await);
    backend.delete(&format!("{keys}/{}", made[0])).await.expect(204);
    assert!(!counts(0).await && counts(1).await);
    server.platform_backend().patch(&server.org(), json!({"enabled": false})).await.expect(200);
    assert!(!counts(1).await);
}
