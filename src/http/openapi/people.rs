//! The pages of registered people, and what they answer.

use serde_json::{Value, json};

use crate::http::problem::Code::{
    AlreadyRegistered, BadRequest, CodeWrong, InvalidField, InvitationInvalid, NotFound, OriginNotAllowed,
    PhoneInvalid, SeatsFull, SignInFailed, SmsUnavailable, TooLarge, TooManyRequests, Unavailable,
};

use super::op::{Op, op, query, text};

/// The paths, each with its operations.
pub(super) fn paths() -> Vec<(&'static str, Value)> {
    let page =
        |summary| op("accounts", summary).answer("200", "A page", "text/html").problems(&[Unavailable]);
    let post = |op: Op, fields: &[&str], on: &str| {
        op.form(fields).answers(json!({"303": {"description": on}})).problems(&[
            OriginNotAllowed,
            BadRequest,
            TooLarge,
            PhoneInvalid,
            InvitationInvalid,
            TooManyRequests,
            SmsUnavailable,
        ])
    };
    let join = page("An invitation: who invites, as what, and the form to take it up")
        .problems(&[InvitationInvalid]);
    let take_up = page(
        "Takes an invitation up, by `do`: code (the page again), register, or accept by whoever is signed in",
    );
    let take_up = post(
        take_up,
        &["do", "phone?", "code?", "name?", "password?"],
        "Joined, and signed in: on to /account; or nobody is signed in to accept: on to /account/sign-in",
    );
    let take_up = take_up.problems(&[CodeWrong, InvalidField, AlreadyRegistered, SeatsFull]);
    let sign_in = page("Signing in with a platform account")
        .parameters(json!([query("invitation", &text(), "The invitation to go on to")]))
        .answers(json!({"303": {"description": "Signed in already: on to /account or the invitation"}}))
        .problems(&[BadRequest]);
    let prove = page(
        "Signs in, by `do`: sign-in with password or code, or code to have one sent (with an invitation)",
    );
    let prove = post(
        prove,
        &["do", "phone", "password?", "code?", "invitation?"],
        "Signed in: on to /account or the invitation",
    );
    let account =
        page("The newest of the inbox, and all apps and modules that were joined").security("account");
    let account =
        account.answers(json!({"303": {"description": "Nobody is signed in: on to /account/sign-in"}}));
    let read =
        op("inbox", "Marks an item of the inbox read by `id`, or everything by `all`").security("account");
    let read = read.form(&["id?", "all?"]).answers(json!({
        "303": {"description": "On to /account; or nobody is signed in: on to /account/sign-in"},
    }));
    let read = read.problems(&[OriginNotAllowed, BadRequest, NotFound, TooLarge, Unavailable]);
    let out = op("accounts", "Ends the login here").security("account").form(&["invitation?"]);
    let out = out.answers(json!({"303": {"description": "On to /account/sign-in or the invitation"}}));
    let of_token = json!([{"name": "token", "in": "path", "required": true, "schema": {"type": "string"}}]);
    vec![
        ("/join/{token}", json!({"get": join.build(), "post": take_up.build(), "parameters": of_token})),
        (
            "/account/sign-in",
            json!({"get": sign_in.build(), "post": prove.problems(&[SignInFailed]).build()}),
        ),
        ("/account", json!({"get": account.build()})),
        ("/account/inbox/read", json!({"post": read.build()})),
        (
            "/account/sign-out",
            json!({"post": out.problems(&[OriginNotAllowed, BadRequest, TooLarge, Unavailable]).build()}),
        ),
    ]
}
