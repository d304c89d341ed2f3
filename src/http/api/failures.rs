//! Why nothing was changed, as a problem.

use crate::http::answers::store_failed;
use crate::http::extract::Visitor;
use crate::http::problem::{Code, Problem};
use crate::store::StoreError;
use crate::usecases::administration::{ChangeError, Conflict};
use crate::wechat::{Trouble, WeChatError};

/// The problem of a change that was not made.
pub fn failed(visitor: &Visitor, error: ChangeError) -> Problem {
    match error {
        ChangeError::NotFound => visitor.problem(Code::NotFound),
        ChangeError::Invalid { field, rule } => {
            visitor.problem(Code::InvalidField).detail(format!("{field}: {rule}")).with("field", field)
        }
        ChangeError::Conflict(conflict) => conflicting(visitor, conflict),
        ChangeError::OrganizationKeyRequired => visitor.problem(Code::OrganizationKeyRequired),
        ChangeError::NotAllowed(no) => {
            visitor.problem(Code::NotForKind).detail(no.to_string()).with("rule", no.code())
        }
        ChangeError::WeChat(error) => refused_by_wechat(visitor, &error),
        // Another change of the same thing was first; the request can be made again.
        ChangeError::Store(StoreError::Conflict) => visitor.problem(Code::Conflict),
        ChangeError::Store(error) => store_failed(visitor, &error),
    }
}

/// What WeChat has against it: what the caller can mend, or that WeChat is away.
fn refused_by_wechat(visitor: &Visitor, error: &WeChatError) -> Problem {
    let trouble = error.trouble();
    let away = matches!(trouble, Trouble::Busy | Trouble::Unreachable(_) | Trouble::Strange(_));
    if away {
        tracing::warn!(request.id = visitor.request_id, error = %error, "WeChat was asked and is away");
    }
    let code = if away { Code::WeChatUnavailable } else { Code::WeChatRefused };
    let mut problem = visitor.problem(code).detail(trouble.to_string()).with("reason", trouble.word());
    if let Trouble::IpNotAllowed { ip: Some(ip) } = trouble {
        problem = problem.with("ip", ip.to_string());
    }
    if let Some(errcode) = error.errcode() {
        problem = problem.with("errcode", errcode);
    }
    problem
}

fn conflicting(visitor: &Visitor, conflict: Conflict) -> Problem {
    match conflict {
        Conflict::SlugTaken => visitor.problem(Code::SlugTaken).with("field", "slug"),
        Conflict::NameTaken => visitor.problem(Code::NameTaken).with("field", "name"),
        Conflict::ServiceAccountTaken => visitor.problem(Code::ServiceAccountTaken),
        Conflict::OrganizationHasServiceAccount => visitor.problem(Code::OrganizationHasServiceAccount),
        Conflict::NoServiceAccount => visitor.problem(Code::NoServiceAccount),
        Conflict::ConfirmationRequired { appid, bindings, unreachable, followers } => {
            let lost = if unreachable == 0 {
                String::new()
            } else {
                format!(
                    "{unreachable} accounts have no phone: nobody comes into them again, and they keep their seats until \
                     they are disabled or deleted. "
                )
            };
            let detail = format!(
                "{bindings} people sign in by this account and {followers} followers get messages by it; both stop, and \
                 everybody is signed out. {lost}Send ?confirm={appid} if that is meant"
            );
            visitor
                .problem(Code::ConfirmationRequired)
                .detail(detail)
                .with("bindings", bindings)
                .with("unreachable", unreachable)
                .with("followers", followers)
                .with("confirm", appid)
        }
        Conflict::SeatsFull => visitor.problem(Code::SeatsFull),
        Conflict::PhoneInUse => visitor
            .problem(Code::PhoneInUse)
            .detail("this phone has an account in this app")
            .with("field", "phone"),
        Conflict::WrongStatus => visitor.problem(Code::WrongStatus),
        Conflict::RoleIsDefault => visitor.problem(Code::RoleIsDefault),
        Conflict::EditionCannotBuy => visitor.problem(Code::EditionCannotBuy),
        Conflict::LicenceEnded => visitor.problem(Code::LicenceEnded),
        Conflict::AlreadyMember => visitor.problem(Code::AlreadyMember),
        Conflict::AlreadyCollaborator => visitor.problem(Code::AlreadyCollaborator),
        Conflict::ExternalUsersNotReachable(users) => {
            let users: Vec<String> = users.iter().map(ToString::to_string).collect();
            visitor.problem(Code::ExternalUserNotReachable).with("users", users)
        }
    }
}
