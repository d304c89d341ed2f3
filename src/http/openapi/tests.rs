use std::collections::BTreeSet;

use super::*;
use crate::http::api::endpoint::BASE;

/// The routes that the sources declare, as `method path`.
fn declared() -> BTreeSet<String> {
    let sources = [include_str!("../routes.rs"), include_str!("../assets.rs"), include_str!("../ops.rs")];
    let mut routes = BTreeSet::new();
    for source in sources {
        // A route is written `at("…")` or `web::resource("…")`.
        let source = source.replace("web::resource(\"", "at(\"").replace(".route(web::", ".route(");
        for declaration in source.split("at(\"/").skip(1) {
            let (path, methods) = declaration.split_once('"').unwrap();
            let methods = methods.split(';').next().unwrap();
            for method in ["get", "post", "head"] {
                if methods.contains(&format!(".route({method}()")) {
                    routes.insert(format!("{method} /{path}"));
                }
            }
        }
    }
    // The bare address has nothing to say but 404.
    routes.remove("get /");
    routes
}

#[test]
fn every_route_is_described_and_no_other() {
    let document = document();
    let mut described = BTreeSet::new();
    // Routes of the API stand beside their descriptions, so neither goes without the other.
    let paths = document["paths"].as_object().unwrap().iter();
    for (path, item) in paths.filter(|(path, _)| !path.starts_with(BASE)) {
        for method in
            item.as_object().unwrap().keys().filter(|key| ["get", "post", "head"].contains(&key.as_str()))
        {
            described.insert(format!("{method} {path}"));
        }
    }
    assert_eq!(declared(), described);
    assert!(described.len() > 25, "the sources are read");
}

#[test]
fn the_committed_document_is_this_one() {
    // Not assert_eq: both whole documents would be printed.
    assert!(
        include_str!("../../../docs/openapi.json") == text(),
        "docs/openapi.json is old: run `make openapi`"
    );
}

#[test]
fn every_reference_leads_somewhere_and_every_parameter_of_a_path_is_named() {
    let document = document();
    for reference in text().split("\"$ref\": \"#").skip(1) {
        let place = reference.split('"').next().unwrap();
        assert!(document.pointer(place).is_some(), "{place}");
    }
    for (path, item) in document["paths"].as_object().unwrap() {
        let named = item["parameters"].as_array().map_or(0, Vec::len);
        assert!(!path.starts_with(BASE) || item.as_object().unwrap().len() > 1, "{path}");
        assert_eq!(path.matches('{').count(), named, "{path}");
    }
}
