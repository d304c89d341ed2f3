//! The shapes of bodies, and the cookies.

use serde_json::{Value, json};

use crate::http::problem::Code;

/// The states of a QR session as its browser is told them.
const STATES: [&str; 8] =
    ["waiting", "scanned", "verifying", "held", "authorized", "denied", "refused", "expired"];
/// The steps of the phone's page.
const STEPS: [&str; 7] = ["bind", "approve", "held", "done", "refused", "denied", "expired"];
/// Why somebody is not let in.
const REASONS: [&str; 5] =
    ["seats_full", "account_disabled", "invitation_required", "portal_closed", "phone_in_use"];

/// Every schema, by name.
pub(super) fn all() -> Value {
    json!({
        "Problem": problem(),
        "QrSession": qr_session(),
        "StateFrame": state_frame(),
        "PhoneStep": phone_step(),
        "Me": me(),
        "Redirect": object(&["redirect_to"], json!({"redirect_to": path()})),
        "Health": object(&["status", "failing", "away"], json!({
            "status": {"enum": ["ok", "failing"]},
            "failing": {"type": "array", "items": {"enum": ["server", "database", "schema"]}},
            "away": {"type": "array", "items": {"enum": ["redis"]}, "description": "What is missed, but not needed to serve"},
        })),
    })
}

/// The cookies and keys that say who asks.
pub(super) fn credentials() -> Value {
    let cookie = |name: &str, description: &str| json!({"type": "apiKey", "in": "cookie", "name": name, "description": description});
    json!({
        "browser": cookie("menfang_browser", "Set by POST /p/{slug}/qr; binds the QR session to one browser. With an https http.public_url all cookies have the prefix __Host-."),
        "phone": cookie("menfang_phone", "Set when a link is opened inside WeChat; 35 minutes, the latest scan wins."),
        "api_key": {
            "type": "http", "scheme": "bearer", "bearerFormat": "mf_<id>_<secret>",
            "description": "A key of the platform or of one organization, with scopes",
        },
        "account_token": {
            "type": "http", "scheme": "bearer", "bearerFormat": "mfa_<secret>",
            "description": "A login of a platform account on the mobile app, from POST /accounts/sign-in",
        },
        "account": cookie("menfang_account", "A login of a platform account in a browser, from POST /accounts/sign-in; unsafe requests need this server's Origin with it."),
        "login": cookie("menfang_login_{slug}", "Set by the claim, one for each portal."),
    })
}

#[expect(clippy::needless_pass_by_value, reason = "the properties are written where it is called")]
fn object(required: &[&str], properties: Value) -> Value {
    json!({"type": "object", "required": required, "properties": properties})
}

/// Why somebody is held or refused.
fn reasons() -> Vec<&'static str> {
    REASONS.iter().copied().chain(["approval_pending"]).collect()
}

fn path() -> Value {
    json!({"type": "string", "description": "A path on this server"})
}

fn text_or_null() -> Value {
    json!({"type": ["string", "null"]})
}

fn problem() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
    object(
        &["type", "title", "status", "code", "request_id"],
        json!({
            "type": {"const": "about:blank"},
            "title": {"type": "string", "description": "What to do about it; may be reworded"},
            "status": {"type": "integer"},
            "code": {"enum": codes, "description": "Stable; programs decide by it"},
            "request_id": {"type": "string", "description": "As in X-Request-Id and in the server's log"},
            "detail": {"type": "string", "description": "This case in a sentence; may be reworded"},
            "field": {"type": "string", "description": "What was wrong, as a path into the request"},
        }),
    )
}

fn qr_session() -> Value {
    object(
        &["id", "scan_url", "svg", "expires_in", "live", "claim"],
        json!({
            "id": {"type": "string", "description": "The browser's handle; it never appears in the code"},
            "scan_url": {"type": "string", "format": "uri", "description": "What the code encodes"},
            "svg": {"type": "string", "description": "The code, drawn"},
            "expires_in": {"type": "integer", "description": "Seconds in which it can be scanned"},
            "live": object(
                &["websocket", "events", "poll"],
                json!({"websocket": path(), "events": path(), "poll": path()}),
            ),
            "claim": path(),
        }),
    )
}

fn state_frame() -> Value {
    object(
        &["type", "seq", "state", "expires_in_ms"],
        json!({
            "type": {"const": "state"},
            "seq": {"type": "integer", "minimum": 1, "description": "Grows with each change"},
            "state": {"enum": STATES},
            "expires_in_ms": {"type": "integer", "minimum": 0},
            "person": {
                "type": "object",
                "description": "From scanned to the decision",
                "properties": {"nickname": text_or_null(), "avatar_url": text_or_null()},
            },
            "match": {
                "type": "string",
                "pattern": "^[0-9]{2}$",
                "description": "The number to show, when number matching applies; from scanned to the decision",
            },
            "reason": {"enum": reasons(), "description": "With held and refused"},
        }),
    )
}

fn phone_step() -> Value {
    let browser = json!({
        "type": ["object", "null"],
        "description": "The computer that shows the code; null for a menu link, whose step approve is there to accept the terms",
        "required": ["name", "system", "ip_masked", "same_network", "opened_seconds_ago"],
        "properties": {
            "name": {"type": "string"},
            "system": {"type": "string"},
            "ip_masked": {"type": "string"},
            "same_network": {"type": "boolean"},
            "opened_seconds_ago": {"type": "integer"},
        },
    });
    let mut terms = object(
        &["url", "version"],
        json!({"url": {"type": "string", "format": "uri"}, "version": {"type": "string"}}),
    );
    terms["description"] = json!(
        "To be accepted with the post of this step, by the field terms; absent when there is nothing to accept"
    );
    object(
        &["step", "app", "organization", "browser", "csrf", "match_required"],
        json!({
            "step": {"enum": STEPS},
            "app": {"type": "string"},
            "organization": {"type": "string"},
            "browser": browser,
            "csrf": {"type": "string", "description": "For the posts of this step"},
            "match_required": {"type": "boolean"},
            "terms": terms,
            "reason": {"enum": reasons(), "description": "With held and refused"},
            "redirect_to": path(),
        }),
    )
}

fn me() -> Value {
    let named = |more: &[&str]| {
        let mut names = vec!["id", "name"];
        names.extend_from_slice(more);
        let properties: serde_json::Map<String, Value> =
            names.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
        object(&names, Value::Object(properties))
    };
    object(
        &["id", "kind", "nickname", "phone_masked", "role", "app", "organization", "follows"],
        json!({
            "id": {"type": "string", "pattern": "^usr_"},
            "kind": {"const": "external_user"},
            "nickname": text_or_null(),
            "phone_masked": {"type": "string"},
            "role": {"type": "string"},
            "app": named(&["slug"]),
            "organization": named(&[]),
            "follows": {"type": "boolean", "description": "Whether the person follows the service account"},
        }),
    )
}
