//! `/organizations/{org}/link-hosts`: the hosts that messages may link to.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::right::{ServiceAccountRead, ServiceAccountWrite};
use crate::http::answers::store_failed;
use crate::http::api::body::Json;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::order::{Order, shown};
use crate::http::api::permit::{InOrganization, Permitted};
use crate::http::openapi::op::op;
use crate::http::problem::Problem;

const PATH: &str = "/organizations/{org}/link-hosts";

/// The hosts that messages may link to, besides this server's own.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkHosts {
    /// Names in small letters, with a port when it is not https's own; no wildcard, none twice.
    #[schema(max_items = 20, pattern = "^[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?$")]
    hosts: Vec<String>,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let read = op("templates", "The hosts that messages may link to")
        .right::<ServiceAccountRead>()
        .gives::<LinkHosts>("200", "The hosts", &example());
    let set = op("templates", "Names the hosts that messages may link to")
        .right::<ServiceAccountWrite>()
        .describe(
            "They take the place of those before. A notification's `url` is https and of one of these hosts, or of this server. \
             Notifications that are stored keep their links.",
        )
        .repeatable()
        .takes::<LinkHosts>(&example())
        .gives::<LinkHosts>("200", "The hosts as they are then", &example());
    vec![endpoint::get(PATH, show, read), endpoint::put(PATH, put, set)]
}

fn example() -> Value {
    json!({"hosts": ["shop.example.com", "pay.example.com:8443"]})
}

async fn show(permit: Permitted<ServiceAccountRead, InOrganization>) -> Result<HttpResponse, Problem> {
    let hosts = permit.site.admin.store().link_hosts(permit.at.scope).await;
    let hosts = hosts.map_err(|error| store_failed(&permit.visitor, &error))?;
    Ok(shown(LinkHosts { hosts }))
}

async fn put(order: Order<ServiceAccountWrite, InOrganization, Json<LinkHosts>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let Json(LinkHosts { hosts }) = &order.body;
    let set = site.admin.set_link_hosts(order.permit.at.scope, hosts.clone(), &order.permit.by).await;
    order.answer(set, StatusCode::OK, |hosts| LinkHosts { hosts: hosts.clone() }).await
}
