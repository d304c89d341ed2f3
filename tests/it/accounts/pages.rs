//! The pages of registered people, without script: joining by a link, signing in, "my apps and modules".

use serde_json::json;

use super::{another_organization, invite, member, own, token};
use crate::support::web::Answer;
use crate::support::{Browser, PASSWORD, Registrant, TestServer};

/// Posts a form as a browser does whose scripts do not run.
async fn submit(pc: &Browser, path: &str, form: &[(&str, &str)]) -> Answer {
    let origin = pc.at("");
    let request = pc.web.request(reqwest::Method::POST, &pc.at(path)).header("origin", origin);
    let request = request.header("accept", "text/html").header("accept-language", "en");
    pc.web.send(request.form(form)).await
}

async fn open(pc: &Browser, path: &str) -> Answer {
    let request = pc.web.request(reqwest::Method::GET, &pc.at(path)).header("accept", "text/html");
    pc.web.send(request.header("accept-language", "en")).await
}

#[actix_web::test]
async fn somebody_joins_by_the_link_and_sees_what_they_have() {
    let server = TestServer::start().await;
    let org = own(&server);
    let (pc, number) = (server.browser(), server.fresh_number());
    let app = server.portal("suppliers").await.app.to_string();
    let place = format!("/organizations/{}/members", org.0);
    let new = json!({"phone": number, "apps": [app], "modules": [{"kind": "project", "name": "New plant"}]});
    let invited = org.1.post(&place, new).await.expect(201).json();
    let path = format!("/join/{}", token(&invited));

    let page = open(&pc, &path).await.expect(200);
    assert!(page.body.contains("Test Ltd invites you as a member."));
    assert!(page.body.contains(&format!("138****{}", &number[7..])) && !page.body.contains(&number));
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "same-origin"));

    let form = [("do", "code"), ("phone", &number), ("code", ""), ("name", "Li Lei"), ("password", "")];
    let page = submit(&pc, &path, &form).await.expect(200);
    assert!(page.body.contains("A code was sent to 138****") && page.body.contains("value=\"Li Lei\""));
    let code = server.last_code(&number).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let typed = |code, password| {
        [
            ("do", "register"),
            ("phone", number.as_str()),
            ("code", code),
            ("name", "Li Lei"),
            ("password", password),
        ]
    };
    let page = submit(&pc, &path, &typed(wrong, PASSWORD)).await.expect(422);
    assert!(page.body.contains("That code is wrong") && !page.body.contains(PASSWORD));
    let page = submit(&pc, &path, &typed(&code, "password")).await.expect(422);
    assert!(page.body.contains("This password is one of the most used."));
    let joined = submit(&pc, &path, &typed(&code, PASSWORD)).await.expect(303);
    assert_eq!(joined.location(), "/account");
    assert!(joined.header("set-cookie").contains("SameSite=Strict"));

    let page = open(&pc, "/account").await.expect(200);
    for part in
        ["Li Lei", "Test Ltd", "Member", "href=\"/p/suppliers\"", "Supplier portal", "New plant", "Project"]
    {
        assert!(page.body.contains(part), "{part}");
    }
    assert_eq!(open(&pc, "/account/sign-in").await.expect(303).location(), "/account");
    let gone = open(&pc, &path).await.expect(422);
    assert!(gone.body.contains("This invitation is no longer valid"));
    assert!(gone.body.contains("href=\"/account/sign-in\""));

    let out = submit(&pc, "/account/sign-out", &[]).await.expect(303);
    assert_eq!(out.location(), "/account/sign-in");
    assert_eq!(open(&pc, "/account").await.expect(303).location(), "/account/sign-in");
    let wrong = [("do", "sign-in"), ("phone", number.as_str()), ("password", "not it")];
    let page = submit(&pc, "/account/sign-in", &wrong).await.expect(401);
    assert!(page.body.contains("Phone number, password or code is wrong.") && page.body.contains(&number));
    let right = [("do", "sign-in"), ("phone", number.as_str()), ("password", PASSWORD)];
    assert_eq!(submit(&pc, "/account/sign-in", &right).await.expect(303).location(), "/account");
}

#[actix_web::test]
async fn whoever_has_an_account_signs_in_to_accept() {
    let server = TestServer::start().await;
    let (person, _) = member(&server, &own(&server), "Li Lei").await;
    let other = another_organization(&server, "Other Ltd", "free").await;
    let invited = invite(&other, "collaborators", &person.number).await;
    let (pc, path) = (server.browser(), format!("/join/{}", token(&invited)));
    let page = open(&pc, &path).await.expect(200);
    assert!(page.body.contains("as an external collaborator"));
    let sign_in = format!("/account/sign-in?invitation={}", token(&invited));
    assert!(page.body.contains(&format!("href=\"{sign_in}\"")));
    // Accepting needs a login; somebody who registers all the same is sent the same way, after a right code only.
    assert_eq!(submit(&pc, &path, &[("do", "accept")]).await.expect(303).location(), sign_in);
    server.advance(61);
    submit(&pc, &path, &[("do", "code"), ("phone", &person.number)]).await.expect(200);
    let code = server.last_code(&person.number).await;
    let form = [
        ("do", "register"),
        ("phone", &person.number),
        ("code", &code),
        ("name", "Li"),
        ("password", PASSWORD),
    ];
    let page = submit(&pc, &path, &form).await.expect(409);
    assert!(page.body.contains("This number has an account.") && page.body.contains(&sign_in));

    assert!(open(&pc, &sign_in).await.expect(200).body.contains("Send me a code instead"));
    server.advance(61);
    let with = |what, code| {
        [("do", what), ("phone", person.number.as_str()), ("code", code), ("invitation", token(&invited))]
    };
    let page = submit(&pc, "/account/sign-in", &with("code", "")).await.expect(200);
    assert!(page.body.contains("A code was sent to") && !page.body.contains("name=\"password\""));
    let code = server.last_code(&person.number).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let page = submit(&pc, "/account/sign-in", &with("sign-in", wrong)).await.expect(401);
    assert!(page.body.contains("name=\"code\""), "the code is still asked for");
    assert_eq!(submit(&pc, "/account/sign-in", &with("sign-in", &code)).await.expect(303).location(), path);
    let page = open(&pc, &path).await.expect(200);
    assert!(page.body.contains("Accept as Li Lei") && !page.body.contains("name=\"password\""));
    assert_eq!(submit(&pc, &path, &[("do", "accept")]).await.expect(303).location(), "/account");
    assert!(open(&pc, "/account").await.expect(200).body.contains("Other Ltd"));
}

#[actix_web::test]
async fn whoever_is_signed_in_with_another_number_is_told() {
    let server = TestServer::start().await;
    let org = own(&server);
    let (person, _) = member(&server, &org, "Li Lei").await;
    let pc = server.browser();
    let right = [("do", "sign-in"), ("phone", person.number.as_str()), ("password", PASSWORD)];
    submit(&pc, "/account/sign-in", &right).await.expect(303);
    let invited = invite(&org, "members", &server.fresh_number()).await;
    let path = format!("/join/{}", token(&invited));
    let page = open(&pc, &path).await.expect(200);
    assert!(page.body.contains("this invitation is for another number"));
    submit(&pc, &path, &[("do", "accept")]).await.expect(422);
    let out = submit(&pc, "/account/sign-out", &[("invitation", token(&invited))]).await.expect(303);
    assert_eq!(out.location(), path);
    assert!(open(&pc, &path).await.expect(200).body.contains("name=\"password\""));
}

#[actix_web::test]
async fn codes_on_the_pages_are_for_the_invited_number_only() {
    let server = TestServer::start().await;
    let person = Registrant::new(&server, "Li Lei");
    let invited = invite(&own(&server), "members", &person.number).await;
    let (pc, path) = (server.browser(), format!("/join/{}", token(&invited)));
    let page = submit(&pc, &path, &[("do", "code"), ("phone", &server.fresh_number())]).await.expect(422);
    assert!(page.body.contains("This invitation is for another number"));
    let page = submit(&pc, &path, &[("do", "code"), ("phone", "12345")]).await.expect(422);
    assert!(page.body.contains("Please enter a valid phone number."));
    submit(&pc, &path, &[("do", "code"), ("phone", &person.number)]).await.expect(200);
    let page = submit(&pc, &path, &[("do", "code"), ("phone", &person.number)]).await.expect(429);
    assert_eq!(page.header("retry-after"), "60");
    // Without an invitation the sign-in page sends none.
    submit(&pc, "/account/sign-in", &[("do", "code"), ("phone", &person.number)]).await.expect(401);
    assert_eq!(server.sandbox_get("/sandbox/stats").await["sms"], 1);
}

#[actix_web::test]
async fn forms_of_foreign_pages_are_refused() {
    let server = TestServer::start().await;
    let invited = invite(&own(&server), "members", &server.fresh_number()).await;
    let pc = server.browser();
    for path in [format!("/join/{}", token(&invited)), "/account/sign-in".into(), "/account/sign-out".into()]
    {
        for origin in [None, Some("https://evil.example"), Some("null")] {
            let mut request =
                pc.web.request(reqwest::Method::POST, &pc.at(&path)).form(&[("do", "register")]);
            if let Some(origin) = origin {
                request = request.header("origin", origin);
            }
            pc.web.send(request).await.expect(403);
        }
    }
    for path in ["/join/x", &format!("/join/{}", "A".repeat(43))] {
        let page = open(&pc, path).await.expect(422);
        assert!(page.body.contains("This invitation is no longer valid"));
    }
}
