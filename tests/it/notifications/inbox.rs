//! The inbox of a registered person: stored, listed, marked read, and nobody else's business.

use menfang::domain::notification::{Audience, Channel, EVERYBODY};
use reqwest::Method;
use serde_json::{Value, json};

use crate::accounts::{another_organization, invite, member, own, token};
use crate::support::{Registrant, TestServer};

/// What stands in somebody's inbox.
async fn inbox(person: &Registrant, query: &str) -> Value {
    person.get(&format!("/accounts/me/inbox{query}")).await.expect(200).json()
}

/// Ids of the items of a page.
fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn to(id: &str) -> Audience {
    Audience::Users(vec![id.to_owned()])
}

#[actix_web::test]
async fn what_somebody_is_told_stands_in_the_inbox_until_it_is_read() {
    let server = TestServer::start().await;
    let (person, id) = member(&server, &own(&server), "Li Lei").await;
    let (other, _) = member(&server, &own(&server), "Han Meimei").await;
    assert_eq!(inbox(&person, "").await, json!({"items": [], "next": null, "unread": 0}));
    server.tell("suppliers", Channel::Approval, to(&id), &json!({"order": "42", "total": "1,300.00"})).await;
    server.advance(60);
    server.tell("customers", Channel::StationMessage, to(&id), &json!({"text": "Hello"})).await;

    let page = inbox(&person, "").await;
    assert_eq!((&page["unread"], page["items"].as_array().unwrap().len()), (&json!(2), 2));
    let (newest, approval) = (&page["items"][0], &page["items"][1]);
    assert_eq!(
        (&newest["kind"], &newest["app"]["name"]),
        (&json!("station_message"), &json!("Customer portal"))
    );
    let app = server.portal("suppliers").await.app.to_string();
    assert_eq!(
        approval,
        &json!({
            "id": approval["id"], "kind": "approval", "app": {"id": app, "name": "Supplier portal"},
            "organization": {"id": server.organization.to_string(), "name": "Test Ltd"},
            "template": "purchase", "data": {"order": "42", "total": "1,300.00"},
            "url": "https://example.com/orders/42", "created_at": approval["created_at"], "read_at": null,
        })
    );
    assert!(approval["id"].as_str().unwrap().starts_with("dlv_"));
    assert_eq!(ids(&inbox(&person, "?kind=approval").await), [approval["id"].as_str().unwrap()]);

    let place = format!("/accounts/me/inbox/{}", approval["id"].as_str().unwrap());
    let read = person.post(&format!("{place}/read"), json!({})).await.expect(200).json();
    assert_eq!(read["read_at"], json!(server.now().rfc3339()));
    server.advance(60);
    let again = person.post(&format!("{place}/read"), json!({})).await.expect(200).json();
    assert_eq!(again, read, "the second time changes nothing");
    assert_eq!(person.get(&place).await.expect(200).json(), read);
    let left = inbox(&person, "?unread=true").await;
    assert_eq!((ids(&left), &left["unread"]), (vec![newest["id"].as_str().unwrap().to_owned()], &json!(1)));
    assert_eq!(ids(&inbox(&person, "?unread=false").await), [approval["id"].as_str().unwrap()]);

    // Nobody else sees it, or can tell that it is there.
    assert_eq!(inbox(&other, "").await, json!({"items": [], "next": null, "unread": 0}));
    other.get(&place).await.expect_problem(404, "not_found");
    other.post(&format!("{place}/read"), json!({})).await.expect_problem(404, "not_found");
    for unknown in ["dlv_x", "dlv_00000000000000000000000000"] {
        person.get(&format!("/accounts/me/inbox/{unknown}")).await.expect_problem(404, "not_found");
    }
    assert_eq!(
        other.post("/accounts/me/inbox/read-all", json!({})).await.expect(200).json(),
        json!({"read": 0})
    );
    assert_eq!(
        person.post("/accounts/me/inbox/read-all", json!({})).await.expect(200).json(),
        json!({"read": 1})
    );
    assert_eq!(inbox(&person, "").await["unread"], 0);
}

#[actix_web::test]
async fn the_inbox_comes_in_pages_the_newest_first_and_outlives_a_restart() {
    let mut server = TestServer::start().await;
    let (person, id) = member(&server, &own(&server), "Li Lei").await;
    for number in 0..5 {
        server.advance(1);
        server.tell("suppliers", Channel::FillIn, to(&id), &json!({"number": number.to_string()})).await;
    }
    let first = inbox(&person, "?limit=2").await;
    person.post(&format!("/accounts/me/inbox/{}/read", ids(&first)[0]), json!({})).await.expect(200);
    let before = inbox(&person, "").await;
    server.stop().await;
    server.start_again().await;
    assert_eq!(inbox(&person, "").await, before);

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = inbox(&person, &format!("?limit=2{cursor}")).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["data"]["number"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["4", "3", "2", "1", "0"]);
    for query in ["limit=0", "cursor=x", "unread=perhaps", "kind=wechat"] {
        person.get(&format!("/accounts/me/inbox?{query}")).await.expect_problem(422, "invalid_field");
    }
}

#[actix_web::test]
async fn what_came_from_an_organization_is_hidden_from_whoever_left_it() {
    let server = TestServer::start().await;
    let (person, id) = member(&server, &own(&server), "Li Lei").await;
    let other = another_organization(&server, "Other Ltd", "standard").await;
    let invited = invite(&other, "collaborators", &person.number).await;
    let accepted = json!({"invitation": token(&invited)});
    person.post("/accounts/me/invitations", accepted).await.expect(201);
    let new = json!({"name": "Elsewhere", "slug": "elsewhere"});
    other.1.post(&format!("/organizations/{}/apps", other.0), new).await.expect(201);
    server.tell("suppliers", Channel::Approval, to(&id), &json!({"from": "own"})).await;
    let theirs = invited["id"].as_str().unwrap();
    server.tell("elsewhere", Channel::Approval, to(theirs), &json!({"from": "other"})).await;
    // An id of another organization is nobody in this one.
    server.tell("elsewhere", Channel::Approval, to(&id), &json!({"from": "nobody"})).await;
    let page = inbox(&person, "").await;
    assert_eq!((&page["items"][0]["data"]["from"], &page["unread"]), (&json!("other"), &json!(2)));

    let member = format!("{}/members/{id}", server.org());
    let switch = async |status: &str| {
        server.own_backend().patch(&member, json!({"status": status})).await.expect(200);
    };
    switch("disabled").await;
    let left = inbox(&person, "").await;
    assert_eq!(
        (ids(&left).len(), &left["items"][0]["data"]["from"], &left["unread"]),
        (1, &json!("other"), &json!(1))
    );
    let hidden = &ids(&page)[1];
    let place = format!("/accounts/me/inbox/{hidden}");
    person.get(&place).await.expect_problem(404, "not_found");
    person.post(&format!("{place}/read"), json!({})).await.expect_problem(404, "not_found");
    assert_eq!(
        person.post("/accounts/me/inbox/read-all", json!({})).await.expect(200).json(),
        json!({"read": 1})
    );
    switch("active").await;
    assert_eq!(person.get(&place).await.expect(200).json()["read_at"], json!(null));
    server.own_backend().delete(&member).await.expect(204);
    person.get(&place).await.expect_problem(404, "not_found");
}

#[actix_web::test]
async fn twenty_who_mark_the_same_read_at_once_all_see_it_read_once() {
    let server = TestServer::start().await;
    let (person, id) = member(&server, &own(&server), "Li Lei").await;
    for _ in 0..3 {
        server.tell("suppliers", Channel::Approval, to(&id), &json!({"order": "42"})).await;
    }
    let one = format!("/accounts/me/inbox/{}/read", ids(&inbox(&person, "").await)[0]);
    let all = (0..20).map(|_| person.post(&one, json!({})));
    for answer in futures_util::future::join_all(all).await {
        assert_ne!(answer.expect(200).json()["read_at"], json!(null));
    }
    let all = (0..20).map(|_| person.post("/accounts/me/inbox/read-all", json!({})));
    let read = futures_util::future::join_all(all).await;
    let read: u64 = read.into_iter().map(|answer| answer.expect(200).json()["read"].as_u64().unwrap()).sum();
    assert_eq!(read, 2);
}

#[actix_web::test]
async fn with_the_cookie_a_change_needs_our_own_origin() {
    let server = TestServer::start().await;
    let (person, id) = member(&server, &own(&server), "Li Lei").await;
    server.tell("suppliers", Channel::StationMessage, to(&id), &json!({"text": "Hello"})).await;
    let one = ids(&inbox(&person, "").await).remove(0);
    let pc = person.browse(&server).await;
    for path in [format!("/api/v1/accounts/me/inbox/{one}/read"), "/api/v1/accounts/me/inbox/read-all".into()]
    {
        let post = |origin: Option<&str>| {
            let request = pc.web.request(Method::POST, &pc.at(&path));
            origin.into_iter().fold(request, |request, origin| request.header("origin", origin))
        };
        pc.web.send(post(Some("https://evil.example"))).await.expect_problem(403, "origin_not_allowed");
        pc.web.send(post(None)).await.expect_problem(401, "not_signed_in");
        assert_eq!(inbox(&person, "?unread=true").await["unread"], if path.ends_with("all") { 0 } else { 1 });
        pc.web.send(post(Some(&server.url))).await.expect(200);
    }
}

#[actix_web::test]
async fn the_page_shows_the_inbox_and_marks_read_without_script() {
    let server = TestServer::start().await;
    let (person, id) = member(&server, &own(&server), "Li Lei").await;
    let members = || Audience::Members(EVERYBODY.into());
    server.tell("suppliers", Channel::Approval, members(), &json!({"order": "<b>42</b>"})).await;
    server.tell("suppliers", Channel::FillIn, to(&id), &json!({"form": "Survey"})).await;
    let pc = person.browse(&server).await;
    let open = async || {
        let request = pc.web.request(Method::GET, &pc.at("/account")).header("accept", "text/html");
        pc.web.send(request.header("accept-language", "en")).await.expect(200).body
    };
    let submit = async |form: &[(&str, &str)], status: u16| {
        let request =
            pc.web.request(Method::POST, &pc.at("/account/inbox/read")).header("origin", &server.url);
        pc.web.send(request.header("accept", "text/html").form(form)).await.expect(status)
    };
    let page = open().await;
    let parts = ["Inbox", "2 unread", "Form to fill in", "Survey", "Test Ltd · Supplier portal", "Approval"];
    for part in parts.iter().chain(&["href=\"https://example.com/orders/42\"", "Mark as read"]) {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<b>42</b>"));
    let newest = ids(&inbox(&person, "").await).remove(0);
    assert_eq!(submit(&[("id", &newest)], 303).await.location(), "/account");
    assert!(open().await.contains("1 unread") && inbox(&person, "").await["unread"] == 1);
    submit(&[("id", "dlv_00000000000000000000000000")], 404).await;
    submit(&[("all", "1")], 303).await;
    assert!(!open().await.contains("/account/inbox/read"));
    let (stranger, _) = member(&server, &own(&server), "Stranger").await;
    assert_eq!(inbox(&stranger, "").await["unread"], 0);
    pc.web
        .send(pc.web.request(Method::POST, &pc.at("/account/inbox/read")).form(&[("all", "1")]))
        .await
        .expect(403);
}
