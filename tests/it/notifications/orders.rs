//! Ordering, looking, calling off, sending once more.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{for_tomorrow, id, ordered, with_a_guest};
use crate::accounts;
use crate::support::TestServer;
use crate::support::outbox::TEMPLATE;

fn no_deliveries() -> Value {
    json!({
        "pending": 0, "sending": 0, "sent": 0, "delivered": 0, "rejected": 0, "skipped": 0, "failed": 0, "uncertain": 0,
    })
}

#[actix_web::test]
async fn an_order_is_answered_as_it_is_stored_and_found_again() {
    let (server, app, user) = with_a_guest().await;
    let mut order = for_tomorrow(&server, TestServer::wechat_order(json!({"users": [user]})));
    order["priority"] = json!("urgent");
    order["url"] = json!(server.at("/p/suppliers"));
    let end = server.now().plus(std::time::Duration::from_hours(25)).rfc3339();
    order["expires_at"] = json!(end);
    let made = ordered(&server, &app, order.clone()).await;
    assert!(id(&made).starts_with("ntf_"));
    assert_eq!(
        made,
        json!({
            "id": id(&made), "state": "queued", "reason": null, "resumes_at": null, "counts": no_deliveries(),
            "channel": "wechat", "template": TEMPLATE, "priority": "urgent", "app": app.trim_start_matches("/apps/"),
            "audience": {"users": [user]}, "url": order["url"], "send_at": order["send_at"], "expires_at": end,
            "created_at": server.now().rfc3339(), "finished_at": null,
        })
    );
    let backend = server.own_backend();
    assert_eq!(backend.get(&format!("/notifications/{}", id(&made))).await.expect(200).json(), made);
    let listed = async |query: &str| {
        let page = backend.get(&format!("{app}/notifications{query}")).await.expect(200).json();
        page["items"].as_array().unwrap().clone()
    };
    assert_eq!(listed("").await, std::slice::from_ref(&made));
    assert_eq!(listed("?state=queued").await, std::slice::from_ref(&made));
    assert_eq!(listed("?state=done").await, [] as [Value; 0]);
    backend.get(&format!("{app}/notifications?state=paused")).await.expect_problem(422, "invalid_field");
    let deliveries = format!("/notifications/{}/deliveries", id(&made));
    assert_eq!(backend.get(&deliveries).await.expect(200).json(), json!({"items": [], "next": null}));
    let refused = backend.get(&format!("{deliveries}?state=lost")).await.expect_problem(422, "invalid_field");
    assert_eq!(
        refused.json()["detail"],
        "state: must be one of pending, sending, sent, delivered, rejected, skipped, failed, uncertain"
    );
    // Priority and times are as they are when nobody says so; roles are named or meant by their ids.
    let plain = for_tomorrow(&server, TestServer::wechat_order(json!({"role": "user"})));
    let plain = ordered(&server, &app, plain).await;
    assert_eq!((&plain["priority"], &plain["expires_at"]), (&json!("normal"), &json!(null)));
    let role = server.role_of(server.portal("suppliers").await.app).await;
    assert_eq!(plain["audience"], json!({"role": role}));
}

#[actix_web::test]
async fn a_repetition_is_one_order() {
    let (server, app, _) = with_a_guest().await;
    let backend = server.own_backend();
    let order = for_tomorrow(&server, TestServer::wechat_order(json!({"all": true})));
    let place = format!("{app}/notifications");
    let first = backend.post_once(&place, "once", order.clone()).await.expect(202);
    let again = backend.post_once(&place, "once", order.clone()).await.expect(202);
    assert_eq!((first.body.as_str(), again.header("idempotency-replayed")), (again.body.as_str(), "true"));
    let many = join_all((0..10).map(|_| backend.post_once(&place, "many", order.clone()))).await;
    assert!(many.iter().all(|answer| matches!(answer.status, 202 | 409)), "{many:?}");
    assert_eq!(server.count("notifications").await, 2);
    let mut other = order;
    other["priority"] = json!("bulk");
    backend.post_once(&place, "once", other).await.expect_problem(422, "idempotency_mismatch");
}

#[actix_web::test]
async fn many_who_miss_a_new_template_at_once_wait_for_one_answer_of_wechat() {
    let (server, app, _) = with_a_guest().await;
    let fresh = json!([{"template_id": "FRESH", "title": "Fresh", "fields": ["thing1", "time2"]}]);
    server.register_with(&json!({"templates": fresh})).await;
    let listing = "/cgi-bin/template/get_all_private_template";
    let before = server.calls(listing).await;
    let mut order = for_tomorrow(&server, TestServer::wechat_order(json!({"all": true})));
    order["template"] = json!("FRESH");
    let (backend, place) = (server.own_backend(), format!("{app}/notifications"));
    for answer in join_all((0..10).map(|_| backend.post(&place, order.clone()))).await {
        answer.expect(202);
    }
    assert_eq!(server.calls(listing).await, before + 1);
}

#[actix_web::test]
async fn a_dry_run_checks_and_counts_and_stores_nothing() {
    let (server, app, user) = with_a_guest().await;
    let (backend, place) = (server.own_backend(), format!("{app}/notifications?dry_run=true"));
    server.guest(&backend, &app).await;
    let tried = async |audience: Value| {
        let answer = backend.post_once(&place, "dry", TestServer::wechat_order(audience)).await;
        answer.expect(200).json()["recipients"].clone()
    };
    // What stored nothing leaves its key free, for another body too.
    assert_eq!(tried(json!({"all": true})).await, 2);
    let before = server.rows().await;
    assert_eq!(tried(json!({"users": [user]})).await, 1);
    assert_eq!(tried(json!({"role": "user"})).await, 2);
    assert_eq!(tried(json!({"openids": ["oA", "oB", "oC"]})).await, 3);
    let mut wrong = TestServer::wechat_order(json!({"all": true}));
    wrong["data"] = json!({"thing1": "x"});
    let refused = backend.post(&place, wrong).await.expect_problem(422, "invalid_field").json();
    assert_eq!(refused["field"], "data.time2");
    let maybe = format!("{app}/notifications?dry_run=maybe");
    let refused = backend.post(&maybe, TestServer::wechat_order(json!({"all": true}))).await;
    assert_eq!(refused.expect_problem(422, "invalid_field").json()["field"], "dry_run");
    let mistyped = format!("{app}/notifications?dryrun=true");
    let refused = backend.post(&mistyped, TestServer::wechat_order(json!({"all": true}))).await;
    assert_eq!(refused.expect_problem(422, "invalid_field").json()["field"], "dryrun");
    assert_eq!(server.rows().await, before);
    backend
        .post_once(&place.replace("true", "false"), "dry", TestServer::wechat_order(json!({"all": true})))
        .await
        .expect(202);
}

#[actix_web::test]
async fn members_and_collaborators_are_reached_in_their_inboxes() {
    let server = TestServer::start().await;
    let (backend, app) = (server.own_backend(), server.app("suppliers").await);
    let order = |audience: Value| {
        for_tomorrow(
            &server,
            json!({"channel": "approval", "data": {"title": "Leave"}, "template": "leave", "audience": audience}),
        )
    };
    let place = format!("{app}/notifications");
    let refused = backend.post(&place, order(json!({"members": "all"}))).await;
    assert_eq!(
        refused.expect_problem(422, "invalid_field").json()["field"],
        "audience",
        "nobody is there yet"
    );
    let (person, member) = accounts::member(&server, &accounts::own(&server), "Li Lei").await;
    let me = person.get("/accounts/me").await.expect(200).json();
    let account = me["id"].as_str().unwrap();
    for audience in
        [json!({"members": "all"}), json!({"users": [member]}), json!({"users": [account, member]})]
    {
        assert_eq!(ordered(&server, &app, order(audience.clone())).await["audience"], audience);
    }
    // Whoever was invited and has not come yet has no inbox.
    let invited = server.member("Han Meimei").await;
    let refused = backend.post(&place, order(json!({"users": [member, invited]}))).await;
    assert_eq!(refused.expect_problem(422, "invalid_field").json()["field"], "audience.users[1]");
    // Nobody has joined the app, or has its role.
    for audience in [json!({"all": true}), json!({"role": "user"})] {
        let refused = backend.post(&place, order(audience)).await.expect_problem(422, "invalid_field").json();
        assert_eq!(refused["field"], "audience");
    }
}

#[actix_web::test]
async fn external_users_have_no_inbox_and_are_named() {
    let (server, app, user) = with_a_guest().await;
    let (backend, before) = (server.own_backend(), server.rows().await);
    for channel in ["station_message", "approval", "fill_in"] {
        for audience in [json!({"users": [user]}), json!({"all": true}), json!({"role": "user"})] {
            let order = json!({"channel": channel, "data": {"title": "x"}, "audience": audience});
            let refused = backend.post(&format!("{app}/notifications"), order).await;
            let refused = refused.expect_problem(422, "external_user_not_reachable").json();
            assert_eq!(refused["users"], json!([user]), "{channel}");
        }
    }
    assert_eq!(server.rows().await, before);
}

#[actix_web::test]
async fn a_notification_is_called_off_once() {
    let (server, app, _) = with_a_guest().await;
    let backend = server.own_backend();
    let order = for_tomorrow(&server, TestServer::wechat_order(json!({"all": true})));
    let made = ordered(&server, &app, order).await;
    let cancel = format!("/notifications/{}/cancel", id(&made));
    let all = join_all((0..5).map(|_| backend.post(&cancel, json!({})))).await;
    let (done, late): (Vec<_>, Vec<_>) = all.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((done.len(), late.len()), (1, 4));
    let cancelled = done[0].json();
    assert_eq!((&cancelled["state"], &cancelled["reason"]), (&json!("cancelled"), &json!(null)));
    for answer in late {
        answer.expect_problem(409, "wrong_status");
    }
    let noted = server.audited("notification_cancelled").await;
    assert_eq!((noted.len(), &noted[0]["subject"]), (1, &made["id"]));
    let over =
        server.past_notification(&server.organization.to_string(), app.trim_start_matches("/apps/")).await;
    backend
        .post(&format!("/notifications/{}/cancel", over.0), json!({}))
        .await
        .expect_problem(409, "wrong_status");
}

#[actix_web::test]
async fn what_came_to_a_bad_end_is_sent_once_more_and_only_once() {
    let (server, app, _) = with_a_guest().await;
    let backend = server.own_backend();
    let order =
        for_tomorrow(&server, TestServer::wechat_order(json!({"openids": ["oA", "oB", "oC", "oD", "oE"]})));
    let made = ordered(&server, &app, order).await;
    let mut left = Vec::new();
    for (openid, state) in
        [("oA", "failed"), ("oB", "uncertain"), ("oC", "rejected"), ("oD", "skipped"), ("oE", "delivered")]
    {
        left.push((state, server.leave_delivery(id(&made), openid, state).await));
    }
    for (state, delivery) in &left {
        let resend = format!("/deliveries/{delivery}/resend");
        let tries = join_all((0..3).map(|_| backend.post(&resend, json!({})))).await;
        let good: Vec<_> = tries.iter().filter(|answer| answer.status == 202).collect();
        let bad = tries.iter().filter(|answer| answer.status == 409).count();
        let once = usize::from(!matches!(*state, "skipped" | "delivered"));
        assert_eq!((good.len(), bad), (once, 3 - once), "{state}");
        for answer in good {
            let again = answer.json();
            assert_eq!((&again["resend_of"], &again["state"]), (&json!(delivery), &json!("pending")));
            assert_ne!(again["id"], json!(delivery));
        }
    }
    assert_eq!(server.audited("delivery_resent").await.len(), 3);
    let whole = backend.get(&format!("/notifications/{}", id(&made))).await.expect(200).json();
    assert_eq!((&whole["counts"]["pending"], &whole["counts"]["failed"]), (&json!(3), &json!(1)));
    let listed = backend.get(&format!("/notifications/{}/deliveries", id(&made))).await.expect(200).json();
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 8);
    let old = items.iter().find(|item| item["id"] == json!(left[0].1)).unwrap();
    let new = items.iter().find(|item| item["resend_of"] == json!(left[0].1)).unwrap();
    assert_eq!((&old["resent_as"], &new["resent_as"]), (&new["id"], &json!(null)));
    assert_eq!(
        (&old["reason"], &old["errcode"], &old["openid"]),
        (&json!("refused"), &json!(40_003), &json!("oA"))
    );
    let delivered = backend.get(&format!("/notifications/{}/deliveries?state=delivered", id(&made))).await;
    let delivered = delivered.expect(200).json();
    assert_eq!(delivered["items"][0]["msgid"], "9007199254740993", "not rounded, as a number would be");
    assert_eq!(delivered["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn nothing_of_a_notification_that_was_called_off_is_sent_once_more() {
    let (server, app, user) = with_a_guest().await;
    let backend = server.own_backend();
    let order = for_tomorrow(&server, TestServer::wechat_order(json!({"users": [user]})));
    let made = ordered(&server, &app, order).await;
    let delivery = server.leave_delivery(id(&made), "oA", "uncertain").await;
    let listed = backend.get(&format!("/notifications/{}/deliveries", id(&made))).await.expect(200).json();
    assert_eq!(listed["items"][0]["openid"], json!(null), "who ordered by users is not told openids");
    backend.post(&format!("/notifications/{}/cancel", id(&made)), json!({})).await.expect(200);
    backend
        .post(&format!("/deliveries/{delivery}/resend"), json!({}))
        .await
        .expect_problem(409, "wrong_status");
}
