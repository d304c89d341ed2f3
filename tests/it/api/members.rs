//! Members, by backends.

use serde_json::{Value, json};

use crate::accounts::another_organization;
use crate::support::{Backend, TestServer};

async fn invited(backend: &Backend, place: &str, body: Value) -> Value {
    backend.post(place, body).await.expect(201).json()
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

#[actix_web::test]
async fn a_member_is_invited_with_a_place_in_the_organization() {
    let server = TestServer::start().await;
    let org = format!("/organizations/{}", server.organization);
    let (backend, place) = (server.own_backend(), format!("{org}/members"));
    backend.post(&format!("{org}/departments"), json!({"name": "Sales"})).await.expect(201);
    let app = server.portal("suppliers").await.app.to_string();
    let phone = server.fresh_number();
    let boss = invited(&backend, &place, json!({"phone": server.fresh_number(), "name": "Boss"})).await;
    // Lists are in the order of time, and so are ids of different milliseconds.
    server.advance(1);
    let new = json!({
        "phone": phone, "name": " Li Lei ", "department": "Sales", "manager": id(&boss), "apps": [app, app],
        "modules": [{"kind": "task", "name": "Review"}],
    });
    let member = invited(&backend, &place, new).await;
    assert!(id(&member).starts_with("mbr_"));
    assert_eq!((&member["status"], &member["name"]), (&json!("invited"), &json!("Li Lei")));
    assert_eq!(member["phone_masked"], format!("138****{}", &phone[7..]));
    assert_eq!((&member["department"], &member["manager"]), (&json!("Sales"), &json!(id(&boss))));
    assert_eq!(member["apps"], json!([{"id": app, "name": "Supplier portal"}]));
    assert_eq!(member["modules"][0]["name"], "Review");
    assert!(member["invitation"]["expires_at"].as_str().unwrap().ends_with('Z'));
    let shown = backend.get(&format!("{place}/{}", id(&member))).await.expect(200);
    assert!(!shown.body.contains("invitation"), "the token is shown once");
    assert!(!shown.body.contains(&phone), "the number is shown masked");
    let mut expected = member.clone();
    expected.as_object_mut().unwrap().remove("invitation");
    assert_eq!(shown.json(), expected);

    let listed = backend.get(&format!("{place}?status=invited&limit=1")).await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let rest = format!("{place}?status=invited&cursor={}", listed["next"].as_str().unwrap());
    assert_eq!(backend.get(&rest).await.expect(200).json()["items"][0], expected);
    let active = backend.get(&format!("{place}?status=active")).await.expect(200).json();
    assert_eq!(active["items"], json!([]));
    backend.get(&format!("{place}?status=asleep")).await.expect_problem(422, "invalid_field");
}

#[actix_web::test]
async fn a_phone_is_one_person_in_an_organization() {
    let server = TestServer::start().await;
    let org = format!("/organizations/{}", server.organization);
    let backend = server.own_backend();
    let (members, collaborators) = (format!("{org}/members"), format!("{org}/collaborators"));
    let (one, two) = (json!({"phone": server.fresh_number()}), json!({"phone": server.fresh_number()}));
    invited(&backend, &members, one.clone()).await;
    invited(&backend, &collaborators, two.clone()).await;
    for place in [&members, &collaborators] {
        backend.post(place, one.clone()).await.expect_problem(409, "already_member");
        backend.post(place, two.clone()).await.expect_problem(409, "already_collaborator");
    }
    // Elsewhere it is another one.
    let (other, theirs) = another_organization(&server, "Other Ltd", "free").await;
    invited(&theirs, &format!("/organizations/{other}/members"), two).await;

    let race = json!({"phone": server.fresh_number()});
    let all = (0..10).map(|n| {
        let place = if n % 2 == 0 { &members } else { &collaborators };
        backend.post(place, race.clone())
    });
    let answers = futures_util::future::join_all(all).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 409)));
}

#[actix_web::test]
async fn whole_lists_replace_others_and_null_clears() {
    let server = TestServer::start().await;
    let org = format!("/organizations/{}", server.organization);
    let (backend, place) = (server.own_backend(), format!("{org}/members"));
    backend.post(&format!("{org}/departments"), json!({"name": "Sales"})).await.expect(201);
    let [first, second] = [server.portal("suppliers").await.app, server.portal("customers").await.app];
    let boss = invited(&backend, &place, json!({"phone": server.fresh_number()})).await;
    let new = json!({
        "phone": server.fresh_number(), "department": "Sales", "manager": id(&boss), "apps": [first.to_string()],
        "modules": [{"kind": "task", "name": "A"}, {"kind": "task", "name": "B"}],
    });
    let at = format!("{place}/{}", id(&invited(&backend, &place, new).await));
    let kept = backend.patch(&at, json!({"name": "Li Lei"})).await.expect(200).json();
    assert_eq!((&kept["department"], &kept["manager"]), (&json!("Sales"), &json!(id(&boss))));
    assert_eq!((kept["apps"].as_array().unwrap().len(), kept["modules"].as_array().unwrap().len()), (1, 2));
    let change = json!({
        "department": null, "manager": null, "apps": [second.to_string()], "modules": [{"kind": "task", "name": "B"}],
    });
    let changed = backend.patch(&at, change).await.expect(200).json();
    assert_eq!((&changed["department"], &changed["manager"]), (&json!(null), &json!(null)));
    assert_eq!(changed["apps"][0]["id"], second.to_string());
    assert_eq!(changed["apps"].as_array().unwrap().len(), 1);
    assert_eq!((&changed["modules"][0]["name"], &changed["name"]), (&json!("B"), &json!("Li Lei")));
    assert_eq!(changed["modules"].as_array().unwrap().len(), 1);
    // "B" was found, not made again; "A" is still there.
    let modules = backend.get(&format!("{org}/modules")).await.expect(200).json();
    assert_eq!(modules["items"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn what_is_named_must_be_there_and_of_this_organization() {
    let server = TestServer::start().await;
    let place = format!("/organizations/{}/members", server.organization);
    let backend = server.own_backend();
    let (other, theirs) = another_organization(&server, "Other Ltd", "free").await;
    let stranger =
        invited(&theirs, &format!("/organizations/{other}/members"), json!({"phone": server.fresh_number()}))
            .await;
    let collaborators = format!("/organizations/{}/collaborators", server.organization);
    let helper = invited(&backend, &collaborators, json!({"phone": server.fresh_number()})).await;
    let own = id(&helper).replace("col_", "mbr_");
    for (field, value) in [
        ("department", json!("Nowhere")),
        ("department", json!("dep_00000000000000000000000000")),
        ("manager", json!(id(&stranger))),
        ("manager", json!(id(&helper))),
        ("manager", json!(own)),
        ("apps[0]", json!(["app_00000000000000000000000000"])),
        ("apps[1]", json!([server.portal("suppliers").await.app.to_string(), "suppliers"])),
        ("modules[0]", json!(["mod_00000000000000000000000000"])),
        ("modules[0]", json!([{"kind": "task", "name": "X", "app": null}])),
        ("modules[0].name", json!([{"kind": "task", "name": ""}])),
        ("roles[0]", json!(["emperor"])),
        // Both apps have a role of this name.
        ("roles[0]", json!(["user"])),
        ("name", json!("")),
    ] {
        let mut body = json!({"phone": server.fresh_number()});
        body[field.split(['[', '.']).next().unwrap()] = value;
        let refused = backend.post(&place, body).await.expect_problem(422, "invalid_field").json();
        assert_eq!(refused["field"], field, "{refused}");
    }
    let wrong = json!({"phone": "+14155550100"});
    assert_eq!(
        backend.post(&place, wrong).await.expect_problem(422, "invalid_field").json()["field"],
        "phone"
    );
    let more = json!({"phone": server.fresh_number(), "status": "active"});
    backend.post(&place, more).await.expect_problem(422, "unknown_field");
    assert_eq!(backend.get(&place).await.expect(200).json()["items"], json!([]), "nothing was left behind");
}

#[actix_web::test]
async fn roles_are_given_by_id() {
    let server = TestServer::start().await;
    let place = format!("/organizations/{}/members", server.organization);
    let backend = server.own_backend();
    let app = server.portal("suppliers").await.app;
    let role = server.role_of(app).await;
    let new = json!({"phone": server.fresh_number(), "roles": [role, role]});
    let member = invited(&backend, &place, new).await;
    assert_eq!(member["roles"], json!([{"id": role, "name": "user", "app_id": app.to_string()}]));
    let at = format!("{place}/{}", id(&member));
    assert_eq!(backend.patch(&at, json!({"roles": []})).await.expect(200).json()["roles"], json!([]));
}

#[actix_web::test]
async fn nobody_reports_to_themselves_directly_or_in_a_circle() {
    let server = TestServer::start().await;
    let place = format!("/organizations/{}/members", server.organization);
    let backend = server.own_backend();
    let mut chain: Vec<String> = Vec::new();
    for _ in 0..3 {
        let new = json!({"phone": server.fresh_number(), "manager": chain.last()});
        chain.push(id(&invited(&backend, &place, new).await).to_owned());
    }
    let at = |id: &str| format!("{place}/{id}");
    for manager in &chain {
        let refused = backend.patch(&at(&chain[0]), json!({"manager": manager})).await;
        assert_eq!(refused.expect_problem(422, "invalid_field").json()["field"], "manager");
    }
    // Who reported to somebody who is removed reports to nobody.
    backend.delete(&at(&chain[1])).await.expect(204);
    assert_eq!(backend.get(&at(&chain[2])).await.expect(200).json()["manager"], json!(null));
    backend.patch(&at(&chain[0]), json!({"manager": chain[2]})).await.expect(200);
}

#[actix_web::test]
async fn who_has_not_joined_is_neither_switched_on_nor_off() {
    let server = TestServer::start().await;
    let place = format!("/organizations/{}/members", server.organization);
    let backend = server.own_backend();
    let member = invited(&backend, &place, json!({"phone": server.fresh_number()})).await;
    let at = format!("{place}/{}", id(&member));
    for status in ["active", "disabled"] {
        backend.patch(&at, json!({"status": status})).await.expect_problem(409, "wrong_status");
    }
    backend.patch(&at, json!({"status": "invited"})).await.expect_problem(422, "invalid_field");
}

#[actix_web::test]
async fn members_are_no_collaborators_and_nobody_elses() {
    let server = TestServer::start().await;
    let org = format!("/organizations/{}", server.organization);
    let backend = server.own_backend();
    let member = invited(&backend, &format!("{org}/members"), json!({"phone": server.fresh_number()})).await;
    let (other, theirs) = another_organization(&server, "Other Ltd", "free").await;
    let as_collaborator = id(&member).replace("mbr_", "col_");
    for (backend, place) in [
        (&backend, format!("{org}/collaborators/{as_collaborator}")),
        (&backend, format!("{org}/collaborators/{}", id(&member))),
        (&theirs, format!("/organizations/{other}/members/{}", id(&member))),
        (&theirs, format!("{org}/members/{}", id(&member))),
    ] {
        backend.get(&place).await.expect_problem(404, "not_found");
        backend.patch(&place, json!({"name": "X"})).await.expect_problem(404, "not_found");
        backend.post(&format!("{place}/invitation"), json!({})).await.expect_problem(404, "not_found");
        backend.delete(&place).await.expect_problem(404, "not_found");
    }
}

#[actix_web::test]
async fn a_repeated_invitation_is_the_same_one() {
    let server = TestServer::start().await;
    let place = format!("/organizations/{}/members", server.organization);
    let backend = server.own_backend();
    let body = json!({"phone": server.fresh_number()});
    let first = backend.post_once(&place, "k", body.clone()).await.expect(201);
    let again = backend.post_once(&place, "k", body).await.expect(201);
    assert_eq!(first.body, again.body);
    let log =
        backend.get(&format!("/organizations/{}/audit?action=member_invited", server.organization)).await;
    let log = log.expect(200).json();
    assert_eq!(log["items"].as_array().unwrap().len(), 1);
    assert_eq!(log["items"][0]["subject"], first.json()["id"]);
}
