//! `/organizations/{org}/templates`: the service account's message templates, listed and fetched from WeChat.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::domain::clock::Millis;
use crate::domain::right::{TemplatesRead, TemplatesSync};
use crate::domain::template::{Field, Template, TemplateTrouble};
use crate::http::answers::store_failed;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::failures::failed;
use crate::http::api::list::{List, page};
use crate::http::api::order::{Order, shown};
use crate::http::api::permit::{InOrganization, Permitted};
use crate::http::openapi::op::op;
use crate::http::problem::{Code, Problem};

const PATH: &str = "/organizations/{org}/templates";
const SYNC: &str = "/organizations/{org}/templates/sync";

/// A message template of the service account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MessageTemplate {
    /// WeChat's id of it, which a notification names.
    template_id: String,
    /// Its title.
    title: String,
    /// The fields that a notification's `data` has to have, in the order of the text.
    fields: Vec<TemplateField>,
    /// Its text, with `{{thing1.DATA}}` where a field stands.
    content: String,
    /// An example of it.
    example: String,
    /// Why it cannot be used: `gone` from the account's list, or `banned` by WeChat; null while it can be.
    #[schema(pattern = "^(gone|banned)$")]
    trouble: Option<String>,
    /// When WeChat was asked last.
    #[schema(format = DateTime)]
    synced_at: String,
}

/// A field of a template.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TemplateField {
    /// Its name in `data`.
    name: String,
    /// What it takes, in WeChat's words: `thing`, `time`, `amount`, …; `text` for anything.
    #[schema(example = "thing")]
    kind: String,
}

/// What came of fetching the templates.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TemplateSync {
    /// How many templates can be used.
    usable: usize,
    /// How many are known that the account has no longer.
    gone: usize,
    /// When WeChat was asked; null when no template is known.
    #[schema(format = DateTime)]
    synced_at: Option<String>,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let list = op("templates", "The service account's message templates")
        .right::<TemplatesRead>()
        .describe("As WeChat listed them last; templates are added and removed in WeChat's console.")
        .lists::<MessageTemplate>()
        .problems(&[Code::NoServiceAccount]);
    let sync = op("templates", "Fetches the message templates from WeChat")
        .right::<TemplatesSync>()
        .describe(
            "It is done with the answer. A template that the account has no longer is kept as `gone`; one that was banned and is \
             listed is tried again. A notification by an unknown template fetches them by itself, at most once in 30 seconds.",
        )
        .repeatable()
        .gives::<TemplateSync>(
            "202",
            "The templates are fetched",
            &json!({"usable": 4, "gone": 1, "synced_at": "2026-11-22T10:00:00.000Z"}),
        )
        .problems(&[Code::NoServiceAccount, Code::WeChatRefused, Code::WeChatUnavailable]);
    vec![endpoint::get(PATH, list_templates, list), endpoint::post(SYNC, sync_templates, sync)]
}

async fn list_templates(
    permit: Permitted<TemplatesRead, InOrganization>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (visitor, scope) = (&permit.visitor, permit.at.scope);
    let page = page(&request, visitor)?;
    let account = permit.site.admin.followed_account(scope).await.map_err(|error| failed(visitor, error))?;
    let listed = permit.site.admin.store().templates(scope, account.id, page).await;
    let listed = listed.map_err(|error| store_failed(visitor, &error))?;
    Ok(shown(List::of(listed, view)))
}

async fn sync_templates(order: Order<TemplatesSync, InOrganization>) -> HttpResponse {
    let site = order.permit.site.clone();
    let synced = site.admin.sync_templates(order.permit.at.scope, &order.permit.by).await;
    order.answer(synced, StatusCode::ACCEPTED, |known| summary(known)).await
}

fn view(template: Template) -> MessageTemplate {
    let field = |Field { name, kind }: Field| TemplateField { name, kind: kind.name().to_owned() };
    MessageTemplate {
        template_id: template.id,
        title: template.title,
        fields: template.fields.into_iter().map(field).collect(),
        content: template.content,
        example: template.example,
        trouble: template.trouble.map(|trouble| trouble.name().to_owned()),
        synced_at: template.synced_at.rfc3339(),
    }
}

fn summary(known: &[Template]) -> TemplateSync {
    let with = |trouble: Option<TemplateTrouble>| {
        known.iter().filter(|template| template.trouble == trouble).count()
    };
    TemplateSync {
        usable: with(None),
        gone: with(Some(TemplateTrouble::Gone)),
        synced_at: known.iter().map(|template| template.synced_at).max().map(Millis::rfc3339),
    }
}
