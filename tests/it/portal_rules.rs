//! The ten rules of external portals, each proved from outside.

use serde_json::{Value, json};

use crate::accounts::{another_organization, invite, member, own, token};
use crate::sign_in::first_time::sign_in_new;
use crate::support::server::{AES_KEY, APPID, SECRET, TOKEN};
use crate::support::{PASSWORD, Registrant, TestServer};

async fn seats(server: &TestServer) -> Value {
    server.own_backend().get(&format!("{}/seats", server.org())).await.expect(200).json()
}

#[actix_web::test]
async fn rule_1_an_account_is_based_on_a_phone_number_and_after_that_a_scan_is_enough() {
    let server = TestServer::start().await;
    let (pc, alice) = (server.browser(), server.person("Alice").await);
    let qr = pc.start_qr("suppliers").await;
    // WeChat has said who it is, and still phone and code are asked for.
    assert_eq!(alice.scan_qr("suppliers", &qr).await["step"], "bind");
    alice.approve("suppliers", None).await.expect(403);
    alice.ask_code("suppliers").await.expect(202);
    alice.bind_with("suppliers", "000000").await.expect_problem(422, "code_wrong");
    assert_eq!(seats(&server).await["external_users"]["used"], 0, "no account without a proved phone");
    let code = server.last_code(&alice.number).await;
    assert_eq!(alice.bind_with("suppliers", &code).await.expect(200).json()["step"], "approve");
    let masked = format!("138****{}", &alice.number[7..]);
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let user = admin.user_of(&app, &alice.number).await;
    assert_eq!(
        (&user["phone_masked"], &user["has_wechat"]),
        (&json!(masked), &json!(true)),
        "both are bound"
    );

    // From now on a scan is enough.
    let qr = server.browser().start_qr("suppliers").await;
    assert_eq!(alice.scan_qr("suppliers", &qr).await["step"], "approve");
    assert_eq!(admin.user_of(&app, &alice.number).await["id"], user["id"]);
}

#[actix_web::test]
async fn rule_2_one_person_in_several_apps_is_several_accounts_and_takes_several_seats() {
    let server = TestServer::start().await;
    let alice = server.person("Alice").await;
    let mut accounts = Vec::new();
    for slug in ["suppliers", "customers"] {
        let pc = sign_in_new(&server, &alice, slug).await;
        accounts.push(pc.me(slug).await.expect(200).json());
    }
    assert_ne!(accounts[0]["id"], accounts[1]["id"]);
    assert_eq!(accounts[0]["phone_masked"], accounts[1]["phone_masked"]);
    assert_eq!(seats(&server).await["external_users"]["used"], 2);
}

#[actix_web::test]
async fn rule_3_all_apps_share_one_service_account_which_belongs_to_one_organization() {
    let server = TestServer::start().await;
    let alice = server.person("Alice").await;
    for slug in ["suppliers", "customers"] {
        let out = alice.web.get(&alice.at(&format!("/p/{slug}"))).await.expect(302);
        assert!(out.location().contains(&format!("appid={APPID}&")), "{}", out.location());
    }
    let account = json!({"appid": APPID, "secret": SECRET, "token": TOKEN, "encoding_aes_key": AES_KEY});
    let (other, backend) = another_organization(&server, "Other Ltd", "standard").await;
    let place = format!("/organizations/{other}/service-account");
    backend.put(&place, account.clone()).await.expect_problem(409, "service_account_taken");
    let mut second = account;
    second["appid"] = json!("wxfedcba9876543210");
    let own = format!("{}/service-account", server.org());
    let refused = server.own_backend().put(&own, second).await;
    refused.expect_problem(409, "organization_has_service_account");
}

#[actix_web::test]
async fn rule_4_whoever_has_the_link_or_its_code_signs_in_at_any_time_also_from_the_menu() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let portal = admin.get(&format!("{app}/portal")).await.expect(200).json();
    let link = portal["link"].as_str().unwrap();
    assert_eq!(link, server.at("/p/suppliers"));
    assert!(portal["qr_svg"].as_str().unwrap().contains("<svg"));
    let menu = json!({"button": [{"name": "Sign in", "portal": "suppliers"}]});
    admin.put(&format!("{}/menu", server.org()), menu).await.expect(200);
    server.advance(300 * 86_400);

    let alice = server.person("Alice").await;
    let tap = json!({"appid": APPID, "index": 0});
    server.sandbox_post(&format!("/sandbox/people/{}/follow", alice.id), &json!({"appid": APPID})).await;
    let opened = server.sandbox_post(&format!("/sandbox/people/{}/menu", alice.id), &tap).await;
    assert_eq!(opened["url"], link);
    for person in [alice, server.person("Bob").await] {
        assert_eq!(person.scan(link).await.expect(303).location(), "/p/suppliers/phone");
        assert_eq!(person.prove(&server, "suppliers").await.expect(200).json()["step"], "done");
        person.web.get_json(&person.at("/p/suppliers/me")).await.expect(200);
    }
    // On a computer the same link shows a code to scan.
    let pc = server.browser();
    assert!(pc.web.get(link).await.expect(200).body.contains("data-slug=\"suppliers\""));
}

#[actix_web::test]
async fn rule_5_signing_in_needs_no_following_and_messages_do() {
    let server = TestServer::start().await;
    let alice = server.person("Alice").await;
    let pc = sign_in_new(&server, &alice, "suppliers").await;
    assert_eq!(pc.me("suppliers").await.expect(200).json()["follows"], false);
    let reachable = async || {
        let path = format!("{}/followers?follows=true", server.org());
        let list = server.own_backend().get(&path).await.expect(200).json();
        let items = list["items"].as_array().unwrap().iter();
        items.filter(|follower| follower["openid"] == alice.openid.as_str()).count()
    };
    assert_eq!(reachable().await, 0, "who does not follow can be sent nothing");
    server.sandbox_post(&format!("/sandbox/people/{}/follow", alice.id), &json!({"appid": APPID})).await;
    assert_eq!(pc.me("suppliers").await.expect(200).json()["follows"], true);
    assert_eq!(reachable().await, 1);
    server.sandbox_post(&format!("/sandbox/people/{}/unfollow", alice.id), &json!({"appid": APPID})).await;
    assert_eq!(
        pc.me("suppliers").await.expect(200).json()["follows"],
        false,
        "signed in, and not to be reached"
    );
    assert_eq!(reachable().await, 0);
}

#[actix_web::test]
async fn rule_6_another_apps_portal_is_entered_by_that_apps_own_code() {
    let server = TestServer::start().await;
    let alice = server.person("Alice").await;
    let pc = sign_in_new(&server, &alice, "suppliers").await;
    pc.me("suppliers").await.expect(200);
    pc.me("customers").await.expect_problem(401, "not_signed_in");
    // The one portal's code opens nothing at the other.
    let qr = pc.start_qr("suppliers").await;
    let moved = qr.scan_url.replace("/p/suppliers/", "/p/customers/");
    alice.web.get_json(&moved).await.expect_problem(404, "not_found");
    let pc = sign_in_new(&server, &alice, "customers").await;
    pc.me("customers").await.expect(200);
}

#[actix_web::test]
async fn rule_7_every_edition_has_a_hundred_external_users_and_more_cost_less_each() {
    let server = TestServer::start().await;
    for edition in ["free", "trial", "standard", "enterprise", "ultimate"] {
        let (id, backend) = another_organization(&server, edition, edition).await;
        let path = format!("/organizations/{id}");
        let seats = backend.get(&format!("{path}/seats")).await.expect(200).json();
        assert_eq!(seats["external_users"], json!({"used": 0, "limit": 100, "packs": 0}), "{edition}");
        let packs = format!("{path}/expansion-packs");
        if matches!(edition, "free" | "trial") {
            backend.post(&packs, json!({"seats": 100})).await.expect_problem(403, "edition_cannot_buy");
            continue;
        }
        let mut prices = Vec::new();
        for seats in [100, 1_000, 10_000] {
            let quote = backend.get(&format!("{packs}/quote?seats={seats}")).await.expect(200).json();
            prices.push(quote["unit_price"].as_str().unwrap().parse::<f64>().unwrap());
        }
        assert!(prices[0] > prices[1] && prices[1] > prices[2], "{prices:?}");
        backend.post(&packs, json!({"seats": 1_000})).await.expect(201);
        let seats = backend.get(&format!("{path}/seats")).await.expect(200).json();
        assert_eq!(seats["external_users"]["limit"], 1_100);
    }
}

#[actix_web::test]
async fn rule_8_there_are_members_external_collaborators_and_external_users() {
    let server = TestServer::start().await;
    let (here, elsewhere) = (own(&server), another_organization(&server, "Free Ltd", "free").await);
    let there = async |what: &str| {
        let seats =
            elsewhere.1.get(&format!("/organizations/{}/seats", elsewhere.0)).await.expect(200).json();
        seats[what].clone()
    };
    assert_eq!(there("members").await, json!({"used": 0, "limit": 10}), "ten in the free edition");
    // A member here is a collaborator there, and the other way round.
    let (li, _) = member(&server, &here, "Li Lei").await;
    let (han, _) = member(&server, &elsewhere, "Han Meimei").await;
    for (person, org) in [(&li, &elsewhere), (&han, &here)] {
        let invited = json!({"phone": person.number, "modules": [{"kind": "project", "name": "New plant"}]});
        let path = format!("/organizations/{}", org.0);
        org.1
            .post(&format!("{path}/modules"), json!({"kind": "project", "name": "New plant"}))
            .await
            .expect(201);
        let invited = org.1.post(&format!("{path}/collaborators"), invited).await.expect(201).json();
        person.post("/accounts/me/invitations", json!({"invitation": token(&invited)})).await.expect(201);
        let joined = person.joined().await;
        let kinds: Vec<_> = joined.iter().map(|one| one["kind"].as_str().unwrap()).collect();
        assert!(kinds.contains(&"member") && kinds.contains(&"external_collaborator"), "{joined:?}");
    }
    sign_in_new(&server, &server.person("Alice").await, "suppliers").await;
    let taken = seats(&server).await;
    assert_eq!((&taken["members"]["used"], &taken["external_users"]["used"]), (&json!(1), &json!(1)));
    assert_eq!(taken["collaborators"], json!({"used": 1, "limit": null}), "no seat");
    assert_eq!(there("members").await["used"], 1);
    // Nobody is both in one organization.
    let refused = json!({"phone": li.number});
    let place = format!("/organizations/{}/collaborators", here.0);
    here.1.post(&place, refused).await.expect_problem(409, "already_member");
}

#[actix_web::test]
async fn rule_9_full_accounts_sign_in_on_web_and_app_and_external_users_on_the_web_in_one_app() {
    let server = TestServer::start().await;
    let (here, elsewhere) = (own(&server), another_organization(&server, "Other Ltd", "standard").await);
    let (li, id) = member(&server, &here, "Li Lei").await;
    let [suppliers, customers] = ["suppliers", "customers"].map(async |slug| server.portal(slug).await.app);
    let apps = json!({"apps": [suppliers.await, customers.await]});
    here.1.patch(&format!("{}/members/{id}", server.org()), apps).await.expect(200);
    let invited = invite(&elsewhere, "collaborators", &li.number).await;
    li.post("/accounts/me/invitations", json!({"invitation": token(&invited)})).await.expect(201);
    for client in ["web", "app"] {
        let signed = json!({"phone": li.number, "password": PASSWORD, "client": client});
        li.post("/accounts/sign-in", signed).await.expect(200);
    }
    // All that was joined, in every organization.
    let joined = li.joined().await;
    let names: Vec<_> = joined.iter().map(|one| one["organization"]["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"Test Ltd") && names.contains(&"Other Ltd"), "{joined:?}");
    let own = joined.iter().find(|one| one["kind"] == "member").unwrap();
    assert_eq!(own["apps"].as_array().unwrap().len(), 2, "{joined:?}");

    // An external user with a right code is told that the web is all there is, and sees one app there.
    let alice = server.person("Alice").await;
    let pc = sign_in_new(&server, &alice, "suppliers").await;
    let qr = server.browser().start_qr("customers").await;
    alice.scan_qr("customers", &qr).await;
    alice.ask_code("customers").await.expect(202);
    let code = server.last_code(&alice.number).await;
    let as_app = json!({"phone": alice.number, "code": code, "client": "app"});
    let program = Registrant::with_number(&server, "Alice", &alice.number);
    program.post("/accounts/sign-in", as_app).await.expect_problem(403, "web_only");
    pc.me("suppliers").await.expect(200);
    pc.me("customers").await.expect_problem(401, "not_signed_in");
    let mine = pc.web.get_json(&pc.at("/api/v1/accounts/me/apps")).await;
    mine.expect_problem(401, "not_signed_in");
}

#[actix_web::test]
async fn rule_10_each_kind_has_its_capabilities_and_operations_ask_them() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let table = admin.get("/capabilities").await.expect(200).json();
    let of = |capability: &str, kind: &str| {
        let line = table["items"].as_array().unwrap().iter().find(|line| line["capability"] == capability);
        line.unwrap()[kind]["value"].as_str().unwrap().to_owned()
    };
    for capability in ["collaboration", "contacts", "chat", "station_messages", "approval", "fill_in"] {
        let values = ["member", "external_collaborator", "external_user"].map(|kind| of(capability, kind));
        assert_eq!(values, ["yes", "yes", "no"], "{capability}");
    }
    for capability in ["reporting_relationship", "department"] {
        let values = ["member", "external_collaborator", "external_user"].map(|kind| of(capability, kind));
        assert_eq!(values, ["yes", "no", "yes"], "{capability}");
    }
    assert_eq!((of("roles", "member"), of("roles", "external_user")), ("many".into(), "one".into()));

    // An external user has one role, a department and a manager.
    sign_in_new(&server, &server.person("Alice").await, "suppliers").await;
    let (boss, _) = (server.member("Boss").await, server.department("Sales").await);
    let users = admin.get(&format!("{app}/external-users")).await.expect(200).json();
    let user = format!("{app}/external-users/{}", users["items"][0]["id"].as_str().unwrap());
    let placed = admin.patch(&user, json!({"department": "Sales", "manager": boss})).await.expect(200).json();
    assert_eq!((&placed["department"], &placed["manager"]), (&json!("Sales"), &json!(boss)));
    let roles = json!({"roles": ["user", "user"]});
    let refused = admin.patch(&user, roles).await.expect_problem(422, "not_for_kind").json();
    assert_eq!(refused["rule"], "one_role");
    // A collaborator has neither, and a member has all of it.
    let (place, phone) = (format!("{}/collaborators", server.org()), server.fresh_number());
    for (field, value, rule) in
        [("department", "Sales", "no_department"), ("manager", boss.as_str(), "no_reporting_relationship")]
    {
        let mut collaborator = json!({"phone": phone});
        collaborator[field] = json!(value);
        let refused = admin.post(&place, collaborator).await.expect_problem(422, "not_for_kind").json();
        assert_eq!(refused["rule"], rule);
    }
    let new = json!({"phone": phone, "department": "Sales", "manager": boss, "roles": []});
    admin.post(&format!("{}/members", server.org()), new).await.expect(201);
}
