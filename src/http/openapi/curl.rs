//! A call of a route from a shell. Addresses and keys are variables, so that what is copied runs once they are set.

use std::fmt::Write as _;

use serde_json::Value;

use super::fields::text_of;
use super::outline::entries;

/// How a credential is sent.
pub(super) fn sent(scheme: &Value) -> String {
    let name = text_of(scheme, "name");
    match (scheme["type"].as_str(), scheme["in"].as_str()) {
        (Some("apiKey"), Some("cookie")) => format!("Cookie: {name}=…"),
        (Some("apiKey"), _) => format!("{name}: …"),
        _ => "Authorization: Bearer …".into(),
    }
}

/// The call, over as many lines as it has parts; `scheme` is the credential that it sends.
pub(super) fn call(path: &str, method: &str, item: &Value, scheme: Option<&Value>) -> String {
    let op = &item[method];
    let verb = if method == "get" { String::new() } else { format!("-X {} ", method.to_ascii_uppercase()) };
    let base = item["servers"][0]["url"].as_str().unwrap_or("$URL");
    let mut parts = vec![format!("curl {verb}\"{base}{}{}\"", with_variables(path), query(op))];
    parts.extend(scheme.map(|scheme| {
        let sent = with_variables(&sent(scheme));
        match sent.strip_prefix("Cookie: ") {
            Some(cookie) => format!("-b \"{}\"", cookie.replace('…', "$COOKIE")),
            None if text_of(scheme, "bearerFormat").starts_with("mfa_") => {
                format!("-H \"{}\"", sent.replace('…', "$TOKEN"))
            }
            None => format!("-H \"{}\"", sent.replace('…', "$KEY")),
        }
    }));
    let by_page = !path.starts_with("/api/") && !path.starts_with("/wechat/");
    if by_page && method != "get" {
        parts.push("-H \"Origin: $URL\"".into());
    }
    // A request has one body, of whichever kind: the first is shown.
    for (media, content) in entries(&op["requestBody"]["content"]).take(1) {
        if media == "application/x-www-form-urlencoded" {
            let fields = entries(&content["schema"]["properties"]).map(|(name, _)| name);
            parts.extend(fields.map(|name| format!("--data-urlencode \"{name}=${}\"", variable(name))));
        } else {
            parts.push(format!("-H 'Content-Type: {media}'"));
            parts.extend(content.get("example").map(|example| format!("-d '{}'", body(example))));
        }
    }
    parts.join(" \\\n  ")
}

/// `/organizations/{org}` as `/organizations/$ORG`.
fn with_variables(path: &str) -> String {
    let mut rest = path;
    let mut text = String::with_capacity(path.len());
    while let Some((before, name, after)) = rest
        .split_once('{')
        .and_then(|(before, rest)| rest.split_once('}').map(|(name, after)| (before, name, after)))
    {
        // Braces, for a letter may follow.
        let _ = write!(text, "{before}${{{}}}", variable(name));
        rest = after;
    }
    text.push_str(rest);
    text
}

fn variable(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

/// What the query has to say.
fn query(op: &Value) -> String {
    let parameters = op["parameters"].as_array().into_iter().flatten();
    let required = parameters.filter(|parameter| parameter["in"] == "query" && parameter["required"] == true);
    let pairs: Vec<String> = required
        .map(|parameter| format!("{}={}", text_of(parameter, "name"), sample(&parameter["schema"])))
        .collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// A value that a schema takes.
fn sample(schema: &Value) -> String {
    let told = ["example", "default", "minimum"].iter().find_map(|name| schema.get(*name));
    match told.or_else(|| schema["enum"].get(0)) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => "…".into(),
    }
}

/// A body within single quotes: on one line when it is short.
fn body(example: &Value) -> String {
    let line = example.to_string();
    let text = if line.len() > 80 { format!("{example:#}") } else { line };
    text.replace('\'', "'\\''")
}
