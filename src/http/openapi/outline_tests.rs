use serde_json::json;

use super::*;
use crate::http::openapi::document;
use crate::http::openapi::fields::Kind;

fn find<'a>(outline: &'a Outline, method: &str, path: &str) -> &'a Route {
    let mut routes = outline.groups.iter().flat_map(|group| &group.routes);
    routes.find(|route| route.method == method && route.path == path).unwrap()
}

#[test]
fn every_route_of_the_document_is_in_a_group_and_has_a_place_of_its_own() {
    let document = document();
    let outline = outline(&document);
    let routes: Vec<_> = outline.groups.iter().flat_map(|group| &group.routes).collect();
    let described: usize = entries(&document["paths"])
        .map(|(_, item)| METHODS.iter().filter(|method| item.get(**method).is_some()).count())
        .sum();
    assert_eq!(routes.len(), described);
    let mut anchors: Vec<_> = routes.iter().map(|route| &route.anchor).collect();
    anchors.sort_unstable();
    anchors.dedup();
    assert_eq!(anchors.len(), described, "two routes share an anchor");
    assert!(outline.groups[0].routes[0].path.starts_with(BASE), "the API comes first");
    for route in routes {
        assert!(!route.answers.is_empty() && route.curl.starts_with("curl "), "{}", route.path);
        for scheme in &route.credentials {
            assert!(outline.credentials.iter().any(|known| known.name == *scheme), "{scheme}");
        }
        for shape in route.answers.iter().filter_map(|answer| answer.shape.as_ref()) {
            assert!(outline.shapes.iter().any(|known| known.name == *shape), "{shape}");
        }
    }
}

#[test]
fn a_route_says_who_may_what_it_takes_and_what_may_be_in_the_way() {
    let outline = outline(&document());
    let route = find(&outline, "POST", "/api/v1/organizations/{org}/api-keys");
    assert_eq!((route.credentials[0].as_str(), route.scope.as_deref()), ("api_key", Some("keys:write")));
    let body = route.body.as_ref().unwrap();
    assert_eq!(body.shape.as_deref(), Some("NewApiKey"));
    let days = body.fields.iter().find(|field| field.name == "expires_in_days").unwrap();
    assert!(!days.required);
    assert_eq!(days.kind.text, "integer, 1 to 365, or null");
    let answer = |status: &str| route.answers.iter().find(|answer| answer.status == status).unwrap();
    assert!(answer("201").example.as_ref().unwrap().contains("\"api_key\": \"mf_…\""));
    assert_eq!(answer("401").codes, ["unauthorized"]);
    assert!(answer("422").codes.contains(&"idempotency_mismatch"));
    assert!(find(&outline, "GET", "/livez").credentials.is_empty());
}

#[test]
fn a_call_can_be_copied_into_a_shell() {
    let outline = outline(&document());
    let key = find(&outline, "POST", "/api/v1/organizations/{org}/api-keys");
    assert_eq!(
        key.curl,
        "curl -X POST \"$URL/api/v1/organizations/${ORG}/api-keys\" \\\n  -H \"Authorization: Bearer $KEY\" \\\n  \
         -H 'Content-Type: application/json' \\\n  \
         -d '{\"expires_in_days\":90,\"name\":\"billing\",\"scopes\":[\"seats:read\"]}'"
    );
    let poll = find(&outline, "GET", "/qr/{id}");
    assert_eq!(poll.curl, "curl \"$URL/qr/${ID}\" \\\n  -b \"menfang_browser=$COOKIE\"");
    let me = find(&outline, "GET", "/p/{slug}/me");
    assert_eq!(me.curl, "curl \"$URL/p/${SLUG}/me\" \\\n  -b \"menfang_login_${SLUG}=$COOKIE\"");
    let deny = find(&outline, "POST", "/p/{slug}/phone/deny");
    assert!(
        deny.curl.contains("-H \"Origin: $URL\"") && deny.curl.ends_with("--data-urlencode \"csrf=$CSRF\"")
    );
    assert!(find(&outline, "GET", "/readyz").curl.contains("http://127.0.0.1:9090/readyz"));
}

#[test]
fn a_quotation_mark_does_not_end_the_body() {
    let op = json!({"requestBody": {"content": {"application/json": {"example": {"name": "Zoë's"}}}}});
    let call = curl::call("/api/v1/x", "post", &json!({"post": op}), None);
    assert!(call.ends_with(r#"-d '{"name":"Zoë'\''s"}'"#), "{call}");
}

#[test]
fn kinds_are_told_in_a_few_words() {
    for (schema, text, shape) in [
        (json!({"type": "string", "minLength": 1, "maxLength": 60}), "string, 1 to 60 characters", None),
        (json!({"type": ["string", "null"], "format": "date"}), "string, date, or null", None),
        (
            json!({"type": "integer", "format": "int32", "minimum": 1, "default": 50}),
            "integer, at least 1, 50 when absent",
            None,
        ),
        (json!({"enum": ["a", "b"]}), "\"a\" | \"b\"", None),
        (json!({"const": "state"}), "\"state\"", None),
        (json!({"type": "array", "items": {"type": "string"}}), "list of string", None),
        (json!({"type": "array", "items": {"$ref": "#/x/Role"}}), "in a list", Some("Role")),
        (json!({"oneOf": [{"$ref": "#/x/Role"}, {"type": "null"}]}), "or null", Some("Role")),
        (json!({"$ref": "#/x/Role"}), "", Some("Role")),
    ] {
        let expected = Kind { text: text.into(), shape: shape.map(ToOwned::to_owned) };
        assert_eq!(fields::kind(&schema), expected, "{schema}");
    }
}

#[test]
fn fields_within_fields_are_named_with_their_way() {
    let schema = json!({"type": "object", "required": ["app"], "properties": {
        "app": {"type": "object", "properties": {"id": {"type": "string"}}},
        "items": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
    }});
    let names: Vec<_> =
        fields::of_schema(&schema).into_iter().map(|field| (field.name, field.required)).collect();
    let expected = [("app", true), ("app.id", false), ("items", false), ("items[].name", false)];
    assert_eq!(names, expected.map(|(name, required)| (name.to_owned(), required)));
}
