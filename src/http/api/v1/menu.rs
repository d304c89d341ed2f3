//! `/organizations/{org}/menu`: the service account's menu, in WeChat's own words, with entries that name a portal.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::menu::{MenuAction, WantedEntry, WantedMenu};
use crate::domain::right::{ServiceAccountRead, ServiceAccountWrite};
use crate::http::api::body::Json;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::failures::failed;
use crate::http::api::order::{Order, shown};
use crate::http::api::permit::{InOrganization, Permitted};
use crate::http::openapi::op::op;
use crate::http::problem::{Code, Problem};

const PATH: &str = "/organizations/{org}/menu";

/// The menu.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Menu {
    /// Its entries from left to right, at most 3.
    button: Vec<MenuEntry>,
}

/// An entry of the menu: it names a portal, or does something, or holds entries.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MenuEntry {
    /// What people read: at most 16 bytes in the menu itself, at most 60 in an entry.
    name: String,
    /// The slug of the portal that a tap opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    portal: Option<String>,
    /// What a tap does, in WeChat's words: `view`, `click`, `miniprogram`, …
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// The address that `view` opens, and `miniprogram` where mini programs are unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// What `click` and its like tell the server: at most 128 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The mini program's appid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    appid: Option<String>,
    /// The mini program's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pagepath: Option<String>,
    /// What `media_id` and `view_limited` show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_id: Option<String>,
    /// What `article_id` and `article_view_limited` show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    article_id: Option<String>,
    /// What it holds, from the top down: at most 5 entries, which hold no others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    sub_button: Vec<MenuEntry>,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let in_the_way = [Code::NoServiceAccount, Code::WeChatRefused, Code::WeChatUnavailable];
    let read = op("service_account", "The service account's menu, as WeChat has it")
        .right::<ServiceAccountRead>()
        .describe(
            "A link to a portal of this organization is shown as `portal`. A menu that was made in WeChat's console is not seen.",
        )
        .gives::<Menu>("200", "The menu; without entries when there is none", &example())
        .problems(&in_the_way);
    let set = op("service_account", "Sets the service account's menu")
        .right::<ServiceAccountWrite>()
        .describe(
            "It takes the place of the menu before. WeChat's limits are checked first: `field` says where the entry stands that breaks \
             one, such as `button[1].sub_button[0]`, and `detail` names it and says how to mend it. Phones show the new menu \
             within five minutes of opening the chat.",
        )
        .repeatable()
        .takes::<Menu>(&example())
        .gives::<Menu>("200", "The menu as WeChat has it then", &example())
        .problems(&in_the_way);
    let delete = op("service_account", "Deletes the service account's menu")
        .right::<ServiceAccountWrite>()
        .repeatable()
        .nothing("204", "There is none any more")
        .problems(&in_the_way);
    vec![
        endpoint::get(PATH, show, read),
        endpoint::put(PATH, put, set),
        endpoint::delete(PATH, remove, delete),
    ]
}

fn example() -> Value {
    json!({"button": [
        {"name": "登录 Sign in", "portal": "suppliers"},
        {"name": "More", "sub_button": [
            {"name": "Website", "type": "view", "url": "https://www.example.com/"},
            {"name": "Opening hours", "type": "click", "key": "HOURS"},
        ]},
    ]})
}

async fn show(permit: Permitted<ServiceAccountRead, InOrganization>) -> Result<HttpResponse, Problem> {
    let menu = permit.site.admin.menu(permit.at.scope).await;
    let menu = menu.map_err(|error| failed(&permit.visitor, error))?;
    Ok(shown(view(&menu)))
}

async fn put(order: Order<ServiceAccountWrite, InOrganization, Json<Menu>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let Json(menu) = &order.body;
    let wanted = WantedMenu { entries: menu.button.iter().map(MenuEntry::wanted).collect() };
    let set = site.admin.set_menu(order.permit.at.scope, &wanted, &order.permit.by).await;
    order.answer(set, StatusCode::OK, view).await
}

async fn remove(order: Order<ServiceAccountWrite, InOrganization>) -> HttpResponse {
    let site = order.permit.site.clone();
    let deleted = site.admin.delete_menu(order.permit.at.scope, &order.permit.by).await;
    order.answer_nothing(deleted).await
}

impl MenuEntry {
    fn wanted(&self) -> WantedEntry {
        let fields = [
            ("url", &self.url),
            ("key", &self.key),
            ("appid", &self.appid),
            ("pagepath", &self.pagepath),
            ("media_id", &self.media_id),
            ("article_id", &self.article_id),
        ];
        let given = fields.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text.clone()?)));
        WantedEntry {
            name: self.name.clone(),
            portal: self.portal.clone(),
            action: MenuAction::of(self.kind.clone(), given.collect()),
            entries: self.sub_button.iter().map(Self::wanted).collect(),
        }
    }

    fn of(entry: &WantedEntry) -> Self {
        let none = BTreeMap::new();
        let fields = entry.action.as_ref().map_or(&none, |action| &action.fields);
        let field = |name: &str| fields.get(name).cloned();
        Self {
            name: entry.name.clone(),
            portal: entry.portal.clone(),
            kind: entry.action.as_ref().map(|action| action.kind.clone()),
            url: field("url"),
            key: field("key"),
            appid: field("appid"),
            pagepath: field("pagepath"),
            media_id: field("media_id"),
            article_id: field("article_id"),
            sub_button: entry.entries.iter().map(Self::of).collect(),
        }
    }
}

fn view(menu: &WantedMenu) -> Menu {
    Menu { button: menu.entries.iter().map(MenuEntry::of).collect() }
}
