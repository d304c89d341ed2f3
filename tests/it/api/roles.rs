//! Roles: nobody is ever left without one.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::sign_in::first_time::sign_in_new;
use crate::support::TestServer;

fn names(listed: &Value, field: &str) -> Vec<String> {
    let items = listed["items"].as_array().unwrap();
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_role_is_added_renamed_and_deleted_and_its_people_follow() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let roles = format!("{app}/roles");
    server.advance(1);
    let made = admin.post(&roles, json!({"name": " buyer "})).await.expect(201).json();
    assert_eq!((&made["name"], &made["is_default"]), (&json!("buyer"), &json!(false)));
    let taken = admin.post(&roles, json!({"name": "buyer"})).await.expect_problem(409, "name_taken").json();
    assert_eq!(taken["field"], "name");
    let listed = admin.get(&roles).await.expect(200).json();
    assert_eq!(names(&listed, "name"), ["user", "buyer"]);
    assert_eq!(listed["items"][0]["is_default"], true);

    let alice = server.person("Alice").await;
    let pc = sign_in_new(&server, &alice, "suppliers").await;
    let user = admin.user_of(&app, &alice.number).await;
    let place = format!("{app}/external-users/{}", user["id"].as_str().unwrap());
    let placed = admin.patch(&place, json!({"role": "buyer"})).await.expect(200).json();
    assert_eq!((&placed["role"], &placed["role_id"]), (&json!("buyer"), &made["id"]));

    let role = format!("{roles}/{}", made["id"].as_str().unwrap());
    let renamed = admin.patch(&role, json!({"name": "purchaser"})).await.expect(200).json();
    assert_eq!((&renamed["id"], &renamed["name"]), (&made["id"], &json!("purchaser")));
    assert_eq!(pc.me("suppliers").await.expect(200).json()["role"], "purchaser");
    admin.patch(&role, json!({"name": "user"})).await.expect_problem(409, "name_taken");
    admin.patch(&role, json!({"name": made["id"]})).await.expect_problem(422, "invalid_field");

    admin.delete(&role).await.expect(204);
    assert_eq!(pc.me("suppliers").await.expect(200).json()["role"], "user");
    admin.delete(&role).await.expect_problem(404, "not_found");
    admin.patch(&role, json!({"name": "x"})).await.expect_problem(404, "not_found");
}

#[actix_web::test]
async fn members_of_a_deleted_role_get_the_default_role_once() {
    let server = TestServer::start().await;
    let (admin, roles) = (server.own_backend(), format!("{}/roles", server.app("suppliers").await));
    let buyer = admin.post(&roles, json!({"name": "buyer"})).await.expect(201).json();
    let listed = admin.get(&roles).await.expect(200).json();
    let user = listed["items"].as_array().unwrap().iter().find(|role| role["is_default"] == true).unwrap();
    let members = format!("{}/members", server.org());
    for held in [json!([buyer["id"]]), json!([buyer["id"], user["id"]])] {
        let member = json!({"phone": server.fresh_number(), "roles": held});
        admin.post(&members, member).await.expect(201);
    }
    admin.delete(&format!("{roles}/{}", buyer["id"].as_str().unwrap())).await.expect(204);
    for member in admin.get(&members).await.expect(200).json()["items"].as_array().unwrap() {
        let held: Vec<_> = member["roles"].as_array().unwrap().iter().map(|role| &role["id"]).collect();
        assert_eq!(held, [&user["id"]]);
    }
}

#[actix_web::test]
async fn the_default_role_stays_until_another_one_is_it() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let roles = format!("{app}/roles");
    let listed = admin.get(&roles).await.expect(200).json();
    let user = format!("{roles}/{}", listed["items"][0]["id"].as_str().unwrap());
    admin.delete(&user).await.expect_problem(409, "role_is_default");
    // The portal follows a new name.
    let renamed = admin.patch(&user, json!({"name": "guest"})).await.expect(200).json();
    assert_eq!(renamed["is_default"], true);
    let portal = format!("{app}/portal");
    assert_eq!(admin.get(&portal).await.expect(200).json()["default_role"], "guest");
    let alice = server.person("Alice").await;
    sign_in_new(&server, &alice, "suppliers").await;

    admin.post(&roles, json!({"name": "buyer"})).await.expect(201);
    admin.patch(&portal, json!({"default_role": "buyer"})).await.expect(200);
    admin.delete(&user).await.expect(204);
    assert_eq!(admin.user_of(&app, &alice.number).await["role"], "buyer");
}

#[actix_web::test]
async fn a_role_of_another_app_is_none() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let foreign = format!("{}/roles", server.app("customers").await);
    let foreign = admin.post(&foreign, json!({"name": "foreign"})).await.expect(201).json();
    for id in [foreign["id"].as_str().unwrap(), "rol_00000000000000000000000000", "user"] {
        let place = format!("{app}/roles/{id}");
        admin.delete(&place).await.expect_problem(404, "not_found");
        admin.patch(&place, json!({"name": "x"})).await.expect_problem(404, "not_found");
    }
}

/// Roles are deleted while people are invited into them, and while others sign up under a default role that changes.
#[actix_web::test]
async fn twenty_deletions_against_twenty_sign_ups_and_invitations_leave_nobody_with_an_unknown_role() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let other = server.platform_backend();
    let roles = format!("{app}/roles");
    let mut ids = Vec::new();
    for n in 0..20 {
        let made = admin.post(&roles, json!({"name": format!("r{n}")})).await.expect(201).json();
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    let portal = format!("{app}/portal");
    admin.patch(&portal, json!({"default_role": "r0"})).await.expect(200);
    let ready = (0..10).map(|n| {
        let server = &server;
        async move {
            let phone = server.person(&format!("P{n}")).await;
            let qr = server.browser().start_qr("suppliers").await;
            phone.scan_qr("suppliers", &qr).await;
            phone.ask_code("suppliers").await.expect(202);
            let code = server.last_code(&phone.number).await;
            (phone, code)
        }
    });
    let people = join_all(ready).await;
    let numbers: Vec<String> = (0..10).map(|_| server.fresh_number()).collect();

    let (places, invite): (Vec<_>, _) =
        (ids.iter().map(|id| format!("{roles}/{id}")).collect(), format!("{app}/external-users/invitations"));
    let deletions = places.iter().map(|place| admin.delete(place));
    let sign_ups = people.iter().map(|(phone, code)| phone.bind_with("suppliers", code));
    let invitations = numbers.iter().zip(0..).map(|(number, n)| {
        let invitation = json!({"phone": number, "role": format!("r{}", n * 2)});
        other.post(&invite, invitation)
    });
    let moves =
        ["user", "r1", "r2", "r3", "user"].map(|role| other.patch(&portal, json!({"default_role": role})));
    let (deleted, signed_up, invited, _) =
        tokio::join!(join_all(deletions), join_all(sign_ups), join_all(invitations), join_all(moves));
    assert!(deleted.iter().all(|answer| matches!(answer.status, 204 | 409)));
    assert!(signed_up.iter().all(|answer| answer.status == 200), "whoever signs up gets the default role");
    let told: Vec<_> = invited.iter().map(|answer| answer.status).collect();
    // Of units that wait for each other MySQL ends one, which is told to come again.
    assert!(told.iter().all(|status| matches!(status, 201 | 422 | 503)), "{told:?}");

    let known = names(&admin.get(&roles).await.expect(200).json(), "name");
    let users = admin.get(&format!("{app}/external-users?limit=500")).await.expect(200).json();
    let held = names(&users, "role");
    assert!(held.len() >= 10, "{users}");
    assert!(held.iter().all(|role| known.contains(role)), "{held:?} of {known:?}");
    let default = admin.get(&portal).await.expect(200).json()["default_role"].as_str().unwrap().to_owned();
    assert!(known.contains(&default));
}
