//! Lists of followers, a page and a hundred at a time.

use super::*;

const LIST: &str = "/cgi-bin/user/get";
const DETAILS: &str = "/cgi-bin/user/info/batchget";

fn people(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("oPortal_User_{number:0>15}")).collect()
}

#[tokio::test]
async fn a_page_of_ten_thousand_is_read_and_the_next_one_asked_for() {
    let scene = Scene::set().await;
    scene.answers(TOKEN, [token("t1")]).await;
    let everybody = people(10_000);
    let first = json!({"total": 10_001, "count": 10_000, "data": {"openid": everybody}, "next_openid": everybody[9_999]});
    let second = json!({"total": 10_001, "count": 1, "data": {"openid": ["oLast"]}, "next_openid": ""});
    scene.answers(LIST, [first, second]).await;
    let page = scene.wechat.follower_page(&scene.credentials, None).await.unwrap();
    assert_eq!((page.total, &page.openids), (10_001, &everybody));
    assert!(!format!("{page:?}").contains("oPortal"));
    let page = scene.wechat.follower_page(&scene.credentials, page.next.as_deref()).await.unwrap();
    assert_eq!((page.openids, page.next), (vec!["oLast".to_owned()], None));
    let calls = scene.calls(LIST).await;
    assert_eq!(calls[0].url.query(), Some("access_token=t1"));
    let cursor = format!("access_token=t1&next_openid={}", everybody[9_999]);
    assert_eq!(calls[1].url.query(), Some(cursor.as_str()));
}

#[tokio::test]
async fn a_list_ends_with_an_empty_next_or_an_empty_page() {
    let scene = Scene::set().await;
    scene.answers(TOKEN, [token("t1")]).await;
    let ends = [
        json!({"total": 1, "count": 1, "data": {"openid": ["oA"]}, "next_openid": ""}),
        json!({"total": 1, "count": 1, "data": {"openid": ["", "oA"]}}),
        json!({"total": 1, "count": 0, "next_openid": "oA"}),
        json!({"total": 0, "count": 0, "data": null, "next_openid": ""}),
        json!({"total": 1, "count": 0, "data": {"openid": []}, "next_openid": "oA"}),
    ];
    let sizes = [1, 1, 0, 0, 0];
    scene.answers(LIST, ends).await;
    for size in sizes {
        let page = scene.wechat.follower_page(&scene.credentials, Some("oA")).await.unwrap();
        assert_eq!((page.openids.len(), page.next), (size, None));
    }
}

#[tokio::test]
async fn a_page_that_leads_back_or_names_nobody_is_no_page() {
    let scene = Scene::set().await;
    scene.answers(TOKEN, [token("t1")]).await;
    let strange = [
        json!({"total": 2, "count": 1, "data": {"openid": ["oB"]}, "next_openid": "oA"}),
        json!({"total": 2, "count": 1, "data": {"openid": ["<oB>"]}, "next_openid": "oB"}),
        json!({"total": 2, "count": 1, "data": {"openid": ["oB"]}, "next_openid": "o B"}),
    ];
    scene.answers(LIST, strange).await;
    for _ in 0..3 {
        let error = scene.wechat.follower_page(&scene.credentials, Some("oA")).await.unwrap_err();
        assert_eq!(error, WeChatError::Network(NetworkFailure::Body));
    }
}

#[tokio::test]
async fn details_of_a_hundred_are_one_call_and_of_strangers_nothing_is_kept() {
    let scene = Scene::set().await;
    scene.answers(TOKEN, [token("t1")]).await;
    let answer = json!({"user_info_list": [
        {"subscribe": 1, "openid": "oA", "language": "", "subscribe_time": 1_700_000_000, "unionid": "oUnion",
         "remark": "仓库", "groupid": 0, "tagid_list": [128], "subscribe_scene": "ADD_SCENE_QR_CODE",
         "qr_scene": 98_765, "qr_scene_str": ""},
        {"subscribe": 0, "openid": "oB", "remark": "left", "subscribe_time": 1_600_000_000, "qr_scene": 7},
    ]});
    scene.answers(DETAILS, [answer]).await;
    let asked = ["oA".to_owned(), "oB".to_owned()];
    let batch = OpenidBatch::split(&asked).next().unwrap();
    let told = scene.wechat.follower_details(&scene.credentials, batch).await.unwrap();
    let follower = FollowerDetails {
        openid: "oA".into(),
        follows: true,
        followed_at: Some(Millis(1_700_000_000_000)),
        scene: Some("ADD_SCENE_QR_CODE".into()),
        qr_scene: Some("98765".into()),
        unionid: Some("oUnion".into()),
        language: None,
        remark: Some("仓库".into()),
    };
    let stranger = FollowerDetails {
        openid: "oB".into(),
        follows: false,
        followed_at: None,
        scene: None,
        qr_scene: None,
        unionid: None,
        language: None,
        remark: None,
    };
    assert_eq!(told, [follower, stranger]);
    let shown = format!("{told:?}");
    assert!(!["oA", "oUnion", "仓库"].iter().any(|part| shown.contains(part)), "{shown}");
    let call = &scene.calls(DETAILS).await[0];
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    let people = json!([{"openid": "oA", "lang": "zh_CN"}, {"openid": "oB", "lang": "zh_CN"}]);
    assert_eq!(body, json!({"user_list": people}));
}

#[tokio::test]
async fn nobody_can_ask_for_more_than_a_hundred_at_once() {
    let scene = Scene::set().await;
    scene.answers(TOKEN, [token("t1")]).await;
    scene.answers(DETAILS, [json!({"user_info_list": []})]).await;
    let everybody = people(201);
    for batch in OpenidBatch::split(&everybody) {
        scene.wechat.follower_details(&scene.credentials, batch).await.unwrap();
    }
    let calls = scene.calls(DETAILS).await;
    let asked: Vec<Value> = calls.iter().map(|call| serde_json::from_slice(&call.body).unwrap()).collect();
    let sizes: Vec<_> = asked.iter().map(|body| body["user_list"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [100, 100, 1]);
    assert_eq!(asked[2]["user_list"][0]["openid"], everybody[200]);
    assert_eq!(OpenidBatch::split(&[]).count(), 0);
}

#[tokio::test]
async fn details_without_a_person_are_no_answer() {
    let scene = Scene::set().await;
    scene.answers(TOKEN, [token("t1")]).await;
    scene.answers(DETAILS, [json!({"user_info_list": [{"subscribe": 1}]}), json!({})]).await;
    let asked = people(1);
    for _ in 0..2 {
        let batch = OpenidBatch::split(&asked).next().unwrap();
        let error = scene.wechat.follower_details(&scene.credentials, batch).await.unwrap_err();
        assert_eq!(error, WeChatError::Network(NetworkFailure::Body));
    }
}
