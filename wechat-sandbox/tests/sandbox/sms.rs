//! The SMS gateway and its inbox.

use serde_json::json;

use crate::support::start;

#[tokio::test]
async fn an_sms_is_kept_once_and_found_by_its_phone() {
    let sandbox = start(None);
    let sms =
        |id: &str, phone: &str| json!({"id": id, "phone": phone, "code": "123456", "text": "[M] 123456"});
    for (id, phone) in [("a", "+8613800138000"), ("a", "+8613800138000"), ("b", "+8613900139000")] {
        let answer = sandbox.post_json("/sms", sms(id, phone)).await;
        assert_eq!(answer, json!({"id": id}));
    }
    for query in ["?phone=%2B8613800138000", "?phone=+8613800138000", "?phone=13800138000"] {
        let inbox = sandbox.get_json(&format!("/sandbox/sms{query}")).await;
        let items = inbox["items"].as_array().expect("a list");
        assert_eq!(items.len(), 1, "{query}");
        assert_eq!((&items[0]["phone"], &items[0]["code"]), (&json!("+8613800138000"), &json!("123456")));
        assert!(items[0]["at"].as_str().is_some_and(|at| at.ends_with('Z')));
    }
    let all = sandbox.get_json("/sandbox/sms").await;
    assert_eq!(all["items"][1]["phone"], "+8613900139000", "newest last");
    assert_eq!(sandbox.get_json("/sandbox/stats").await["sms"], 2);
    assert_eq!(sandbox.post("/sms", json!({"id": "c"})).await.status(), 422);
    assert_eq!(sandbox.post("/sms", sms("c", "nobody")).await.status(), 422);
}
