//! Service accounts that are bound at the same moment.

use futures_util::future::join_all;
use serde_json::json;

use super::service_account::{binding, organization, register};
use crate::support::TestServer;
use crate::support::server::AES_KEY;

#[actix_web::test]
async fn of_fifty_organizations_that_bind_one_account_at_once_one_has_it() {
    let server = TestServer::start().await;
    register(&server).await;
    let organizations = join_all((0..50).map(|_| organization(&server))).await;
    let bound = organizations.iter().map(|(backend, path)| backend.put(path, binding()));
    let answers = join_all(bound).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(200), count(409)), (1, 49));
    let lost = answers.iter().filter(|answer| answer.status == 409);
    assert!(lost.into_iter().all(|answer| answer.json()["code"] == "service_account_taken"));
    let has = organizations.iter().map(|(backend, path)| backend.get(path));
    assert_eq!(join_all(has).await.iter().filter(|answer| answer.status == 200).count(), 1);
}

#[actix_web::test]
async fn of_two_accounts_for_one_organization_at_once_one_is_bound() {
    let server = TestServer::start().await;
    let (backend, path) = organization(&server).await;
    let bindings = ["wxaaaaaaaaaaaaaaaa", "wxbbbbbbbbbbbbbbbb"].map(|appid| {
        json!({"appid": appid, "secret": "secret-of-it", "token": "abc", "encoding_aes_key": AES_KEY})
    });
    for binding in &bindings {
        let account = json!({
            "appid": binding["appid"], "secret": "secret-of-it", "token": "abc", "encoding_aes_key": AES_KEY,
        });
        server.sandbox_post("/sandbox/accounts", &account).await;
    }
    let answers = join_all(bindings.map(|binding| backend.put(&path, binding))).await;
    let mut codes: Vec<_> =
        answers.iter().map(|answer| (answer.status, answer.json()["code"].clone())).collect();
    codes.sort_by_key(|(status, _)| *status);
    assert_eq!(codes, [(200, json!(null)), (409, json!("organization_has_service_account"))]);
}

#[actix_web::test]
async fn the_same_account_twice_at_once_by_one_organization_is_bound_once() {
    let server = TestServer::start().await;
    register(&server).await;
    let (backend, path) = organization(&server).await;
    let answers = join_all((0..10).map(|_| backend.put(&path, binding()))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let created: Vec<_> = answers.iter().map(|answer| answer.json()["created_at"].clone()).collect();
    assert!(created.windows(2).all(|pair| pair[0] == pair[1]));
}
