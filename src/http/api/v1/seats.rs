//! `/organizations/{org}/seats` and `/expansion-packs`: how full it is, what more costs, and buying it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::billing::{Offer as Priced, PackCount, Quote as Quoted};
use crate::domain::date::Date;
use crate::domain::right::{SeatsBuy, SeatsRead};
use crate::domain::seats::EXTERNAL_USERS;
use crate::http::answers::store_failed;
use crate::http::api::body::Json;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::failures::failed;
use crate::http::api::list::{List, filters, page};
use crate::http::api::order::{Order, shown};
use crate::http::api::permit::{InOrganization, Permitted};
use crate::http::openapi::op::{Op, op, query};
use crate::http::problem::{Code, Problem};
use crate::store::seats::Pack;
use crate::usecases::administration::ChangeError;

/// How full an organization is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Seats {
    /// Members.
    members: MemberSeats,
    /// External users of all apps together.
    external_users: ExternalUserSeats,
    /// External collaborators, who take no seat.
    collaborators: CollaboratorSeats,
}

/// Seats of members.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MemberSeats {
    /// How many are taken.
    used: i32,
    /// How many there are.
    limit: i32,
}

/// Seats of external users.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExternalUserSeats {
    /// How many are taken; pending and disabled people take none.
    used: i32,
    /// How many there are: 100, and those of the packs.
    limit: i32,
    /// How many of them were bought.
    packs: i32,
}

/// Collaborators take no seat.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CollaboratorSeats {
    /// How many there are.
    used: u64,
    /// Always null: there is no limit.
    #[schema(value_type = Option<i32>)]
    limit: Option<i32>,
}

/// Some packs of one size.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PackPart {
    /// Seats of one pack.
    size: i32,
    /// How many of them.
    count: i32,
}

/// What so many seats cost.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Offer {
    /// How many seats.
    seats: i32,
    /// The cheapest packs that sum to exactly so many.
    combination: Vec<PackPart>,
    /// The price for all of them until the licence ends, in yuan with two decimals.
    #[schema(pattern = "^[0-9]+\\.[0-9]{2}$")]
    total: String,
    /// The price of one seat, in yuan with four decimals.
    #[schema(pattern = "^[0-9]+\\.[0-9]{4}$")]
    unit_price: String,
}

/// What seats would cost.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Quote {
    /// The price.
    #[serde(flatten)]
    offer: Offer,
    /// Days of the licence that are left, over which the yearly price is prorated.
    days: i64,
    /// The currency of all prices.
    currency: String,
    /// More seats for less money; null when there are none.
    cheaper: Option<Offer>,
}

/// An order of seats.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatOrder {
    /// How many: a multiple of the smallest pack.
    #[schema(minimum = 1, maximum = 1_000_000)]
    seats: i32,
}

/// Seats that were bought in one order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExpansionPack {
    /// Its id.
    id: String,
    /// What was paid for.
    #[serde(flatten)]
    offer: Offer,
    /// Days that were paid for.
    days: i32,
    /// The currency of all prices.
    currency: String,
    /// When it was bought.
    #[schema(format = DateTime)]
    ordered_at: String,
    /// The last day of the licence when it was bought.
    #[schema(format = Date)]
    ends_on: String,
}

#[derive(Deserialize)]
struct Wanted {
    seats: i32,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let seats = json!({
        "members": {"used": 3, "limit": 30}, "external_users": {"used": 40, "limit": 400, "packs": 300},
        "collaborators": {"used": 2, "limit": null},
    });
    let read = op("seats", "How full an organization is")
        .right::<SeatsRead>()
        .gives::<Seats>("200", "Seats", &seats);
    let asked = json!({"type": "integer", "minimum": 1, "maximum": 1_000_000, "example": 300});
    let mut number = query("seats", &asked, "How many: a multiple of the smallest pack");
    number["required"] = json!(true);
    let quote = op("seats", "What more seats would cost for the rest of the licence")
        .right::<SeatsRead>()
        .parameters(json!([number]))
        .gives::<Quote>("200", "The cheapest packs, and a larger number that costs less", &quote_example());
    let buy = op("seats", "Buys seats for the rest of the licence")
        .right::<SeatsBuy>()
        .repeatable()
        .takes::<SeatOrder>(&json!({"seats": 300}))
        .gives::<ExpansionPack>("201", "What was bought", &pack_example());
    let list = op("seats", "What was bought").right::<SeatsRead>().lists::<ExpansionPack>();
    vec![
        endpoint::get("/organizations/{org}/seats", show, read),
        endpoint::get("/organizations/{org}/expansion-packs/quote", quoted, unsellable(quote)),
        endpoint::post("/organizations/{org}/expansion-packs", buy_packs, unsellable(buy)),
        endpoint::get("/organizations/{org}/expansion-packs", list_packs, list),
    ]
}

fn unsellable(op: Op) -> Op {
    op.problems(&[Code::InvalidField, Code::EditionCannotBuy, Code::LicenceEnded])
}

fn quote_example() -> Value {
    json!({
        "seats": 300, "combination": [{"size": 100, "count": 3}], "total": "1089.04", "unit_price": "3.6301",
        "days": 265, "currency": "CNY",
        "cheaper": {
            "seats": 1000, "combination": [{"size": 1000, "count": 1}], "total": "726.03", "unit_price": "0.7260",
        },
    })
}

fn pack_example() -> Value {
    json!({
        "id": "pak_01J0000000000000000000000A", "seats": 300, "combination": [{"size": 100, "count": 3}],
        "total": "1089.04", "unit_price": "3.6301", "days": 265, "currency": "CNY",
        "ordered_at": "2026-11-22T10:00:00.000Z", "ends_on": "2027-08-14",
    })
}

async fn show(permit: Permitted<SeatsRead, InOrganization>) -> Result<HttpResponse, Problem> {
    let (store, scope) = (permit.site.admin.store(), permit.at.scope);
    let away = |error| store_failed(&permit.visitor, &error);
    let found = store.organization(scope.organization()).await.map_err(away)?;
    let found = found.ok_or_else(|| permit.visitor.problem(Code::NotFound))?;
    let collaborators = store.collaborator_count(scope).await.map_err(away)?;
    Ok(shown(Seats {
        members: MemberSeats { used: found.members.used, limit: found.members.limit },
        external_users: ExternalUserSeats {
            used: found.external_users.used,
            limit: found.external_users.limit,
            packs: found.external_users.limit - EXTERNAL_USERS,
        },
        collaborators: CollaboratorSeats { used: collaborators, limit: None },
    }))
}

async fn quoted(
    permit: Permitted<SeatsRead, InOrganization>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let Wanted { seats } = filters(&request, &permit.visitor).map_err(|_| {
        let problem = permit.visitor.problem(Code::InvalidField);
        problem.detail("seats: name a number of seats, such as ?seats=300").with("field", "seats")
    })?;
    let admin = &permit.site.admin;
    let quote =
        admin.quote_seats(permit.at.scope, seats).await.map_err(|error| failed(&permit.visitor, error))?;
    Ok(shown(quote_view(&quote, admin.currency())))
}

async fn buy_packs(order: Order<SeatsBuy, InOrganization, Json<SeatOrder>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let bought: Result<_, ChangeError> =
        site.admin.buy_seats(order.permit.at.scope, order.body.0.seats, &order.permit.by).await;
    order.answer(bought, StatusCode::CREATED, |pack| pack_view(pack, site.admin.currency())).await
}

async fn list_packs(
    permit: Permitted<SeatsRead, InOrganization>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let page = page(&request, &permit.visitor)?;
    let admin = &permit.site.admin;
    let packs = admin.store().packs(permit.at.scope, page).await;
    let packs = packs.map_err(|error| store_failed(&permit.visitor, &error))?;
    Ok(shown(List::of(packs, |pack| pack_view(&pack, admin.currency()))))
}

fn parts(combination: &[PackCount]) -> Vec<PackPart> {
    combination.iter().map(|part| PackPart { size: part.size, count: part.count }).collect()
}

fn offer_view(offer: &Priced) -> Offer {
    Offer {
        seats: offer.seats,
        combination: parts(&offer.combination),
        total: offer.total.yuan(),
        unit_price: offer.unit_price(),
    }
}

fn quote_view(quote: &Quoted, currency: &str) -> Quote {
    Quote {
        offer: offer_view(&quote.offer),
        days: quote.days,
        currency: currency.to_owned(),
        cheaper: quote.cheaper.as_ref().map(offer_view),
    }
}

fn pack_view(pack: &Pack, currency: &str) -> ExpansionPack {
    let offer = Priced { seats: pack.seats, combination: pack.combination.clone(), total: pack.total };
    ExpansionPack {
        id: pack.id.to_string(),
        offer: offer_view(&offer),
        days: pack.days,
        currency: currency.to_owned(),
        ordered_at: pack.ordered_at.rfc3339(),
        ends_on: Date::of(pack.ends_at).to_string(),
    }
}
