//! `/apps/{app}/external-users/{usr}`: phone and WeChat identity taken from an account.

use actix_web::HttpResponse;

use crate::domain::ids::UserId;
use crate::domain::right::ExternalUsersWrite;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::order::Order;
use crate::http::api::permit::{InApp, in_path};
use crate::http::openapi::op::op;
use crate::http::problem::Code;
use crate::usecases::administration::ChangeError;

type Change = Order<ExternalUsersWrite, InApp>;

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let free = op("external users", "Frees the phone of an account, whose number somebody else may have now")
        .describe(
            "Whoever has the number can sign up with it. The account keeps its WeChat identity, its logins end, and its \
             person proves a new number at the next sign-in. 409 `wrong_status` when the phone is free already, or when \
             the account has no WeChat identity to be found by.",
        )
        .right::<ExternalUsersWrite>()
        .repeatable()
        .nothing("204", "The phone is free")
        .problems(&[Code::WrongStatus]);
    let unbind = op("external users", "Takes the WeChat identity from an account")
        .describe(
            "Its logins end. Whoever proves the account's phone by a code next is bound to it. 409 `wrong_status` when \
             there is no identity, or when the account's phone is free so that nothing would be left to find it by.",
        )
        .right::<ExternalUsersWrite>()
        .repeatable()
        .nothing("204", "The account has no WeChat identity")
        .problems(&[Code::WrongStatus]);
    vec![
        endpoint::post("/apps/{app}/external-users/{usr}/free-phone", free_phone, free),
        endpoint::delete("/apps/{app}/external-users/{usr}/wechat", unbind_wechat, unbind),
    ]
}

async fn free_phone(order: Change) -> HttpResponse {
    let freed = match user(&order) {
        Ok(user) => {
            let (admin, at) = (order.site().admin.clone(), order.permit.at);
            admin.free_phone(at.scope, at.app, user, &order.permit.by).await
        }
        Err(error) => Err(error),
    };
    order.answer_nothing(freed).await
}

async fn unbind_wechat(order: Change) -> HttpResponse {
    let unbound = match user(&order) {
        Ok(user) => {
            let (admin, at) = (order.site().admin.clone(), order.permit.at);
            admin.unbind_wechat(at.scope, at.app, user, &order.permit.by).await
        }
        Err(error) => Err(error),
    };
    order.answer_nothing(unbound).await
}

fn user(order: &Change) -> Result<UserId, ChangeError> {
    in_path(&order.request, "usr").ok_or(ChangeError::NotFound)
}
