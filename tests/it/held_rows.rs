//! What is decided by a row is decided while the row is held. SQLite has one writer, so that a race between two changes
//! does not show there; the order of the statements does.

use menfang::domain::clock::Millis;
use menfang::domain::ids::{DepartmentId, ModuleId, RoleId};
use menfang::domain::scope::OrgScope;
use serde_json::json;

use crate::sign_in::first_time::sign_in_new;
use crate::support::TestServer;
use crate::support::server::APPID;

const PEOPLE: [(&str, &str); 3] = [
    ("UPDATE OF org_id ON external_users", "held"),
    ("UPDATE OF status ON external_users", "status"),
    ("DELETE ON external_users", "deleted"),
];

/// Fails unless `held` comes first and something is decided after it.
fn assert_held_first(writes: &[String], decided: &str) {
    assert_eq!(writes.first().map(String::as_str), Some("held"), "{writes:?}");
    assert_eq!(writes.last().map(String::as_str), Some(decided), "{writes:?}");
}

#[actix_web::test]
async fn an_external_user_is_held_before_its_status_decides() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    let user = admin.user_of(&app, &phone.number).await;
    let place = format!("{app}/external-users/{}", user["id"].as_str().unwrap());
    server.watch_writes(&PEOPLE).await;
    for (status, seats) in [("disabled", 0), ("active", 1), ("disabled", 0)] {
        admin.patch(&place, json!({"status": status})).await.expect(200);
        assert_held_first(&server.writes().await, "status");
        assert_eq!(server.seats_taken().await, seats);
        // The same once more decides nothing and takes or frees no second seat.
        admin.patch(&place, json!({"status": status})).await.expect(200);
        assert_eq!(server.writes().await, ["held"]);
        assert_eq!(server.seats_taken().await, seats);
    }
    admin.delete(&place).await.expect(204);
    assert_held_first(&server.writes().await, "deleted");
    let invited = json!({"phone": server.fresh_number()});
    let invited = admin.post(&format!("{app}/external-users/invitations"), invited).await.expect(201).json();
    let place = format!("{app}/external-users/{}", invited["id"].as_str().unwrap());
    admin.post(&format!("{place}/approve"), json!({})).await.expect(200);
    assert_held_first(&server.writes().await, "status");
    admin.post(&format!("{place}/approve"), json!({})).await.expect_problem(409, "wrong_status");
    assert_eq!(server.seats_taken().await, 1);
}

#[actix_web::test]
async fn a_person_is_held_before_a_login_is_granted_and_before_logins_are_ended() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    server
        .watch_writes(&[PEOPLE[0], ("INSERT ON logins", "login"), ("UPDATE OF ended_at ON logins", "ended")])
        .await;
    // On a computer.
    let pc = server.browser();
    let qr = pc.start_qr("suppliers").await;
    phone.scan_qr("suppliers", &qr).await;
    let number = pc.poll(&qr, "").await.expect(200).json()["match"].as_str().unwrap().to_owned();
    phone.approve("suppliers", Some(&number)).await.expect(200);
    pc.claim(&qr).await.expect(200);
    assert_eq!(server.writes().await, ["held", "login"]);
    // By the menu link, and once more with terms to accept.
    let home = phone.scan(&phone.at("/p/suppliers")).await.expect(303);
    assert_eq!(home.location(), "/p/suppliers/home");
    assert_eq!(server.writes().await, ["held", "login"]);
    server.set_terms("suppliers", Some("1")).await;
    phone.web.drop_cookie(&server.url, "menfang_login_suppliers");
    phone.scan(&phone.at("/p/suppliers")).await.expect(303);
    phone.post("suppliers", "approve", &[("terms", "on")]).await.expect(200);
    assert_eq!(server.writes().await, ["held", "login"]);
    server.set_terms("suppliers", None).await;
    // By proving a phone that was invited.
    let invited = server.person("Bob").await;
    let invitation = json!({"phone": invited.number});
    admin.post(&format!("{app}/external-users/invitations"), invitation).await.expect(201);
    invited.scan(&invited.at("/p/suppliers")).await.expect(303);
    invited.prove(&server, "suppliers").await.expect(200);
    assert_held_first(&server.writes().await, "login");
    // Whoever loses the identity is signed out.
    let closed = json!({"appid": APPID});
    server.sandbox_post(&format!("/sandbox/people/{}/cancel", invited.id), &closed).await;
    assert_held_first(&server.writes().await, "ended");
    let id = admin.user_of(&app, &phone.number).await["id"].as_str().unwrap().to_owned();
    admin.delete(&format!("{app}/external-users/{id}/logins")).await.expect(204);
    assert_held_first(&server.writes().await, "ended");
    phone.scan(&phone.at("/p/suppliers")).await.expect(303);
    server.writes().await;
    admin.delete(&format!("{app}/external-users/{id}/wechat")).await.expect(204);
    assert_held_first(&server.writes().await, "ended");
}

#[actix_web::test]
async fn nobody_signs_in_by_an_identity_that_was_taken_away_meanwhile() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    let user = server.account("suppliers", &phone).await;
    let pc = server.browser();
    let qr = pc.start_qr("suppliers").await;
    phone.scan_qr("suppliers", &qr).await;
    let number = pc.poll(&qr, "").await.expect(200).json()["match"].as_str().unwrap().to_owned();
    phone.approve("suppliers", Some(&number)).await.expect(200);
    // As if the approval had come between the reading and the ending of the QR sessions of the account.
    let unit = server.running().store.begin().await.unwrap();
    assert!(unit.unbind_wechat(&user).await.unwrap());
    unit.commit().await.unwrap();
    pc.claim(&qr).await.expect_problem(409, "not_authorized");
    pc.me("suppliers").await.expect_problem(401, "not_signed_in");
}

#[actix_web::test]
async fn of_two_units_that_delete_a_person_the_first_alone_has_its_seat() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    let user = server.account("suppliers", &phone).await;
    let (store, scope) = (&server.running().store, OrgScope::of_row(server.organization));
    let mut seats = Vec::new();
    for _ in 0..2 {
        let unit = store.begin().await.unwrap();
        seats.push(unit.erase_external_user(scope, user.app, user.id, Millis(0)).await.unwrap());
        assert!(!unit.hold_external_user(scope, user.app, user.id).await.unwrap());
        unit.commit().await.unwrap();
    }
    assert_eq!(seats, [Some(true), None]);
}

#[actix_web::test]
async fn a_department_is_held_before_its_people_leave_it_and_by_whoever_places_somebody_in_it() {
    let server = TestServer::start().await;
    let admin = server.own_backend();
    let sales = server.department("Sales").await;
    let member = format!("{}/members/{}", server.org(), server.member("Bob").await);
    let placed = [
        ("UPDATE OF org_id ON departments", "held"),
        ("UPDATE OF department_id ON affiliations", "placed"),
        ("UPDATE OF department_id ON external_users", "placed"),
        ("INSERT ON departments", "made"),
        ("DELETE ON departments", "deleted"),
    ];
    server.watch_writes(&placed).await;
    admin.patch(&member, json!({"department": "Sales"})).await.expect(200);
    assert_held_first(&server.writes().await, "placed");
    let part = json!({"name": "North", "parent": sales});
    admin.post(&format!("{}/departments", server.org()), part).await.expect(201);
    assert_held_first(&server.writes().await, "made");
    admin.delete(&format!("{}/departments/{sales}", server.org())).await.expect(204);
    assert_held_first(&server.writes().await, "deleted");
    let unit = server.running().store.begin().await.unwrap();
    let (scope, id): (_, DepartmentId) = (OrgScope::of_row(server.organization), sales.parse().unwrap());
    assert!(!unit.delete_department(scope, id).await.unwrap());
}

#[actix_web::test]
async fn roles_are_held_before_they_are_given_and_a_deleted_one_is_not() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let roles = format!("{app}/roles");
    let buyer = admin.post(&roles, json!({"name": "buyer"})).await.expect(201).json();
    let buyer = buyer["id"].as_str().unwrap();
    let member = format!("{}/members/{}", server.org(), server.member("Bob").await);
    let given = [("UPDATE OF org_id ON roles", "held"), ("INSERT ON affiliation_roles", "given")];
    server.watch_writes(&given).await;
    admin.patch(&member, json!({"roles": [buyer]})).await.expect(200);
    assert_held_first(&server.writes().await, "given");
    admin.delete(&format!("{roles}/{buyer}")).await.expect(204);
    let (scope, id): (_, RoleId) = (OrgScope::of_row(server.organization), buyer.parse().unwrap());
    let unit = server.running().store.begin().await.unwrap();
    assert!(!unit.hold_roles(scope, &[id]).await.unwrap());
}

#[actix_web::test]
async fn a_member_is_held_before_its_status_decides_what_is_free() {
    let server = TestServer::start().await;
    let admin = server.own_backend();
    let member = format!("{}/members/{}", server.org(), server.member("Bob").await);
    let removed = [("UPDATE OF org_id ON affiliations", "held"), ("DELETE ON affiliations", "deleted")];
    server.watch_writes(&removed).await;
    admin.delete(&member).await.expect(204);
    assert_held_first(&server.writes().await, "deleted");
    admin.delete(&member).await.expect_problem(404, "not_found");
}

#[actix_web::test]
async fn a_notification_is_held_before_a_delivery_of_it_is_sent_once_more() {
    let server = TestServer::start().await;
    let app = server.app("suppliers").await;
    let app = app.trim_start_matches("/apps/");
    let (_, delivery) = server.past_notification(&server.organization.to_string(), app).await;
    let resend = format!("/deliveries/{delivery}/resend");
    let watched = [("UPDATE OF org_id ON notifications", "held"), ("INSERT ON deliveries", "made")];
    server.watch_writes(&watched).await;
    server.own_backend().post(&resend, json!({})).await.expect(202);
    assert_held_first(&server.writes().await, "made");
    server.own_backend().post(&resend, json!({})).await.expect_problem(409, "wrong_status");
}

#[actix_web::test]
async fn a_module_is_held_before_somebody_joins_it_and_a_deleted_one_is_not() {
    let server = TestServer::start().await;
    let (admin, modules) = (server.own_backend(), format!("{}/modules", server.org()));
    let made = admin.post(&modules, json!({"kind": "task", "name": "Stock"})).await.expect(201).json();
    let module = made["id"].as_str().unwrap();
    let member = format!("{}/members/{}", server.org(), server.member("Bob").await);
    let joined = [("UPDATE OF org_id ON modules", "held"), ("INSERT ON joinings", "joined")];
    server.watch_writes(&joined).await;
    admin.patch(&member, json!({"modules": [module]})).await.expect(200);
    assert_held_first(&server.writes().await, "joined");
    admin.delete(&format!("{modules}/{module}")).await.expect(204);
    let (scope, id): (_, ModuleId) = (OrgScope::of_row(server.organization), module.parse().unwrap());
    let unit = server.running().store.begin().await.unwrap();
    assert!(!unit.hold_modules(scope, &[id]).await.unwrap());
}

#[actix_web::test]
async fn a_manager_is_held_before_somebody_reports_to_them() {
    let server = TestServer::start().await;
    let admin = server.own_backend();
    let (chief, member) = (server.member("Ann").await, server.member("Bob").await);
    let placed =
        [("UPDATE OF org_id ON affiliations", "held"), ("UPDATE OF manager_id ON affiliations", "placed")];
    server.watch_writes(&placed).await;
    admin.patch(&format!("{}/members/{member}", server.org()), json!({"manager": chief})).await.expect(200);
    assert_held_first(&server.writes().await, "placed");
}
