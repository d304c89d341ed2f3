//! A server that stops and starts again.

use super::first_time::socket_until_authorized;
use crate::support::TestServer;

#[actix_web::test]
async fn a_scanned_session_outlives_a_restart() {
    let mut server = TestServer::start().await;
    let (pc, phone) = (server.browser(), server.person("Alice").await);
    let qr = pc.start_qr("suppliers").await;
    let mut socket = pc.watch(&qr).await;
    socket.expect("waiting").await;
    phone.scan_qr("suppliers", &qr).await;
    let scanned = socket.expect("scanned").await;
    let number = scanned["match"].as_str().unwrap().to_owned();

    server.stop().await;
    socket.expect_close(1012).await;
    server.start_again().await;

    let mut socket = pc.watch(&qr).await;
    assert_eq!(socket.expect("scanned").await, scanned);
    phone.prove(&server, "suppliers").await.expect(200);
    socket_until_authorized(&mut socket, &phone, "suppliers", &number).await;
    pc.claim(&qr).await.expect(200);
    pc.me("suppliers").await.expect(200);
}
