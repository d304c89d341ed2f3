//! Inviting external users: one as JSON, many as a CSV file.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::domain::right::ExternalUsersWrite;
use crate::http::api::body::{Body, Json};
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::order::Order;
use crate::http::api::permit::InApp;
use crate::http::extract::Visitor;
use crate::http::openapi::op::op;
use crate::http::problem::{Code, Problem};
use crate::usecases::external_user_invitations::{Imported, Invitation};

use super::csv;
use super::view::{ExternalUser, example, view};

/// Somebody to be invited.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewExternalUser {
    /// The phone; a bare Chinese mobile number is taken as +86.
    #[schema(max_length = 64)]
    phone: String,
    /// A name to show until the person gives one: 1 to 60 characters.
    #[schema(min_length = 1, max_length = 60)]
    name: Option<String>,
    /// The role, by id or name; the portal's default role when absent.
    role: Option<String>,
    /// The department, by id or name.
    department: Option<String>,
}

/// What came of a file of invitations.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct InvitedExternalUsers {
    /// How many people were invited.
    invited: usize,
    /// How many have an account in this app already, or came before in the file.
    already: usize,
    /// The rows that were not stored, in their order.
    failed: Vec<FailedInvitation>,
}

/// A row of a file that was not stored.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct FailedInvitation {
    /// Its line in the file; the header is line 1.
    #[schema(minimum = 2)]
    line: u64,
    /// Which field breaks a rule.
    field: String,
    /// Which rule.
    rule: String,
}

/// One invitation, or a file of them.
enum Invitations {
    One(NewExternalUser),
    File(Vec<(u64, Invitation)>),
}

impl Body for Invitations {
    const LIMIT: Option<usize> = Some(1_048_576);

    fn read(bytes: &[u8], content_type: &str, visitor: &Visitor) -> Result<Self, Problem> {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("text/csv") {
            return Json::read(bytes, content_type, visitor).map(|Json(one)| Self::One(one));
        }
        csv::rows(bytes).map(Self::File).map_err(|error| {
            let field = error.field();
            visitor.problem(Code::InvalidField).detail(format!("{field}: {error}")).with("field", field)
        })
    }
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let file = "phone,name,role,department\n13800138000,Alice,buyer,Purchasing\n13900139000,,,\n";
    let invite = op("external users", "Invites one person (JSON) or many (CSV)")
        .describe(
            "An account is prepared for the phone; whoever proves the phone comes in without waiting for approval, \
             and takes a seat then. A file is UTF-8, up to 1 MiB and 5,000 rows, separated by commas or semicolons, \
             with a header that names `phone` and perhaps `name`, `role` and `department`. Its good rows are stored, \
             each once, also when the file comes again; the others are named by their line.",
        )
        .right::<ExternalUsersWrite>()
        .repeatable()
        .takes::<NewExternalUser>(&json!({"phone": "13800138000", "name": "Alice", "role": "buyer"}))
        .takes_text("text/csv", file)
        .gives::<InvitedExternalUsers>(
            "200",
            "What came of a file",
            &json!({
                "invited": 2, "already": 0,
                "failed": [{"line": 4, "field": "phone", "rule": "must be a mobile number that can receive a code here"}],
            }),
        )
        .gives::<ExternalUser>("201", "The external user that was prepared", &example())
        .problems(&[Code::PhoneInUse]);
    vec![endpoint::post("/apps/{app}/external-users/invitations", create, invite)]
}

async fn create(order: Order<ExternalUsersWrite, InApp, Invitations>) -> HttpResponse {
    let site = order.permit.site.clone();
    let (InApp { scope, app }, by) = (order.permit.at, &order.permit.by);
    match &order.body {
        Invitations::One(one) => {
            let NewExternalUser { phone, name, role, department } = one.clone();
            let invitation = Invitation { phone, name, role, department };
            let invited = site.admin.invite(scope, app, &invitation, by).await;
            order.answer(invited, StatusCode::CREATED, view).await
        }
        Invitations::File(rows) => {
            let imported = site.admin.import_users(scope, app, rows, by).await;
            order.answer(imported, StatusCode::OK, outcome).await
        }
    }
}

fn outcome(imported: &Imported) -> InvitedExternalUsers {
    let failed = imported.failed.iter().map(|row| FailedInvitation {
        line: row.line,
        field: row.field.clone(),
        rule: row.rule.clone(),
    });
    InvitedExternalUsers { invited: imported.invited, already: imported.already, failed: failed.collect() }
}
