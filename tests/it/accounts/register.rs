//! Invited by link, proved by code, registered; further organizations accept the same account.

use serde_json::json;

use super::{another_organization, invite, member, own, token};
use crate::support::{PASSWORD, Registrant, TestServer};

#[actix_web::test]
async fn somebody_is_invited_by_link_proves_the_phone_and_registers() {
    let server = TestServer::start().await;
    let org = own(&server);
    let person = Registrant::new(&server, "Li Lei");
    let invited = invite(&org, "members", &person.number).await;
    assert_eq!(
        invited["invitation"]["link"],
        format!("{}/join/{}", server.url, invited["invitation"]["token"].as_str().unwrap())
    );
    let answer = person.ask_code(token(&invited)).await.expect(202);
    assert_eq!(answer.json(), json!({}));
    let code = server.last_code(&person.number).await;
    let made = person.register_with(token(&invited), &code).await.expect(201).json();
    assert_eq!(made["account"]["name"], "Li Lei");
    assert_eq!(made["account"]["phone_masked"], format!("138****{}", &person.number[7..]));
    let affiliation = &made["affiliation"];
    assert_eq!(affiliation["organization"], json!({"id": org.0, "name": "Test Ltd"}));
    assert_eq!((&affiliation["kind"], &affiliation["status"]), (&json!("member"), &json!("active")));
    assert_eq!(affiliation["id"], invited["id"]);

    let place = format!("/organizations/{}/members/{}", org.0, invited["id"].as_str().unwrap());
    let seen = org.1.get(&place).await.expect(200).json();
    assert_eq!((&seen["status"], &seen["name"]), (&json!("active"), &json!("Li Lei")));
    assert_eq!(server.member_seats_taken(server.organization).await, 1);

    person.sign_in().await;
    let me = person.get("/accounts/me").await.expect(200).json();
    assert_eq!(me["id"], made["account"]["id"]);
    assert_eq!(me["affiliations"], json!([affiliation]));
    // Nobody else than the holder of the phone and the link could do it, and only once.
    person.hold(None);
    person.register_with(token(&invited), &code).await.expect_problem(422, "invitation_invalid");
}

#[actix_web::test]
async fn a_second_organization_accepts_the_same_account() {
    let server = TestServer::start().await;
    let (person, _) = member(&server, &own(&server), "Li Lei").await;
    let other = another_organization(&server, "Other Ltd", "free").await;
    let invited = invite(&other, "members", &person.number).await;

    // The phone has an account: registering says so after a right code only, and leaves code and invitation good.
    let stranger = Registrant::with_number(&server, "Li Lei", &person.number);
    server.advance(61);
    stranger.ask_code(token(&invited)).await.expect(202);
    let code = server.last_code(&person.number).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    stranger.register_with(token(&invited), wrong).await.expect_problem(422, "code_wrong");
    stranger.register_with(token(&invited), &code).await.expect_problem(409, "already_registered");

    let body = json!({"invitation": token(&invited)});
    let joined = person.post("/accounts/me/invitations", body.clone()).await.expect(201).json();
    assert_eq!((&joined["organization"]["name"], &joined["id"]), (&json!("Other Ltd"), &invited["id"]));
    person.post("/accounts/me/invitations", body).await.expect_problem(422, "invitation_invalid");
    let me = person.get("/accounts/me").await.expect(200).json();
    let names: Vec<_> =
        me["affiliations"].as_array().unwrap().iter().map(|a| &a["organization"]["name"]).collect();
    assert_eq!(names, ["Other Ltd", "Test Ltd"]);
    // The code was left good: it signs in.
    let by_code = json!({"phone": person.number, "code": code, "client": "app"});
    stranger.post("/accounts/sign-in", by_code).await.expect(200);
}

#[actix_web::test]
async fn a_member_here_is_a_collaborator_there() {
    let server = TestServer::start().await;
    let org = own(&server);
    let (person, _) = member(&server, &org, "Han Meimei").await;
    let other = another_organization(&server, "Other Ltd", "free").await;
    let place = format!("/organizations/{}/collaborators", other.0);
    let new = json!({"phone": person.number, "modules": [{"kind": "task", "name": "Review"}]});
    let invited = other.1.post(&place, new).await.expect(201).json();
    let body = json!({"invitation": token(&invited)});
    person.post("/accounts/me/invitations", body).await.expect(201);

    let joined = person.joined().await;
    let kinds: Vec<_> = joined.iter().map(|item| (&item["organization"]["name"], &item["kind"])).collect();
    assert_eq!(
        kinds,
        [(&json!("Other Ltd"), &json!("external_collaborator")), (&json!("Test Ltd"), &json!("member"))]
    );
    assert_eq!(joined[0]["modules"][0]["name"], "Review");
    assert!(joined[0]["id"].as_str().unwrap().starts_with("col_"));
    // A collaborator takes no seat.
    let taken = server.member_seats_taken(other.0.parse().unwrap()).await;
    assert_eq!((server.member_seats_taken(server.organization).await, taken), (1, 0));
}

#[actix_web::test]
async fn what_was_joined_is_seen_with_its_portal() {
    let server = TestServer::start().await;
    let org = own(&server);
    let (person, id) = member(&server, &org, "Li Lei").await;
    assert_eq!(person.joined().await[0]["apps"], json!([]));
    let app = server.portal("suppliers").await.app.to_string();
    let place = format!("/organizations/{}/members/{id}", org.0);
    let change = json!({"apps": [app], "modules": [{"kind": "group", "name": "Friends"}]});
    org.1.patch(&place, change).await.expect(200);
    let joined = &person.joined().await[0];
    assert_eq!(joined["apps"][0]["id"], app);
    assert_eq!(joined["apps"][0]["portal_url"], format!("{}/p/suppliers", server.url));
    assert_eq!(
        (&joined["apps"][0]["slug"], &joined["apps"][0]["name"]),
        (&json!("suppliers"), &json!("Supplier portal"))
    );
    assert_eq!(
        (&joined["modules"][0]["kind"], &joined["modules"][0]["name"]),
        (&json!("group"), &json!("Friends"))
    );
    org.1.patch(&place, json!({"apps": [], "modules": []})).await.expect(200);
    let joined = &person.joined().await[0];
    assert_eq!((&joined["apps"], &joined["modules"]), (&json!([]), &json!([])));
}

#[actix_web::test]
async fn names_and_passwords_follow_their_rules() {
    let server = TestServer::start().await;
    let person = Registrant::new(&server, "Li Lei");
    let invited = invite(&own(&server), "members", &person.number).await;
    person.ask_code(token(&invited)).await.expect(202);
    let code = server.last_code(&person.number).await;
    let refuse = async |field: &str, value: &str| {
        let mut body = json!({
            "invitation": token(&invited), "phone": person.number, "code": code, "password": PASSWORD, "name": "Li",
        });
        body[field] = json!(value);
        let problem =
            person.post("/accounts/register", body).await.expect_problem(422, "invalid_field").json();
        assert_eq!(problem["field"], field);
    };
    for (field, value) in [
        ("password", "short"),
        ("password", "password123"),
        ("password", person.number.as_str()),
        ("password", &"a".repeat(2_000)),
        ("name", " "),
        ("name", "two\nlines"),
    ] {
        refuse(field, value).await;
    }
    // None of that used the code up, however often.
    person.register_with(token(&invited), &code).await.expect(201);
}

#[actix_web::test]
async fn a_name_that_the_organization_gave_stays() {
    let server = TestServer::start().await;
    let org = own(&server);
    let person = Registrant::new(&server, "小明");
    let place = format!("/organizations/{}/members", org.0);
    let new = json!({"phone": person.number, "name": "Wang Ming (sales)"});
    let invited = org.1.post(&place, new).await.expect(201).json();
    person.register(&server, token(&invited)).await.expect(201);
    let seen = org.1.get(&format!("{place}/{}", invited["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(seen["name"], "Wang Ming (sales)");
    person.sign_in().await;
    assert_eq!(person.get("/accounts/me").await.expect(200).json()["name"], "小明");
}
