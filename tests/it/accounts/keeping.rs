//! What is kept of registered people: sealed, resealed with a new key, and let go in time.

use std::time::Duration;

use menfang::domain::account::{Account, AccountToken, Status};
use menfang::domain::affiliation::{Affiliation, AffiliationId, Belonging};
use menfang::domain::clock::Clock;
use menfang::domain::ids::{AccountId, new_uuid};
use menfang::domain::organization::Edition;
use menfang::domain::phone_number::PhoneNumber;
use menfang::domain::scope::OrgScope;
use menfang::server::world::{OsEntropy, SystemClock};
use menfang::store::Store;
use menfang::store::organizations::NewOrganization;
use menfang::store::retention::Retention;
use menfang::store::vault::Vault;
use serde_json::json;

use super::{invite, member, own, token};
use crate::support::{OwnDatabase, Registrant, TestServer};

async fn open(database: &OwnDatabase, keys: &[(&str, u8)]) -> Store {
    let keys: Vec<_> = keys.iter().map(|(id, byte)| ((*id).to_owned(), [*byte; 32])).collect();
    let store = database.open(Vault::new(&keys, [9; 32])).await;
    store.migrate_up().await.unwrap();
    store
}

#[actix_web::test]
async fn phones_and_answers_open_with_the_new_key_alone_once_they_are_sealed_anew() {
    let folder = tempfile::tempdir().unwrap();
    let database = OwnDatabase::create(folder.path(), "m.db").await;
    let phone = PhoneNumber::parse("13800138000", &["+86".into()]).unwrap();
    let account = Account {
        id: AccountId::generate(&SystemClock, &OsEntropy),
        phone: phone.clone(),
        name: "Li Lei".into(),
        enabled: true,
        created_at: SystemClock.now(),
    };
    let id = AffiliationId::of_row(Belonging::Collaborator, new_uuid(&SystemClock, &OsEntropy));
    let store = open(&database, &[("old", 1)]).await;
    let unit = store.begin().await.unwrap();
    let new = NewOrganization {
        name: "Test Ltd".into(),
        edition: Edition::Free,
        member_seats: 10,
        licence_ends_at: None,
    };
    let organization = unit.create_organization(&new).await.unwrap();
    unit.create_account(&account, "$argon2id$").await.unwrap();
    let affiliation = Affiliation {
        id,
        organization,
        account: None,
        phone: phone.clone(),
        name: None,
        status: Status::Invited,
        department: None,
        manager: None,
        created_at: SystemClock.now(),
    };
    unit.create_affiliation(&affiliation).await.unwrap();
    let claim = unit.begin_request(organization, "key", "request").await.unwrap();
    unit.keep_answer(&claim, 201, "{\"token\":\"secret\"}").await.unwrap();
    unit.commit().await.unwrap();
    drop(store);

    let store = open(&database, &[("new", 2), ("old", 1)]).await;
    assert_eq!(store.reseal().await.unwrap(), 3);
    assert_eq!(store.reseal().await.unwrap(), 0, "twice is once");
    drop(store);

    let store = open(&database, &[("new", 2)]).await;
    assert_eq!(store.account_of_phone(&phone).await.unwrap().unwrap().account.phone, phone);
    let kept = store.affiliation(OrgScope::of_row(organization), id).await.unwrap().unwrap();
    assert_eq!((kept.affiliation.phone, kept.affiliation.name), (phone, None));
    let known = store.idempotency(organization, "key").await.unwrap().unwrap();
    assert_eq!(known.answer, Some((201, "{\"token\":\"secret\"}".to_owned())));
}

#[actix_web::test]
async fn what_is_over_is_gone_in_time_and_nothing_else() {
    const DAY: Duration = Duration::from_hours(24);
    let server = TestServer::start().await;
    let org = own(&server);
    let (person, _) = member(&server, &org, "Li Lei").await;
    let place = format!("/organizations/{}/members", org.0);
    let once = json!({"phone": server.fresh_number()});
    org.1.post_once(&place, "k", once.clone()).await.expect(201);
    let keep = Retention {
        qr_sessions: DAY,
        changes: DAY,
        codes: DAY * 2,
        callback_events: DAY,
        ended_logins: DAY * 30,
        invitations: DAY * 30,
        idempotency: DAY,
        known_browsers: DAY * 400,
        notifications: DAY * 180,
        audiences: DAY * 180,
        audit: DAY * 180,
    };
    let count =
        async |table: &str| server.rows().await.into_iter().find(|(name, _)| name == table).unwrap().1;
    let counts =
        async || (count("account_logins").await, count("invitations").await, count("idempotency_keys").await);
    let sweep = || server.running().store.sweep(&keep);
    sweep().await.unwrap();
    assert_eq!(counts().await, (1, 2, 1));
    server.advance(86_400 + 1);
    sweep().await.unwrap();
    assert_eq!(counts().await, (1, 2, 0), "after a day a key can be used anew");
    org.1.post_once(&place, "k", once).await.expect_problem(409, "already_member");
    server.advance(30 * 86_400);
    sweep().await.unwrap();
    assert_eq!(counts().await.0, 0);
    server.advance(7 * 86_400);
    sweep().await.unwrap();
    assert_eq!(counts().await.1, 0);
    // Account and membership stay.
    person.sign_in().await;
    assert_eq!(person.joined().await.len(), 1);
}

#[actix_web::test]
async fn neither_number_nor_token_nor_password_stands_in_the_database() {
    let server = TestServer::start().await;
    let org = own(&server);
    let person = Registrant::new(&server, "Li Lei");
    let invited = invite(&org, "members", &person.number).await;
    let place = format!("/organizations/{}/members", org.0);
    let body = json!({"phone": server.fresh_number()});
    let kept = org.1.post_once(&place, "k", body).await.expect(201).json();
    person.register(&server, token(&invited)).await.expect(201);
    let login = person.try_sign_in(crate::support::PASSWORD).await.expect(200).json();
    let bytes = server.database_bytes().await;
    let secrets = [
        person.number.as_str(),
        token(&invited),
        token(&kept),
        crate::support::PASSWORD,
        login["token"].as_str().unwrap(),
    ];
    for secret in secrets {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    assert!(bytes.windows(10).any(|window| window == b"$argon2id$"), "the files are read");
}

#[actix_web::test]
async fn an_account_that_is_switched_off_signs_nobody_in() {
    let server = TestServer::start().await;
    let person = Registrant::new(&server, "Li Lei");
    let store = &server.running().store;
    let accounts = &server.running().accounts;
    let hash = menfang::usecases::passwords::Passwords::default();
    let hash = hash.hash(crate::support::PASSWORD, &OsEntropy).await.unwrap();
    let account = Account {
        id: AccountId::generate(&SystemClock, &OsEntropy),
        phone: PhoneNumber::parse(&person.number, &["+86".into()]).unwrap(),
        name: "Li Lei".into(),
        enabled: false,
        created_at: server.now(),
    };
    let unit = store.begin().await.unwrap();
    unit.create_account(&account, &hash).await.unwrap();
    unit.commit().await.unwrap();
    person.try_sign_in(crate::support::PASSWORD).await.expect_problem(401, "sign_in_failed");
    // Nor does a login that it had.
    let caller = menfang::domain::audit::By::operator().caller;
    let token: AccountToken =
        accounts.log_in(account.id, menfang::domain::account::Client::App, &caller).await.unwrap();
    person.hold(Some(token.reveal()));
    person.get("/accounts/me").await.expect_problem(401, "not_signed_in");
}
