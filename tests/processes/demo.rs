//! A demo that is started again.

use serde_json::Value;

use super::process::Stage;

#[actix_web::test]
async fn its_menu_leads_to_where_it_serves_now() {
    let stage = Stage::set(&[]).await;
    // Each start is on another port.
    drop(stage.start().await);
    let server = stage.start().await;
    let menu = server.ask("GET", &server.own("/menu"), Value::Null).await;
    let entries = menu["button"][0]["sub_button"].as_array().unwrap();
    let portals: Vec<_> = entries.iter().map(|entry| entry["portal"].as_str()).collect();
    assert_eq!(portals, [Some("suppliers"), Some("customers")], "{menu}");
}
