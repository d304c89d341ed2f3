//! The templates of an account, by registration and by WeChat's own calls.

use serde_json::{Value, json};

use crate::support::{APPID, NOTE, ORDER, Running, note, start};

async fn listed(sandbox: &Running, token: &str) -> Vec<Value> {
    let path = format!("/cgi-bin/template/get_all_private_template?access_token={token}");
    sandbox.get_json(&path).await["template_list"].as_array().expect("a list").clone()
}

async fn call(sandbox: &Running, name: &str, token: &str, body: Value) -> Value {
    sandbox.post_json(&format!("/cgi-bin/template/{name}?access_token={token}"), body).await
}

#[tokio::test]
async fn registered_templates_are_listed_as_wechat_lists_them() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({})).await;
    let list = listed(&sandbox, &token).await;
    assert_eq!(
        list[0],
        json!({
            "template_id": ORDER, "title": "订单通知", "primary_industry": "IT科技",
            "deputy_industry": "互联网|电子商务",
            "content": "单号:{{character_string1.DATA}}\n商品:{{thing2.DATA}}\n", "example": "",
        })
    );
    assert_eq!(list[1]["content"], "thing1:{{thing1.DATA}}\n");
    sandbox.post("/sandbox/accounts", json!({"appid": APPID, "daily_quota": 7})).await;
    assert_eq!(listed(&sandbox, &token).await, list, "a registration that says nothing of them keeps them");
    sandbox.post("/sandbox/accounts", json!({"appid": APPID, "templates": ["only"]})).await;
    assert_eq!(listed(&sandbox, &token).await.len(), 1);
    for templates in [json!([{"title": "no id"}]), json!([5]), json!(["a", "a"]), json!(vec![""; 1])] {
        let answer = sandbox.post("/sandbox/accounts", json!({"appid": APPID, "templates": templates})).await;
        assert_eq!(answer.status(), 422, "{templates}");
    }
}

#[tokio::test]
async fn templates_are_added_used_and_deleted() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({})).await;
    let (_, openid) = sandbox.follower("小明").await;
    let keywords = json!({"template_id_short": "47123", "keyword_name_list": ["金额", "地点"]});
    let added = call(&sandbox, "api_add_template", &token, keywords).await;
    assert_eq!(added["errcode"], 0);
    let id = added["template_id"].as_str().expect("an id");
    assert_eq!(id.len(), 43);
    let content = listed(&sandbox, &token).await[2]["content"].clone();
    assert_eq!(content, "金额:{{amount1.DATA}}\n地点:{{thing2.DATA}}\n");
    let data = json!({"amount1": {"value": "5元"}, "thing2": {"value": "上海"}});
    let message = note(&openid, &json!({"template_id": id, "data": data}));
    assert_eq!(sandbox.send(&token, message.clone()).await["errcode"], 0);
    assert_eq!(
        call(&sandbox, "del_private_template", &token, json!({"template_id": id})).await["errcode"],
        0
    );
    assert_eq!(sandbox.send(&token, message).await["errcode"], 40037);
    assert_eq!(
        call(&sandbox, "del_private_template", &token, json!({"template_id": id})).await["errcode"],
        40037
    );
    assert_eq!(listed(&sandbox, &token).await[1]["template_id"], NOTE, "the others stay");
}

#[tokio::test]
async fn what_cannot_be_added_is_refused() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({})).await;
    for (body, errcode) in [
        (json!({}), 40035),
        (json!({"template_id_short": "TM00015"}), 40247),
        (json!({"template_id_short": "47123"}), 40246),
        (json!({"template_id_short": "47123", "keyword_name_list": [""]}), 40246),
        (json!({"template_id_short": 47123}), 47001),
    ] {
        assert_eq!(
            call(&sandbox, "api_add_template", &token, body.clone()).await["errcode"],
            errcode,
            "{body}"
        );
    }
    let one = json!({"template_id_short": "1", "keyword_name_list": ["时间"]});
    for _ in 0..23 {
        assert_eq!(call(&sandbox, "api_add_template", &token, one.clone()).await["errcode"], 0);
    }
    assert_eq!(
        call(&sandbox, "api_add_template", &token, one.clone()).await["errcode"],
        45026,
        "25 are in use"
    );
    assert_eq!(call(&sandbox, "api_add_template", "wrong", one).await["errcode"], 40001);
    assert_eq!(call(&sandbox, "get_all_private_template", &token, json!({})).await["errcode"], 43001);
}
