//! The API's description, for programs and for people.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::TestServer;

#[actix_web::test]
async fn the_document_is_public_and_is_asked_for_again_only_when_it_changes() {
    let server = TestServer::start().await;
    let place = server.at("/api/openapi.json");
    let first = server.http.get(&place).send().await.unwrap();
    assert_eq!(first.status(), 200);
    let header = |name: &str| first.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        (header("content-type"), header("cache-control")),
        ("application/json".into(), "no-cache".into())
    );
    let tag = header("etag");
    let text = first.text().await.unwrap();
    assert_eq!(text, include_str!("../../../docs/openapi.json"));
    for (known, status, length) in [(tag.as_str(), 304, 0), ("\"older\"", 200, text.len())] {
        let again = server.http.get(&place).header("if-none-match", known).send().await.unwrap();
        assert_eq!(
            (again.status().as_u16(), again.headers()["etag"].to_str().unwrap()),
            (status, tag.as_str())
        );
        assert_eq!(again.text().await.unwrap().len(), length);
    }
    let head = server.http.head(&place).send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.text().await.unwrap().as_str()), (200, ""));
}

#[actix_web::test]
async fn the_page_shows_every_route_with_all_that_the_document_says() {
    let server = TestServer::start().await;
    let document: Value = serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    for language in ["en", "zh-CN"] {
        let request = server.http.get(server.at("/api/docs")).header("accept-language", language);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("script-src 'self'; style-src 'self'"), "{policy}");
        let html = answer.text().await.unwrap();
        assert!(html.contains(&format!("<html lang=\"{language}\">")));
        for inline in ["<script", "<style", " style=", " onclick="] {
            assert!(!html.contains(inline), "{inline} is not allowed by the page's own policy");
        }
        for (path, item) in document["paths"].as_object().unwrap() {
            assert!(html.contains(&format!("<code>{path}</code>")), "{path}");
            for op in item.as_object().unwrap().values().filter(|op| op["summary"].is_string()) {
                if let Some(scope) = op["x-scope"].as_str() {
                    assert!(html.contains(&format!("<code class=\"scope\">{scope}</code>")), "{scope}");
                }
            }
        }
        for name in document["components"]["schemas"].as_object().unwrap().keys() {
            assert!(html.contains(&format!("id=\"shape-{name}\"")), "{name}");
        }
        every_link_leads_somewhere(&html);
    }
}

/// Links within the page have their target, each id is there once, and nothing is fetched from elsewhere.
fn every_link_leads_somewhere(html: &str) {
    let values = |attribute: &str| {
        let marks = format!(" {attribute}=\"");
        html.split(&marks).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let ids = values("id");
    let known: BTreeSet<_> = ids.iter().collect();
    assert_eq!(known.len(), ids.len(), "an id stands twice");
    for place in values("href").into_iter().chain(values("src")) {
        match place.strip_prefix('#') {
            Some(id) => assert!(known.contains(&id.to_owned()), "#{id} is nowhere"),
            None => assert!(place.starts_with("/assets/") || place == "/api/openapi.json", "{place}"),
        }
    }
}

#[actix_web::test]
async fn an_address_says_which_methods_it_takes_when_it_is_asked_with_another() {
    let server = TestServer::start().await;
    for (path, methods) in [
        ("/api/v1/api-keys", "GET, POST"),
        ("/api/v1/api-keys/key_00000000000000000000000000", "DELETE"),
        ("/api/openapi.json", "GET, HEAD"),
        ("/p/suppliers/me", "GET"),
    ] {
        let request = server.http.request(reqwest::Method::TRACE, server.at(path));
        let answer = request.header("accept", "application/json").send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["allow"].to_str().unwrap()),
            (405, methods),
            "{path}"
        );
        let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(problem["code"], "method_not_allowed");
    }
}
