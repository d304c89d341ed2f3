//! `/accounts/me/inbox`: what the person who is signed in was told, and what of it was read.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::domain::ids::DeliveryId;
use crate::domain::inbox::{InboxItem as KnownItem, InboxKind};
use crate::http::answers::store_failed;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::list::{List, filters, page};
use crate::http::api::order::shown;
use crate::http::api::permit::in_path;
use crate::http::extract::Account;
use crate::http::live::inbox_socket;
use crate::http::openapi::op::{Op, op, query};
use crate::http::problem::{Code, Problem};
use crate::store::inbox_items::{InboxFilter, InboxView};

/// What stands in an inbox.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InboxItem {
    /// Its id: that of the delivery by which it came.
    id: String,
    /// What it is.
    kind: InboxItemKind,
    /// The app that sent it.
    app: InboxSender,
    /// The app's organization.
    organization: InboxSender,
    /// A word for the client, if the app sent one.
    template: Option<String>,
    /// The fields, each with its text.
    data: BTreeMap<String, String>,
    /// What a tap opens.
    #[schema(format = "uri")]
    url: Option<String>,
    /// When it came.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was read.
    #[schema(format = DateTime)]
    read_at: Option<String>,
}

/// An app or organization by whom an inbox item came.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InboxSender {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
}

/// What an item of an inbox is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InboxItemKind {
    /// A message.
    StationMessage,
    /// Something to approve.
    Approval,
    /// A form to fill in.
    FillIn,
}

/// How much was marked read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InboxRead {
    /// How many items were not read before.
    #[schema(minimum = 0)]
    read: u64,
}

#[derive(Serialize)]
struct Inbox {
    #[serde(flatten)]
    list: List<InboxItem>,
    unread: u64,
}

#[derive(Serialize)]
struct Frame {
    r#type: &'static str,
    seq: i64,
    unread: u64,
    items: Vec<InboxItem>,
}

#[derive(Deserialize)]
struct Filters {
    unread: Option<bool>,
    kind: Option<InboxItemKind>,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let unread =
        json!({"type": "integer", "minimum": 0, "description": "How many items in all were not read"});
    let kinds = json!({"type": "string", "enum": ["station_message", "approval", "fill_in"]});
    let list = op("inbox", "What stands in the inbox, the newest first")
        .account()
        .lists_with::<InboxItem>(&json!({"unread": unread}))
        .parameters(json!([
            query("unread", &json!({"type": "boolean"}), "Those that were not read, or those that were"),
            query("kind", &kinds, "Those of one kind"),
        ]))
        .problems(&[Code::BadRequest]);
    let one =
        |op: Op| op.account().gives::<InboxItem>("200", "The item", &example()).problems(&[Code::NotFound]);
    let show = one(op("inbox", "An item of the inbox"));
    let read = one(op("inbox", "Marks an item read; one that was read keeps its time"));
    let all = op("inbox", "Marks everything read")
        .account()
        .gives::<InboxRead>("200", "How much there was", &json!({"read": 3}))
        .problems(&[Code::OriginNotAllowed]);
    vec![
        endpoint::get("/accounts/me/inbox", list_items, list),
        endpoint::get("/accounts/me/inbox/ws", inbox_socket::connect, socket()),
        endpoint::post("/accounts/me/inbox/read-all", read_all, all),
        endpoint::get("/accounts/me/inbox/{dlv}", show_one, show),
        endpoint::post("/accounts/me/inbox/{dlv}/read", read_one, read.problems(&[Code::OriginNotAllowed])),
    ]
}

fn socket() -> Op {
    op("inbox", "The inbox live by WebSocket, subprotocol menfang.inbox.v1")
        .account()
        .describe(
            "Each message is the whole present state: `type` is `inbox`, `seq` grows with each change, `unread` says how many \
             items in all were not read, `items` are the newest 20. The first comes at once, the others when something changes. \
             With the cookie the Origin has to be this server's own. The client sends nothing. Close codes: 1008 rule broken, \
             1009 too big, 1011 internal, 1012 restarting, 1013 too many connections of this account, 4401 the login is over or \
             an organization was left (look anew who is signed in, then come again), 4408 too slow.",
        )
        .answers(json!({"101": {"description": "The connection is upgraded"}}))
        .problems(&[Code::BadRequest, Code::OriginNotAllowed, Code::TooManyRequests])
}

fn example() -> serde_json::Value {
    json!({
        "id": "dlv_01J0000000000000000000000A", "kind": "approval",
        "app": {"id": "app_01J0000000000000000000000A", "name": "Supplier portal"},
        "organization": {"id": "org_01J0000000000000000000000A", "name": "Example Ltd"},
        "template": "purchase", "data": {"order": "42", "total": "1,300.00"}, "url": "https://example.com/orders/42",
        "created_at": "2026-11-22T10:00:00.000Z", "read_at": null,
    })
}

async fn list_items(asking: Account, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let visitor = &asking.visitor;
    let page = page(&request, visitor)?;
    let Filters { unread, kind } = filters(&request, visitor)?;
    let wanted = InboxFilter { unread, kind: kind.map(InboxKind::from) };
    let found = asking.site.accounts.store().inbox(asking.who.account.id, wanted, page).await;
    let InboxView { items, unread, .. } = found.map_err(|error| store_failed(visitor, &error))?;
    Ok(shown(Inbox { list: List::of(items, |item| view(&item)), unread }))
}

async fn show_one(asking: Account, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let unknown = || asking.visitor.problem(Code::NotFound);
    let id: DeliveryId = in_path(&request, "dlv").ok_or_else(unknown)?;
    let found = asking.site.accounts.store().inbox_item(asking.who.account.id, id).await;
    let found = found.map_err(|error| store_failed(&asking.visitor, &error))?;
    Ok(shown(view(&found.ok_or_else(unknown)?)))
}

async fn read_one(asking: Account, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let unknown = || asking.visitor.problem(Code::NotFound);
    let id: DeliveryId = in_path(&request, "dlv").ok_or_else(unknown)?;
    let read = asking.site.accounts.read_inbox_item(asking.who.account.id, id).await;
    let read = read.map_err(|error| store_failed(&asking.visitor, &error))?;
    Ok(shown(view(&read.ok_or_else(unknown)?)))
}

async fn read_all(asking: Account) -> Result<HttpResponse, Problem> {
    let read = asking.site.accounts.read_inbox(asking.who.account.id).await;
    let read = read.map_err(|error| store_failed(&asking.visitor, &error))?;
    Ok(shown(InboxRead { read }))
}

/// The present state of an inbox as its WebSocket tells it.
pub(in crate::http) fn frame_text(seq: i64, unread: u64, items: &[KnownItem]) -> String {
    let frame = Frame { r#type: "inbox", seq, unread, items: items.iter().map(view).collect() };
    json!(frame).to_string()
}

fn view(item: &KnownItem) -> InboxItem {
    InboxItem {
        id: item.id.to_string(),
        kind: item.kind.into(),
        app: InboxSender { id: item.app.0.to_string(), name: item.app.1.clone() },
        organization: InboxSender { id: item.organization.0.to_string(), name: item.organization.1.clone() },
        template: item.template.clone(),
        data: item.data.clone(),
        url: item.url.clone(),
        created_at: item.created_at.rfc3339(),
        read_at: item.read_at.map(|at| at.rfc3339()),
    }
}

impl From<InboxKind> for InboxItemKind {
    fn from(kind: InboxKind) -> Self {
        match kind {
            InboxKind::StationMessage => Self::StationMessage,
            InboxKind::Approval => Self::Approval,
            InboxKind::FillIn => Self::FillIn,
        }
    }
}

impl From<InboxItemKind> for InboxKind {
    fn from(kind: InboxItemKind) -> Self {
        match kind {
            InboxItemKind::StationMessage => Self::StationMessage,
            InboxItemKind::Approval => Self::Approval,
            InboxItemKind::FillIn => Self::FillIn,
        }
    }
}
