//! Every route and what it answers.

use serde_json::{Map, Value, json};

use crate::http::api::endpoint::{BASE, Endpoint};
use crate::http::api::v1;
use crate::http::problem::Code::{
    self, AccountDisabled, AlreadyClaimed, AlreadyTaken, BadRequest, BadState, CodeWrong, ConsentRefused,
    CsrfInvalid, Expired, InvitationRequired, MatchWrong, NoTransaction, NotAuthorized, NotFound, NotReady,
    NotSignedIn, NotThisBrowser, OriginNotAllowed, PhoneInUse, PhoneInvalid, PortalClosed, SeatsFull,
    SmsUnavailable, SnapshotUser, TermsRequired, TooLarge, TooManyRequests, Unavailable, WeChatUnavailable,
};

use super::op::{Op, op, query};
use super::people;

/// Why an account may not be had.
const REFUSED: [Code; 5] = [SeatsFull, AccountDisabled, InvitationRequired, PortalClosed, PhoneInUse];

/// The paths, each with its operations.
pub(super) fn paths() -> Value {
    let mut paths = Map::new();
    for (path, methods) in
        [entrance(), waiting(), phone(), people::paths(), documents(), wechat(), operator()]
            .into_iter()
            .flatten()
    {
        paths.insert(path.to_owned(), methods);
    }
    for endpoint in v1::endpoints() {
        add(&mut paths, endpoint);
    }
    Value::Object(paths)
}

/// Adds a route of the API.
fn add(paths: &mut Map<String, Value>, endpoint: Endpoint) {
    let path = format!("{BASE}{}", endpoint.path);
    let names = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let parameters: Vec<Value> = names.map(id_in_path).collect();
    let item = paths.entry(path.clone()).or_insert_with(|| json!({"parameters": parameters}));
    if let Some(item) = item.as_object_mut() {
        item.insert(endpoint.method.as_str().to_ascii_lowercase(), endpoint.op.build());
    }
}

/// The schemas that the routes of the API refer to.
pub(super) fn schemas() -> Map<String, Value> {
    let mut all: Map<String, Value> =
        v1::endpoints().iter().flat_map(|endpoint| endpoint.op.schemas().clone()).collect();
    all.values_mut().for_each(say_what_is_always_there);
    all
}

/// Answers have every field, with null where there is nothing to say. What is sent is closed, and may leave fields out.
fn say_what_is_always_there(schema: &mut Value) {
    for part in schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        say_what_is_always_there(part);
    }
    let is_sent = schema["additionalProperties"] == false;
    let fields = schema["properties"].as_object().filter(|_| !is_sent);
    let names = fields.map(|fields| fields.keys().map(|name| json!(name)).collect());
    if let Some(names) = names {
        schema["required"] = Value::Array(names);
    }
}

type Path = (&'static str, Value);

fn entrance() -> Vec<Path> {
    let page = |summary, also: Value, codes: &[Code]| {
        op("entrance", summary).answer("200", "A page", "text/html").answers(also).problems(codes)
    };
    let to_wechat = json!({"302": {"description": "Inside WeChat: on to WeChat's authorization"}});
    let mut to_home = to_wechat.clone();
    to_home["303"] = json!({"description": "Signed in already: on to /p/{slug}/home"});
    let opened = [NotFound, PortalClosed, NotReady, Unavailable];
    let scanned = [NotFound, PortalClosed, Expired, NotReady, Unavailable];
    let show =
        page("The entrance: a live code, WeChat's authorization, or how to open it there", to_home, &opened);
    let scan = page("What a QR code encodes; it changes nothing", to_wechat, &scanned);
    let code = op("entrance", "The portal's lasting QR code, to print or post").answer(
        "200",
        "The code",
        "image/svg+xml",
    );
    let follow =
        op("entrance", "The QR code of the service account, as a page has shown it to who does not follow")
            .answer("200", "The code", "image/png");
    let home = op("entrance", "Who is signed in").answer("200", "A page", "text/html").security("login");
    let home = home.answers(json!({"303": {"description": "Nobody: on to the entrance"}}));
    let me = op("entrance", "Who is signed in, for programs and for nginx's auth_request").security("login");
    let me = me.answers(json!({"200": {
        "description": "Somebody",
        "headers": {"X-Menfang-User": {"schema": {"type": "string"}, "description": "The account's id"}},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Me"}}},
    }}));
    let logout = op("entrance", "Ends the login here").security("login").json("200", "Redirect");
    let logout = logout
        .answers(json!({"303": {"description": "Without Accept: application/json: on to the entrance"}}));
    vec![
        (
            "/p/{slug}",
            json!({"get": show.clone().build(), "head": show.build(), "parameters": [in_path("slug")]}),
        ),
        ("/p/{slug}/code.svg", page_of_portal(code.problems(&[NotFound, Unavailable]))),
        ("/p/{slug}/follow.png", page_of_portal(follow.problems(&[NotFound, Unavailable]))),
        (
            "/p/{slug}/q/{ticket}",
            json!({"get": scan.clone().build(), "head": scan.build(), "parameters": [in_path("slug"), in_path("ticket")]}),
        ),
        ("/p/{slug}/home", page_of_portal(home.problems(&[NotFound, Unavailable]))),
        ("/p/{slug}/me", of_portal("get", me.problems(&[NotSignedIn, NotFound, Unavailable]))),
        ("/p/{slug}/logout", of_portal("post", logout.problems(&[OriginNotAllowed, NotFound, Unavailable]))),
        (
            "/assets/{name}",
            json!({
                "get": asset("The file"), "head": asset("Its headers"), "parameters": [in_path("name")],
            }),
        ),
    ]
}

fn asset(what: &str) -> Value {
    let answers = json!({
        "200": {"description": what}, "304": {"description": "As the ETag says"}, "404": {"description": "No such file"},
    });
    op("entrance", "A style, script or picture of the pages").answers(answers).build()
}

fn waiting() -> Vec<Path> {
    let watch = [NotThisBrowser, NotFound, TooManyRequests, Unavailable];
    let start = op("qr", "Shows a code: starts a QR session; sets menfang_browser and menfang_device");
    let start = start.json("201", "QrSession");
    let start = start.problems(&[OriginNotAllowed, PortalClosed, NotFound, TooManyRequests, Unavailable]);
    let poll = op("qr", "The present state, or the next one: a long poll")
        .security("browser")
        .json("200", "StateFrame");
    let poll = poll.parameters(json!([
        query(
            "wait",
            &json!({"type": "integer", "minimum": 0, "maximum": 25, "default": 25}),
            "Seconds to wait"
        ),
        query(
            "after",
            &json!({"type": "integer"}),
            "The seq that is known; without it the answer comes at once"
        ),
    ]));
    let events = op("qr", "The states as server-sent events; each data is a StateFrame, each id its seq");
    let events = events.security("browser").answer("200", "A stream", "text/event-stream").parameters(json!([
        {"name": "Last-Event-ID", "in": "header", "schema": {"type": "integer"}, "description": "The seq that is known"},
    ]));
    let socket = op("qr", "The states by WebSocket, subprotocol menfang.qr.v1; each message is a StateFrame")
        .security("browser");
    let socket = socket.describe(
        "The client sends nothing. Close codes: 1000 finished, 1008 rule broken, 1009 too big, 1011 internal, \
         1012 restarting, 1013 overloaded, 4404 no such session, 4408 too slow, 4410 QR over.",
    );
    let socket = socket.answers(json!({"101": {"description": "The connection is upgraded"}}));
    let claim = op("qr", "Takes an approved sign-in, once; sets the login cookie").security("browser");
    let claim = claim.json("200", "Redirect").problems(&with(
        &[OriginNotAllowed, NotThisBrowser, NotFound, NotAuthorized, AlreadyClaimed, Expired, Unavailable],
        &REFUSED,
    ));
    let of_session = |method: &str, op: Op| json!({method: op.build(), "parameters": [in_path("id")]});
    vec![
        ("/p/{slug}/qr", of_portal("post", start)),
        ("/qr/{id}", of_session("get", poll.problems(&with(&[BadRequest], &watch)))),
        ("/qr/{id}/events", of_session("get", events.problems(&watch))),
        ("/qr/{id}/ws", of_session("get", socket.problems(&with(&[BadRequest, OriginNotAllowed], &watch)))),
        ("/qr/{id}/claim", of_session("post", claim)),
    ]
}

fn phone() -> Vec<Path> {
    let form = [OriginNotAllowed, BadRequest, TooLarge, NoTransaction, CsrfInvalid, Unavailable];
    let post = |summary, fields: &[&str], status: &'static str, codes: &[Code]| {
        let post = op("phone", summary).security("phone").form(fields).json(status, "PhoneStep");
        let post =
            post.answers(json!({"303": {"description": "Without Accept: application/json: on to the page"}}));
        of_portal("post", post.problems(&with(&form, codes)))
    };
    let decided = with(&[MatchWrong, TermsRequired], &REFUSED);
    let bound = with(&[PhoneInvalid, CodeWrong, TermsRequired, TooManyRequests], &REFUSED);
    let show =
        op("phone", "The step at hand, as a page or as JSON").security("phone").json("200", "PhoneStep");
    let profile = op("phone", "Asks WeChat for name and picture").security("phone").form(&["csrf"]);
    let profile = profile.answers(json!({"302": {"description": "On to WeChat's consent page"}}));
    vec![
        ("/p/{slug}/phone", of_portal("get", show.problems(&[NoTransaction, Unavailable]))),
        (
            "/p/{slug}/phone/code",
            post(
                "Sends a verification code",
                &["csrf", "phone"],
                "202",
                &with(&[PhoneInvalid, TooManyRequests, SmsUnavailable], &REFUSED),
            ),
        ),
        (
            "/p/{slug}/phone/bind",
            post("Proves the phone number", &["csrf", "phone", "code", "terms?"], "200", &bound),
        ),
        (
            "/p/{slug}/phone/approve",
            post(
                "Signs the computer in, or on a menu visit this phone",
                &["csrf", "match?", "terms?"],
                "200",
                &decided,
            ),
        ),
        ("/p/{slug}/phone/deny", post("Declines", &["csrf"], "200", &[])),
        ("/p/{slug}/phone/report", post("\"I did not ask for this\"", &["csrf"], "200", &[])),
        ("/p/{slug}/phone/profile", of_portal("post", profile.problems(&form))),
    ]
}

fn documents() -> Vec<Path> {
    let tag = json!({"ETag": {"schema": {"type": "string"}, "description": "The version of the document"}});
    let known = json!([{
        "name": "If-None-Match", "in": "header", "schema": {"type": "string"}, "description": "The version that is known",
    }]);
    let text = op("documents", "This document").parameters(known).answers(json!({
        "200": {
            "description": "The document",
            "headers": tag,
            "content": {"application/json": {"schema": {
                "type": "object",
                "required": ["openapi", "info", "paths"],
                "properties": {"openapi": {"type": "string", "pattern": "^3\\.1\\."}, "info": {"type": "object"}, "paths": {"type": "object"}},
            }}},
        },
        "304": {"description": "As the ETag says", "headers": tag},
    }));
    let shown = op("documents", "This document as a page, in the language of the browser").answer(
        "200",
        "A page",
        "text/html",
    );
    let both = |op: Op| json!({"get": op.clone().build(), "head": op.build()});
    vec![("/api/openapi.json", both(text)), ("/api/docs", both(shown))]
}

fn wechat() -> Vec<Path> {
    let text = || json!({"type": "string"});
    let back = op("wechat", "WeChat's authorization comes back").security("phone").parameters(json!([
        query("code", &text(), "The authorization code"),
        query("state", &text(), "As it was sent"),
    ]));
    let back = back.answers(json!({
        "302": {"description": "Once more to WeChat, which did not take its own code"},
        "303": {"description": "On to the phone's page, or signed in here"},
    }));
    let back = back.problems(&[
        BadState,
        ConsentRefused,
        SnapshotUser,
        AlreadyTaken,
        Expired,
        WeChatUnavailable,
        Unavailable,
    ]);
    let refused = json!({
        "403": {"description": "Refused; whatever was wrong, the answer is empty"},
        "503": {"description": "The database is away: WeChat sends it again"},
    });
    let signed =
        json!(
            ["signature", "timestamp", "nonce", "echostr", "msg_signature", "encrypt_type"]
                .map(|name| query(name, &text(), "By WeChat"))
        );
    let event = |summary, answer| {
        op("wechat", summary).parameters(signed.clone()).answers(refused.clone()).answer(
            "200",
            answer,
            "text/plain",
        )
    };
    let file = op(
        "wechat",
        "The file that WeChat wants at the domain's root, as the service account's binding has it",
    )
    .answer("200", "Its content", "text/plain")
    .problems(&[NotFound, Unavailable]);
    vec![
        (
            "/MP_verify_{code}.txt",
            json!({"get": file.clone().build(), "head": file.build(), "parameters": [in_path("code")]}),
        ),
        ("/wechat/{appid}/oauth/callback", json!({"get": back.build(), "parameters": [in_path("appid")]})),
        (
            "/wechat/{appid}/events",
            json!({
                "get": event("WeChat checks the message URL", "The echo").build(),
                "post": event("WeChat tells an event: stored first, answered then", "success").build(),
                "parameters": [in_path("appid")],
            }),
        ),
    ]
}

fn operator() -> Vec<Path> {
    let servers = json!([{"url": "http://127.0.0.1:9090", "description": "ops.listen"}]);
    let on_port = |op: Op| json!({"get": op.build(), "servers": servers});
    let ready = op("ops", "Whether it can serve: server, database, schema")
        .json("200", "Health")
        .json("503", "Health");
    let alive = op("ops", "Whether the process lives").answer("200", "It does", "application/json");
    let numbers = op("ops", "Numbers for Prometheus").answer("200", "Numbers", "text/plain");
    vec![("/livez", on_port(alive)), ("/readyz", on_port(ready)), ("/metrics", on_port(numbers))]
}

fn with(codes: &[Code], more: &[Code]) -> Vec<Code> {
    [codes, more].concat()
}

fn in_path(name: &str) -> Value {
    json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
}

/// An id in the path of the API: the first three letters of its name are its prefix.
fn id_in_path(name: &str) -> Value {
    let prefix: String = name.chars().take(3).collect();
    let pattern = format!("^{prefix}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$");
    json!({"name": name, "in": "path", "required": true, "schema": {"type": "string", "pattern": pattern}})
}

fn page_of_portal(op: Op) -> Value {
    json!({"get": op.clone().build(), "head": op.build(), "parameters": [in_path("slug")]})
}

fn of_portal(method: &str, op: Op) -> Value {
    json!({method: op.build(), "parameters": [in_path("slug")]})
}
