//! What is said of a Redis that cannot be used.

use menfang::bus::redis::{Servers, check};

use crate::node::settings;
use crate::server::{RedisServer, free_port};

async fn said(url: &str) -> Option<String> {
    let said = check(&settings(Servers::One(url.to_owned()))).await.err();
    assert!(!said.as_ref().is_some_and(|said| said.contains("hush")), "{said:?}");
    said
}

#[actix_web::test]
async fn what_is_wrong_with_redis_is_said_with_its_mend() {
    let redis = RedisServer::with(&["--requirepass", "hush-now"]).await;
    let at = |login: &str| format!("redis://{login}127.0.0.1:{}", redis.port);
    assert_eq!(said(&at(":hush-now@")).await, None);
    assert!(said(&at(":hush-more@")).await.unwrap().contains("refuses the name or password"));
    assert!(said(&at("")).await.unwrap().contains("it wants a password"));
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    assert!(said(&nobody).await.unwrap().contains("cannot be reached"));
    assert!(said(&format!("rediss://:hush-now@127.0.0.1:{}", redis.port)).await.is_some());

    let replica = RedisServer::with(&["--replicaof", "127.0.0.1", &redis.port.to_string()]).await;
    assert!(said(&replica.url()).await.unwrap().contains("it is a replica"));
    let full = RedisServer::with(&["--maxmemory", "1"]).await;
    assert!(said(&full.url()).await.unwrap().contains("its memory is full"));
}
