//! The description (`OpenAPI` 3.1) of every route, built by hand so that it says what clients may rely on and no more.
//!
//! Keys come out sorted, so the text is the same each time; `docs/openapi.json` is this text, and a test holds it to that.

mod curl;
pub mod fields;
pub mod op;
mod operations;
pub mod outline;
mod people;
mod schemas;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::problem::Code;

/// What the document says of itself.
const ABOUT: &str = "Sign-in by WeChat QR code. Errors are application/problem+json (RFC 9457) with a stable `code`; \
answers that people see are pages unless `Accept` contains application/json. Every answer has `X-Request-Id`. Any \
route may also answer 405 `method_not_allowed`, 414 `url_too_long`, 421 `unknown_host` and 500 `internal`.";

/// The document as a value.
pub fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Menfang",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "http.public_url"}],
        "tags": [
            {"name": "entrance", "description": "People on a computer"},
            {"name": "qr", "x-displayName": "QR sessions", "description": "The browser that waits"},
            {"name": "phone", "description": "The phone inside WeChat"},
            {"name": "wechat", "x-displayName": "WeChat", "description": "WeChat's own calls"},
            {"name": "ops", "x-displayName": "Operations", "description": "The operator's port, ops.listen"},
            {"name": "documents", "description": "This description of all routes"},
            {"name": "organizations", "description": "Organizations, their API keys and audit log"},
            {"name": "seats", "description": "Seats, and buying more"},
            {"name": "apps", "description": "Apps, their portals and roles"},
            {"name": "external users", "description": "The accounts of an app"},
            {"name": "members", "description": "Members, external collaborators, and what they are placed in"},
            {"name": "accounts", "description": "Platform accounts, by themselves"},
            {"name": "inbox", "description": "What members and external collaborators were told"},
            {"name": "service_account", "x-displayName": "Service account", "description": "The organization's WeChat service account and its menu"},
            {"name": "followers", "description": "Who follows the service account"},
            {"name": "templates", "description": "The service account's message templates, and the hosts that messages link to"},
            {"name": "notifications", "description": "Orders to tell an audience something, and what became of each delivery"},
        ],
        "paths": operations::paths(),
        "components": {"schemas": every_schema(), "securitySchemes": schemas::credentials()},
    })
}

/// The methods of an address, as the document writes it: `GET, POST`; empty for an address that it does not know.
pub fn methods(path: &str) -> &'static str {
    static METHODS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
        let paths = operations::paths();
        let of = |item: &Value| {
            let item = item.as_object().into_iter().flat_map(Map::keys);
            let methods = item.filter(|key| !matches!(key.as_str(), "parameters" | "servers"));
            methods.map(|method| method.to_ascii_uppercase()).collect::<Vec<_>>().join(", ")
        };
        paths.as_object().into_iter().flatten().map(|(path, item)| (path.clone(), of(item))).collect()
    });
    METHODS.get(path).map_or("", String::as_str)
}

/// The document as text: indented, with sorted keys and a line break at the end.
pub fn text() -> String {
    format!("{:#}\n", document())
}

fn every_schema() -> Value {
    let mut all = schemas::all();
    if let Some(all) = all.as_object_mut() {
        all.extend(operations::schemas());
    }
    all
}

/// The answers of these codes, by status.
fn problems(codes: &[Code]) -> Map<String, Value> {
    let mut words: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for code in codes {
        words.entry(code.status().as_u16()).or_default().push(format!("`{}`", code.word()));
    }
    let answer = |words: Vec<String>| {
        json!({
            "description": words.join(", "),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        })
    };
    words.into_iter().map(|(status, words)| (status.to_string(), answer(words))).collect()
}

#[cfg(test)]
#[path = "openapi/tests.rs"]
mod tests;
