//! The whole way, and coming back.

use crate::support::{Browser, Phone, TestServer};

/// Signs a new person in at a portal, over a WebSocket, and gives the browser.
pub(crate) async fn sign_in_new(server: &TestServer, phone: &Phone, slug: &str) -> Browser {
    let pc = server.browser();
    let qr = pc.start_qr(slug).await;
    let mut socket = pc.watch(&qr).await;
    socket.expect("waiting").await;
    assert_eq!(phone.scan_qr(slug, &qr).await["step"], "bind");
    let number = socket.expect("scanned").await["match"].as_str().unwrap().to_owned();
    assert_eq!(phone.prove(server, slug).await.expect(200).json()["step"], "approve");
    socket.expect("verifying").await;
    socket_until_authorized(&mut socket, phone, slug, &number).await;
    pc.claim(&qr).await.expect(200);
    // Whoever saw "authorized" is told of the claim by the end alone.
    socket.expect_close(1000).await;
    pc
}

pub(crate) async fn socket_until_authorized(
    socket: &mut crate::support::Socket,
    phone: &Phone,
    slug: &str,
    number: &str,
) {
    phone.approve(slug, Some(number)).await.expect(200);
    loop {
        // A proved phone is news as well: the same state with a new seq.
        let frame = socket.any().await;
        match frame["state"].as_str() {
            Some("verifying") => {}
            Some("authorized") => return,
            _ => panic!("{frame}"),
        }
    }
}

#[actix_web::test]
async fn the_first_sign_in_goes_from_waiting_to_home() {
    let server = TestServer::start().await;
    let (pc, phone) = (server.browser(), server.person("Alice").await);
    assert!(pc.web.get(&pc.at("/p/suppliers")).await.expect(200).body.contains("Supplier portal"));
    let qr = pc.start_qr("suppliers").await;
    assert_eq!(qr.body["expires_in"], 120);
    assert!(!qr.scan_url.contains(&qr.id));
    let mut socket = pc.watch(&qr).await;
    let waiting = socket.expect("waiting").await;
    assert_eq!((&waiting["seq"], &waiting["expires_in_ms"]), (&1.into(), &120_000.into()));

    let view = phone.scan_qr("suppliers", &qr).await;
    assert_eq!((&view["step"], &view["browser"]["name"]), (&"bind".into(), &"Firefox".into()));
    let scanned = socket.expect("scanned").await;
    assert!(scanned["person"].is_object() && scanned["seq"].as_u64().unwrap() > 1);
    let number = scanned["match"].as_str().unwrap().to_owned();

    phone.ask_code("suppliers").await.expect(202);
    let verifying = socket.expect("verifying").await;
    assert_eq!(verifying["match"], number.as_str());
    pc.claim(&qr).await.expect_problem(409, "not_authorized");
    let code = server.last_code(&phone.number).await;
    let view = phone.bind_with("suppliers", &code).await.expect(200).json();
    assert_eq!((&view["step"], &view["match_required"]), (&"approve".into(), &true.into()));
    socket_until_authorized(&mut socket, &phone, "suppliers", &number).await;

    let claimed = pc.claim(&qr).await.expect(200).json();
    assert_eq!(claimed["redirect_to"], "/p/suppliers/home");
    // Whoever saw "authorized" is told of the claim by the end alone.
    socket.expect_close(1000).await;
    let home = pc.web.get(&pc.at("/p/suppliers/home")).await.expect(200);
    assert!(home.body.contains(&format!("138****{}", &phone.number[7..])));
    let me = pc.me("suppliers").await.expect(200);
    assert_eq!(me.header("x-menfang-user"), me.json()["id"].as_str().unwrap());
    assert_eq!(me.json()["kind"], "external_user");
    assert_eq!(me.json()["app"]["slug"], "suppliers");
    assert_eq!(phone.view("suppliers").await["step"], "done");
    assert_eq!(server.seats_taken().await, 1);
}

#[actix_web::test]
async fn who_comes_back_types_no_code_and_on_the_same_browser_no_number() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    let pc = sign_in_new(&server, &phone, "suppliers").await;
    pc.logout("suppliers").await.expect(200);
    pc.me("suppliers").await.expect_problem(401, "not_signed_in");

    let qr = pc.start_qr("suppliers").await;
    let mut socket = pc.watch(&qr).await;
    socket.expect("waiting").await;
    let view = phone.scan_qr("suppliers", &qr).await;
    assert_eq!((&view["step"], &view["match_required"]), (&"approve".into(), &false.into()));
    assert!(socket.expect("scanned").await.get("match").is_none());
    phone.approve("suppliers", None).await.expect(200);
    socket.expect("authorized").await;
    pc.claim(&qr).await.expect(200);
    pc.me("suppliers").await.expect(200);

    // Another browser asks for the number again, but for no code.
    let other = server.browser();
    let qr = other.start_qr("suppliers").await;
    let mut socket = other.watch(&qr).await;
    socket.expect("waiting").await;
    let view = phone.scan_qr("suppliers", &qr).await;
    assert_eq!((&view["step"], &view["match_required"]), (&"approve".into(), &true.into()));
    let number = socket.expect("scanned").await["match"].as_str().unwrap().to_owned();
    phone.approve("suppliers", Some(&number)).await.expect(200);
    socket.expect("authorized").await;
    assert_eq!(server.seats_taken().await, 1);
}

#[actix_web::test]
async fn the_same_person_in_the_other_app_is_another_account() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    let suppliers = sign_in_new(&server, &phone, "suppliers").await;
    // The interval between two codes is of one phone in one app.
    let customers = sign_in_new(&server, &phone, "customers").await;
    let (one, two) =
        (suppliers.me("suppliers").await.expect(200), customers.me("customers").await.expect(200));
    assert_ne!(one.json()["id"], two.json()["id"]);
    assert_eq!(server.seats_taken().await, 2);
    suppliers.me("customers").await.expect_problem(401, "not_signed_in");
    let foreign = suppliers.web.cookie(&server.url, "menfang_login_suppliers").unwrap();
    suppliers.web.set_cookie(&server.url, "menfang_login_customers", &foreign);
    suppliers.me("customers").await.expect_problem(401, "not_signed_in");
}

#[actix_web::test]
async fn a_logout_ends_the_login_here_only() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    let pc = sign_in_new(&server, &phone, "suppliers").await;
    let token = pc.web.cookie(&server.url, "menfang_login_suppliers").unwrap();
    pc.logout("suppliers").await.expect(200);
    assert_eq!(pc.web.cookie(&server.url, "menfang_login_suppliers"), None);
    pc.web.set_cookie(&server.url, "menfang_login_suppliers", &token);
    pc.me("suppliers").await.expect_problem(401, "not_signed_in");
    pc.web.get(&pc.at("/p/suppliers/home")).await.expect(303);
}
