//! Inviting external users: one by one and by file.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::sign_in::first_time::sign_in_new;
use crate::support::{Phone, TestServer};

/// Scans, proves the phone, and gives what the phone shows then.
async fn come(server: &TestServer, phone: &Phone) -> Value {
    let qr = server.browser().start_qr("suppliers").await;
    phone.scan_qr("suppliers", &qr).await;
    phone.prove(server, "suppliers").await.expect(200).json()
}

#[actix_web::test]
async fn somebody_is_invited_once() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let invitations = format!("{app}/external-users/invitations");
    let number = server.fresh_number();
    let invited = json!({"phone": format!("+86 {number}"), "name": "=1+1"});
    let invited = admin.post(&invitations, invited).await.expect(201).json();
    assert_eq!((&invited["status"], &invited["nickname"]), (&json!("pending"), &json!("=1+1")));
    assert!(invited["invited_at"].is_string());
    assert_eq!((&invited["role"], server.seats_taken().await), (&json!("user"), 0));
    admin.post(&invitations, json!({"phone": number})).await.expect_problem(409, "phone_in_use");
    // In the other app the same phone is somebody else.
    let other = format!("{}/external-users/invitations", server.app("customers").await);
    admin.post(&other, json!({"phone": number})).await.expect(201);
    for (field, value) in [
        ("phone", json!("12345")),
        ("phone", json!("+14155550100")),
        ("phone", json!(13_800_138_000_u64)),
        ("name", json!("")),
        ("name", json!("x".repeat(61))),
        ("name", json!("a\nb")),
        ("role", json!("nobody")),
        ("department", json!("Nowhere")),
    ] {
        let mut body = json!({"phone": server.fresh_number()});
        body[field] = value.clone();
        let refused = admin.post(&invitations, body).await.expect_problem(422, "invalid_field").json();
        assert_eq!(refused["field"], field, "{value}");
    }
    let status = json!({"phone": server.fresh_number(), "status": "active"});
    admin.post(&invitations, status).await.expect_problem(422, "unknown_field");
    let listed = admin.get(&format!("{app}/external-users")).await.expect(200).json();
    assert_eq!(listed["items"], json!([invited]));
}

#[actix_web::test]
async fn an_invited_person_comes_in_without_approval_in_every_mode() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    admin.post(&format!("{app}/roles"), json!({"name": "buyer"})).await.expect(201);
    for (seats, mode) in (1..).zip(["open", "approval", "invitation"]) {
        admin.patch(&format!("{app}/portal"), json!({"sign_up": mode})).await.expect(200);
        let phone = server.person(mode).await;
        let invitation = json!({"phone": phone.number, "name": "Dear guest", "role": "buyer"});
        let invitations = format!("{app}/external-users/invitations");
        let invited = admin.post(&invitations, invitation).await.expect(201).json();
        let pc = sign_in_new(&server, &phone, "suppliers").await;
        let me = pc.me("suppliers").await.expect(200).json();
        assert_eq!((&me["id"], &me["role"]), (&invited["id"], &json!("buyer")), "{mode}");
        assert_eq!(me["nickname"], "Dear guest");
        let user = admin.user_of(&app, &phone.number).await;
        assert_eq!((&user["status"], &user["has_wechat"]), (&json!("active"), &json!(true)), "{mode}");
        assert_eq!(user["invited_at"], invited["invited_at"]);
        assert_eq!(server.seats_taken().await, seats, "{mode}");
    }
}

#[actix_web::test]
async fn whoever_comes_uninvited_waits_or_is_refused_as_the_portal_says() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    admin.patch(&format!("{app}/portal"), json!({"sign_up": "approval"})).await.expect(200);
    let alice = server.person("Alice").await;
    assert_eq!(come(&server, &alice).await["step"], "approve");
    let user = admin.user_of(&app, &alice.number).await;
    assert_eq!((&user["status"], &user["invited_at"]), (&json!("pending"), &json!(null)));
    assert_eq!(server.seats_taken().await, 0);
    admin.patch(&format!("{app}/portal"), json!({"sign_up": "invitation"})).await.expect(200);
    let bob = server.person("Bob").await;
    let qr = server.browser().start_qr("suppliers").await;
    bob.scan_qr("suppliers", &qr).await;
    bob.prove(&server, "suppliers").await.expect_problem(403, "invitation_required");
}

#[actix_web::test]
async fn an_invited_person_for_whom_no_seat_is_left_stays_invited() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let phone = server.person("Alice").await;
    let invitation = json!({"phone": phone.number});
    admin.post(&format!("{app}/external-users/invitations"), invitation).await.expect(201);
    server.take_seats(100).await;
    let qr = server.browser().start_qr("suppliers").await;
    phone.scan_qr("suppliers", &qr).await;
    phone.prove(&server, "suppliers").await.expect_problem(409, "seats_full");
    let user = admin.user_of(&app, &phone.number).await;
    assert_eq!((&user["status"], &user["has_wechat"]), (&json!("pending"), &json!(false)));
    assert_eq!(server.seats_taken().await, 100);
}

#[actix_web::test]
async fn a_file_stores_its_good_rows_and_names_the_others_by_line() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let invitations = format!("{app}/external-users/invitations");
    admin.post(&format!("{app}/roles"), json!({"name": "buyer"})).await.expect(201);
    server.department("Sales").await;
    let known = server.fresh_number();
    admin.post(&invitations, json!({"phone": known})).await.expect(201);
    let [a, b, c, d] = [(); 4].map(|()| server.fresh_number());
    let file = format!(
        "phone,name,role,department\r\n{a},Alice,buyer,Sales\r\n12345,Nobody,,\r\n{b},\"Li, Lei\",,\r\n\
         {known},Known,,\r\n{c},,nobody,\r\n{a},Again,,\r\n\r\n{d},a\tb,,Nowhere\r\n{d},,,Nowhere\r\n"
    );
    let imported = admin.post_csv(&invitations, file.clone()).await.expect(200).json();
    assert_eq!((&imported["invited"], &imported["already"]), (&json!(2), &json!(2)), "{imported}");
    let failed = imported["failed"].as_array().unwrap();
    let failed: Vec<_> =
        failed.iter().map(|row| (row["line"].as_u64().unwrap(), row["field"].as_str().unwrap())).collect();
    assert_eq!(failed, [(3, "phone"), (6, "role"), (9, "name"), (10, "department")]);
    let alice = admin.user_of(&app, &a).await;
    assert_eq!((&alice["nickname"], &alice["role"]), (&json!("Alice"), &json!("buyer")));
    assert_eq!((&alice["department"], &alice["status"]), (&json!("Sales"), &json!("pending")));
    assert_eq!(admin.user_of(&app, &b).await["nickname"], "Li, Lei");

    let again = admin.post_csv(&invitations, file).await.expect(200).json();
    assert_eq!((&again["invited"], &again["already"]), (&json!(0), &json!(4)));
    assert_eq!(again["failed"], imported["failed"]);
    let listed = admin.get(&format!("{app}/external-users")).await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
}

#[actix_web::test]
async fn files_come_with_a_byte_order_mark_and_semicolons_too() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let number = server.fresh_number();
    let file = format!("\u{feff}Phone;Name\r\n{number};李雷\r\n");
    let imported = admin.post_csv(&format!("{app}/external-users/invitations"), file).await;
    assert_eq!(imported.expect(200).json()["invited"], 1);
    assert_eq!(admin.user_of(&app, &number).await["nickname"], "李雷");
}

#[actix_web::test]
async fn what_is_no_file_of_invitations_is_refused_as_a_whole() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let invitations = format!("{app}/external-users/invitations");
    for (file, field) in [
        (b"name\nAlice\n".to_vec(), "header"),
        (b"phone,colour\n13800000000,red\n".to_vec(), "header"),
        (b"".to_vec(), "header"),
        (b"phone\n13800000000\xff\n".to_vec(), "file"),
        (format!("phone\n{}", "13800000000\n".repeat(5_001)).into_bytes(), "rows"),
    ] {
        let refused = admin.post_csv(&invitations, file).await.expect_problem(422, "invalid_field").json();
        assert_eq!(refused["field"], field);
    }
    let large = format!("phone,name\n{}", format!("13800000000,{}\n", "x".repeat(1_000)).repeat(1_040));
    assert_eq!(large.len() / 1_048_576, 1);
    admin.post_csv(&invitations, large).await.expect_problem(413, "too_large");
    let request = admin.request(reqwest::Method::POST, &invitations).header("content-type", "text/plain");
    admin.send(request.body("phone\n")).await.expect_problem(415, "unsupported_media_type");
    let listed = admin.get(&format!("{app}/external-users")).await.expect(200).json();
    assert_eq!(listed["items"], json!([]));
}

#[actix_web::test]
async fn a_file_of_many_units_is_stored_whole_and_repeated_under_its_key() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let invitations = format!("{app}/external-users/invitations");
    let rows: Vec<_> = (0..450).map(|n| format!("{},P{n}\n", server.fresh_number())).collect();
    let file = format!("phone,name\n{}", rows.concat());
    let send = || {
        let request = admin.request(reqwest::Method::POST, &invitations).header("content-type", "text/csv");
        admin.send(request.header("idempotency-key", "file").body(file.clone()))
    };
    let first = send().await.expect(200);
    assert_eq!(first.json(), json!({"invited": 450, "already": 0, "failed": []}));
    let again = send().await.expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &first.body));
    let rows = server.rows().await;
    assert!(rows.contains(&("external_users".into(), 450)), "{rows:?}");
}

#[actix_web::test]
async fn of_one_file_that_comes_ten_times_at_once_each_row_is_stored_once() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let invitations = format!("{app}/external-users/invitations");
    let numbers: Vec<_> = (0..230).map(|_| server.fresh_number()).collect();
    let file = format!("phone\n{}\n", numbers.join("\n"));
    let answers = join_all((0..10).map(|_| admin.post_csv(&invitations, file.clone()))).await;
    let count =
        |name: &str| -> u64 { answers.iter().map(|answer| answer.json()[name].as_u64().unwrap()).sum() };
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!((count("invited"), count("already")), (230, 9 * 230));
    let rows = server.rows().await;
    assert!(rows.contains(&("external_users".into(), 230)), "{rows:?}");
}
