//! External users: listed, placed, let in, switched off, signed out.

use serde_json::{Value, json};

use crate::sign_in::first_time::sign_in_new;
use crate::support::{Backend, TestServer};

async fn invite(admin: &Backend, app: &str, body: Value) -> Value {
    admin.post(&format!("{app}/external-users/invitations"), body).await.expect(201).json()
}

fn place(app: &str, user: &Value) -> String {
    format!("{app}/external-users/{}", user["id"].as_str().unwrap())
}

async fn actions(server: &TestServer, admin: &Backend, subject: &str) -> Vec<String> {
    let path = format!("/organizations/{}/audit?subject={subject}", server.organization);
    let lines = admin.get(&path).await.expect(200).json();
    let lines = lines["items"].as_array().unwrap();
    lines.iter().map(|line| line["action"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn people_are_listed_and_found_without_their_phones_being_told() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    admin.post(&format!("{app}/roles"), json!({"name": "buyer"})).await.expect(201);
    let sales = server.department("Sales").await;
    let alice = server.person("Alice").await;
    sign_in_new(&server, &alice, "suppliers").await;
    server.advance(1);
    let number = server.fresh_number();
    let bob = json!({"phone": number, "name": "Bob", "role": "buyer", "department": "Sales"});
    let bob = invite(&admin, &app, bob).await;
    let shown = admin.user_of(&app, &alice.number).await;
    assert_eq!((&shown["status"], &shown["role"]), (&json!("active"), &json!("user")));
    assert_eq!((&shown["has_wechat"], &shown["follows"]), (&json!(true), &json!(false)));
    assert_eq!((&shown["invited_at"], &shown["manager"]), (&json!(null), &json!(null)));
    assert_eq!(shown["phone_masked"], format!("138****{}", &alice.number[7..]));
    assert_eq!((&bob["department"], &bob["department_id"]), (&json!("Sales"), &json!(sales)));
    assert_eq!((&bob["nickname"], &bob["has_wechat"]), (&json!("Bob"), &json!(false)));
    assert_eq!(admin.get(&place(&app, &bob)).await.expect(200).json(), bob);

    let list = format!("{app}/external-users");
    let role = bob["role_id"].as_str().unwrap();
    for (query, wanted) in [
        (String::new(), json!([shown, bob])),
        ("?status=active".into(), json!([shown])),
        ("?status=pending".into(), json!([bob])),
        ("?status=disabled".into(), json!([])),
        ("?role=buyer".into(), json!([bob])),
        (format!("?role={role}&status=pending"), json!([bob])),
        ("?role=nobody".into(), json!([])),
        ("?department=Sales".into(), json!([bob])),
        (format!("?department={sales}"), json!([bob])),
        ("?department=Nowhere".into(), json!([])),
        (format!("?phone=%2B86{number}"), json!([bob])),
        (format!("?phone={}", &number[..10]), json!(null)),
        ("?status=new".into(), json!(null)),
    ] {
        let answer = admin.get(&format!("{list}{query}")).await;
        if wanted.is_null() {
            answer.expect_problem(422, "invalid_field");
        } else {
            let answer = answer.expect(200);
            assert_eq!(answer.json()["items"], wanted, "{query}");
            assert!(!answer.body.contains(&number) && !answer.body.contains(&alice.number));
        }
    }
    let first = admin.get(&format!("{list}?limit=1")).await.expect(200).json();
    let second = format!("{list}?limit=1&cursor={}", first["next"].as_str().unwrap());
    let second = admin.get(&second).await.expect(200).json();
    assert_eq!((&second["items"], &second["next"]), (&json!([bob]), &json!(null)));
    // The same phone in the other app is nobody.
    let other = server.app("customers").await;
    assert_eq!(admin.user_of(&other, &number).await, Value::Null);
    admin.get(&place(&other, &bob)).await.expect_problem(404, "not_found");
}

#[actix_web::test]
async fn an_external_user_has_exactly_one_role() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    for name in ["buyer", "seller"] {
        admin.post(&format!("{app}/roles"), json!({"name": name})).await.expect(201);
    }
    let user = invite(&admin, &app, json!({"phone": server.fresh_number()})).await;
    let place = place(&app, &user);
    for body in [
        json!({"role": ["buyer", "seller"]}),
        json!({"roles": ["buyer", "seller"]}),
        json!({"roles": []}),
        json!({"role": []}),
        json!({"role": null}),
    ] {
        let refused = admin.patch(&place, body.clone()).await.expect_problem(422, "not_for_kind").json();
        assert_eq!(refused["rule"], "one_role", "{body}");
    }
    for (body, field) in [
        (json!({"role": ["buyer"]}), "role"),
        (json!({"roles": ["buyer"]}), "roles"),
        (json!({"roles": "buyer"}), "roles"),
        (json!({"role": 7}), "role"),
        (json!({"role": "nobody"}), "role"),
        (json!({"role": ""}), "role"),
    ] {
        let refused = admin.patch(&place, body.clone()).await.expect_problem(422, "invalid_field").json();
        assert_eq!(refused["field"], field, "{body}");
    }
    assert_eq!(admin.get(&place).await.expect(200).json(), user, "nothing was changed");
    let changed = admin.patch(&place, json!({"role": "buyer"})).await.expect(200).json();
    assert_eq!(changed["role"], "buyer");
    let by_id = json!({"role": user["role_id"]});
    assert_eq!(admin.patch(&place, by_id).await.expect(200).json()["role"], "user");
    admin.patch(&place, json!({"avatar_url": "X"})).await.expect_problem(422, "unknown_field");
}

#[actix_web::test]
async fn department_and_manager_are_set_and_taken_away() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let (sales, boss) = (server.department("Sales").await, server.member("Boss").await);
    let user = invite(&admin, &app, json!({"phone": server.fresh_number()})).await;
    let place = place(&app, &user);
    let placed = json!({"department": "Sales", "manager": boss});
    let placed = admin.patch(&place, placed).await.expect(200).json();
    assert_eq!((&placed["department_id"], &placed["manager"]), (&json!(sales), &json!(boss)));
    let same = admin.patch(&place, json!({"department": sales})).await.expect(200).json();
    assert_eq!((&same["department"], &same["manager"]), (&json!("Sales"), &json!(boss)));
    // What is taken away from the organization is taken from its people.
    admin.delete(&format!("{}/departments/{sales}", server.org())).await.expect(204);
    admin.delete(&format!("{}/members/{boss}", server.org())).await.expect(204);
    let bare = admin.get(&place).await.expect(200).json();
    assert_eq!((&bare["department_id"], &bare["manager"]), (&json!(null), &json!(null)));
    let again =
        json!({"department": server.department("Sales").await, "manager": server.member("Boss").await});
    admin.patch(&place, again).await.expect(200);
    let none = admin.patch(&place, json!({"department": null, "manager": null})).await.expect(200).json();
    assert_eq!((&none["department_id"], &none["manager"]), (&json!(null), &json!(null)));
    let unknown_member = "mbr_00000000000000000000000000";
    for (field, value) in [
        ("department", "Nowhere"),
        ("department", "dep_00000000000000000000000000"),
        ("manager", unknown_member),
        ("manager", "usr_00000000000000000000000000"),
        ("manager", "col_00000000000000000000000000"),
        ("manager", "Boss"),
    ] {
        let mut body = json!({});
        body[field] = json!(value);
        let refused = admin.patch(&place, body).await.expect_problem(422, "invalid_field").json();
        assert_eq!(refused["field"], field, "{value}");
    }
    let changes = actions(&server, &admin, user["id"].as_str().unwrap()).await;
    assert_eq!(changes.iter().filter(|action| *action == "role_changed").count(), 4);
}

#[actix_web::test]
async fn nobody_reports_to_themselves_neither_directly_nor_in_a_circle() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let mut people = Vec::new();
    for _ in 0..3 {
        people.push(invite(&admin, &app, json!({"phone": server.fresh_number()})).await);
    }
    let report = async |who: usize, to: usize| {
        admin.patch(&place(&app, &people[who]), json!({"manager": people[to]["id"]})).await
    };
    let refused = report(0, 0).await.expect_problem(422, "invalid_field").json();
    assert_eq!(refused["field"], "manager");
    report(0, 1).await.expect(200);
    report(1, 0).await.expect_problem(422, "invalid_field");
    report(1, 2).await.expect(200);
    report(2, 0).await.expect_problem(422, "invalid_field");
    // Somebody of another app is nobody here.
    let elsewhere = server.app("customers").await;
    let stranger = invite(&admin, &elsewhere, json!({"phone": server.fresh_number()})).await;
    let refused = admin.patch(&place(&app, &people[2]), json!({"manager": stranger["id"]})).await;
    refused.expect_problem(422, "invalid_field");
    // Whoever is deleted manages nobody.
    admin.delete(&place(&app, &people[2])).await.expect(204);
    assert_eq!(admin.get(&place(&app, &people[1])).await.expect(200).json()["manager"], json!(null));
}

#[actix_web::test]
async fn two_people_who_are_made_each_others_manager_at_once_make_no_circle() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    for _ in 0..5 {
        let a = invite(&admin, &app, json!({"phone": server.fresh_number()})).await;
        let b = invite(&admin, &app, json!({"phone": server.fresh_number()})).await;
        let (of_a, of_b) = (place(&app, &a), place(&app, &b));
        let (one, two) = tokio::join!(
            admin.patch(&of_a, json!({"manager": b["id"]})),
            admin.patch(&of_b, json!({"manager": a["id"]})),
        );
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422]);
    }
}

#[actix_web::test]
async fn approving_lets_waiting_computers_in_once() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    admin.patch(&format!("{app}/portal"), json!({"sign_up": "approval"})).await.expect(200);
    let (pc, phone) = (server.browser(), server.person("Alice").await);
    let qr = pc.start_qr("suppliers").await;
    let mut socket = pc.watch(&qr).await;
    socket.expect("waiting").await;
    phone.scan_qr("suppliers", &qr).await;
    let number = socket.expect("scanned").await["match"].as_str().unwrap().to_owned();
    phone.prove(&server, "suppliers").await.expect(200);
    phone.approve("suppliers", Some(&number)).await.expect(200);
    let user = admin.user_of(&app, &phone.number).await;
    assert_eq!((&user["status"], server.seats_taken().await), (&json!("pending"), 0));
    let approve = format!("{}/approve", place(&app, &user));
    let approved = admin.post(&approve, json!({})).await.expect(200).json();
    assert_eq!((&approved["status"], server.seats_taken().await), (&json!("active"), 1));
    while socket.any().await["state"] != "authorized" {}
    pc.claim(&qr).await.expect(200);
    admin.post(&approve, json!({})).await.expect_problem(409, "wrong_status");
    assert_eq!(server.seats_taken().await, 1);
    // By PATCH it is no mistake to say what is so.
    let again = json!({"status": "active"});
    assert_eq!(admin.patch(&place(&app, &user), again).await.expect(200).json()["status"], "active");
    assert_eq!(server.seats_taken().await, 1);
    let back = json!({"status": "pending"});
    admin.patch(&place(&app, &user), back).await.expect_problem(409, "wrong_status");
}

#[actix_web::test]
async fn disabling_signs_out_everywhere_and_tells_the_browsers_that_wait() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let phone = server.person("Alice").await;
    let pc = sign_in_new(&server, &phone, "suppliers").await;
    phone.scan(&phone.at("/p/suppliers")).await.expect(303);
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.expect(200);
    // One browser has been scanned, another one is approved and not claimed.
    let (scanned, approved) = (server.browser(), pc);
    let first = scanned.start_qr("suppliers").await;
    let mut waits = scanned.watch(&first).await;
    waits.expect("waiting").await;
    phone.scan_qr("suppliers", &first).await;
    waits.expect("scanned").await;
    let second = approved.start_qr("suppliers").await;
    let mut may_claim = approved.watch(&second).await;
    may_claim.expect("waiting").await;
    phone.scan_qr("suppliers", &second).await;
    may_claim.expect("scanned").await;
    phone.approve("suppliers", None).await.expect(200);
    may_claim.expect("authorized").await;

    let user = admin.user_of(&app, &phone.number).await;
    let logins = admin.get(&format!("{}/logins", place(&app, &user))).await.expect(200).json();
    assert_eq!(logins["items"].as_array().unwrap().len(), 2, "{logins}");
    let disabled = admin.patch(&place(&app, &user), json!({"status": "disabled"})).await.expect(200).json();
    assert_eq!((&disabled["status"], server.seats_taken().await), (&json!("disabled"), 0));
    for socket in [&mut waits, &mut may_claim] {
        let told = tokio::time::timeout(std::time::Duration::from_secs(2), socket.expect("refused")).await;
        assert_eq!(told.expect("told within 2 s")["reason"], "account_disabled");
        socket.expect_close(1000).await;
    }
    approved.claim(&second).await.expect_problem(403, "account_disabled");
    approved.me("suppliers").await.expect_problem(401, "not_signed_in");
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.expect(401);
    assert_eq!(phone.view("suppliers").await["step"], "refused");
    for login in logins["items"].as_array().unwrap() {
        let ended = actions(&server, &admin, login["id"].as_str().unwrap()).await;
        assert!(ended.contains(&"session_ended".to_owned()), "{ended:?}");
    }
    // Twice is as once, and switched on again nothing of before counts.
    admin.patch(&place(&app, &user), json!({"status": "disabled"})).await.expect(200);
    assert_eq!(server.seats_taken().await, 0);
    admin
        .post(&format!("{}/approve", place(&app, &user)), json!({}))
        .await
        .expect_problem(409, "wrong_status");
    admin.patch(&place(&app, &user), json!({"status": "active"})).await.expect(200);
    assert_eq!(server.seats_taken().await, 1);
    approved.me("suppliers").await.expect_problem(401, "not_signed_in");
    let changes = actions(&server, &admin, user["id"].as_str().unwrap()).await;
    assert_eq!(changes.iter().filter(|action| action.starts_with("user_")).count(), 2, "{changes:?}");
}

#[actix_web::test]
async fn disabling_somebody_who_waits_for_approval_tells_the_browser() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    admin.patch(&format!("{app}/portal"), json!({"sign_up": "approval", "confirm": "tap"})).await.expect(200);
    let (pc, phone) = (server.browser(), server.person("Alice").await);
    let qr = pc.start_qr("suppliers").await;
    let mut socket = pc.watch(&qr).await;
    phone.scan_qr("suppliers", &qr).await;
    phone.prove(&server, "suppliers").await.expect(200);
    phone.approve("suppliers", None).await.expect(200);
    while socket.any().await["state"] != "held" {}
    let user = admin.user_of(&app, &phone.number).await;
    admin.patch(&place(&app, &user), json!({"status": "disabled"})).await.expect(200);
    assert_eq!(socket.expect("refused").await["reason"], "account_disabled");
    socket.expect_close(1000).await;
    assert_eq!(server.seats_taken().await, 0, "a pending person had none to give back");
}

#[actix_web::test]
async fn logins_are_listed_and_ended_one_by_one_or_all() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let phone = server.person("Alice").await;
    let pc = sign_in_new(&server, &phone, "suppliers").await;
    server.advance(1);
    phone.scan(&phone.at("/p/suppliers")).await.expect(303);
    let user = admin.user_of(&app, &phone.number).await;
    let logins = format!("{}/logins", place(&app, &user));
    let listed = admin.get(&logins).await.expect(200).json();
    let listed = listed["items"].as_array().unwrap();
    let kinds: Vec<_> = listed.iter().map(|login| login["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["pc", "wechat"]);
    let first = format!("{logins}/{}", listed[0]["id"].as_str().unwrap());
    admin.delete(&first).await.expect(204);
    pc.me("suppliers").await.expect(401);
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.expect(200);
    admin.delete(&first).await.expect_problem(404, "not_found");
    admin.delete(&format!("{logins}/lgn_00000000000000000000000000")).await.expect_problem(404, "not_found");
    assert_eq!(admin.get(&logins).await.expect(200).json()["items"].as_array().unwrap().len(), 1);

    admin.delete(&logins).await.expect(204);
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.expect(401);
    admin.delete(&logins).await.expect(204);
    assert_eq!(admin.get(&logins).await.expect(200).json()["items"], json!([]));
    // Another person's address does not reach this person's logins.
    let bob = server.person("Bob").await;
    let pc = sign_in_new(&server, &bob, "suppliers").await;
    let bobs = admin.user_of(&app, &bob.number).await;
    let theirs = admin.get(&format!("{}/logins", place(&app, &bobs))).await.expect(200).json();
    let foreign = format!("{logins}/{}", theirs["items"][0]["id"].as_str().unwrap());
    admin.delete(&foreign).await.expect_problem(404, "not_found");
    pc.me("suppliers").await.expect(200);
    admin.get(&format!("{app}/external-users/usr_00000000000000000000000000/logins")).await.expect(404);
}

#[actix_web::test]
async fn a_login_that_is_not_used_for_long_is_no_longer_listed() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    let user = admin.user_of(&app, &phone.number).await;
    server.advance(12 * 3_600 + 61);
    let listed = admin.get(&format!("{}/logins", place(&app, &user))).await.expect(200).json();
    assert_eq!(listed["items"], json!([]));
}

#[actix_web::test]
async fn somebody_of_another_app_or_nobody_is_404_everywhere() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let phone = server.person("Alice").await;
    let pc = sign_in_new(&server, &phone, "suppliers").await;
    let user = admin.user_of(&app, &phone.number).await;
    let other = server.app("customers").await;
    for place in [place(&other, &user), format!("{app}/external-users/nobody")] {
        admin.get(&place).await.expect_problem(404, "not_found");
        admin.patch(&place, json!({"status": "disabled"})).await.expect_problem(404, "not_found");
        admin.patch(&place, json!({"role": "user"})).await.expect_problem(404, "not_found");
        admin.post(&format!("{place}/approve"), json!({})).await.expect_problem(404, "not_found");
        admin.delete(&place).await.expect_problem(404, "not_found");
        admin.get(&format!("{place}/logins")).await.expect_problem(404, "not_found");
        admin.delete(&format!("{place}/logins")).await.expect_problem(404, "not_found");
    }
    pc.me("suppliers").await.expect(200);
}
