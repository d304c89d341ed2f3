//! Who is told: members and collaborators by name, role, department, app or all, each once, a page at a time.

use menfang::domain::ids::AppId;
use menfang::domain::notification::{Audience, Channel, EVERYBODY, Notification, NotificationState};
use menfang::store::retention::Retention;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

use crate::accounts::{another_organization, invite, member, own, token};
use crate::support::{Registrant, TestServer};

/// Whom an order is for, when its audience is read in pages of `size`.
async fn audience(server: &TestServer, ordered: &Notification, size: u64) -> Vec<String> {
    let (store, mut after, mut people) = (&server.running().store, None::<String>, Vec::new());
    loop {
        let unit = store.begin().await.unwrap();
        let page = unit.inbox_audience(ordered, after.as_deref(), size).await.unwrap();
        unit.commit().await.unwrap();
        people.extend(page.people.into_iter().map(|person| person.recipient));
        after = page.next;
        if after.is_none() {
            return people;
        }
    }
}

/// The account of somebody who is signed in.
async fn account(person: &Registrant) -> String {
    person.get("/accounts/me").await.expect(200).json()["id"].as_str().unwrap().to_owned()
}

async fn order(server: &TestServer, app: AppId, audience: Audience) -> Notification {
    server.store_order(app, Channel::StationMessage, audience, &json!({"text": "Hello"})).await
}

#[actix_web::test]
async fn every_audience_finds_those_who_are_active_and_nobody_else() {
    let server = TestServer::start().await;
    let org = own(&server);
    let app = server.portal("suppliers").await.app;
    let role = server.role_of(app).await;
    let place = format!("{}/departments", server.org());
    let made = org.1.post(&place, json!({"name": "Sales"})).await.expect(201).json();
    let department = made["id"].as_str().unwrap().to_owned();
    let (mut people, mut members) = (Vec::new(), Vec::new());
    for name in ["A", "B", "C", "D"] {
        let (person, id) = member(&server, &org, name).await;
        people.push(account(&person).await);
        members.push(id);
    }
    let guest = Registrant::new(&server, "Guest");
    let invited = invite(&org, "collaborators", &guest.number).await;
    guest.register(&server, token(&invited)).await.expect(201);
    guest.sign_in().await;
    let (guest_id, guest) = (invited["id"].as_str().unwrap().to_owned(), account(&guest).await);
    let change = async |kind: &str, id: &str, change| {
        org.1.patch(&format!("{}/{kind}/{id}", server.org()), change).await.expect(200);
    };
    let place = format!("{}/modules", server.org());
    let new = json!({"kind": "project", "name": "New plant", "app": app.to_string()});
    let module = org.1.post(&place, new).await.expect(201).json()["id"].clone();
    let placed = json!({"apps": [app.to_string()], "roles": [role], "department": department});
    for id in &members[..3] {
        change("members", id, placed.clone()).await;
    }
    change("members", &members[0], json!({"modules": [module]})).await;
    change("collaborators", &guest_id, json!({"modules": [module]})).await;
    change("members", &members[2], json!({"status": "disabled"})).await;
    // Somebody who has not joined yet, and another organization's member.
    let waiting = invite(&org, "members", &server.fresh_number()).await["id"].as_str().unwrap().to_owned();
    let other = another_organization(&server, "Other Ltd", "standard").await;
    let (stranger, strange_id) = member(&server, &other, "Stranger").await;
    let strange = account(&stranger).await;

    let expect = async |wanted: Audience, expected: &[&String]| {
        let ordered = order(&server, app, wanted.clone()).await;
        let expected: BTreeSet<String> = expected.iter().map(|id| (*id).clone()).collect();
        for size in [1, 2, 100] {
            let found = audience(&server, &ordered, size).await;
            assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), expected, "{wanted:?} by {size}");
            assert_eq!(found.len(), expected.len(), "{wanted:?}: nobody twice");
        }
    };
    let (a, b, d) = (&people[0], &people[1], &people[3]);
    expect(Audience::Role(role.clone()), &[a, b]).await;
    expect(Audience::Department(department), &[a, b]).await;
    expect(Audience::All(true), &[a, b, &guest]).await;
    expect(Audience::Members(EVERYBODY.into()), &[a, b, d]).await;
    let named = [&members[3], &guest_id, &people[0], &people[2], &waiting, &strange_id, &strange];
    expect(Audience::Users(named.into_iter().cloned().collect()), &[d, &guest, a]).await;
    // The prefix counts: a member's row is no collaborator.
    let disguised = members[0].replace("mbr_", "col_");
    expect(Audience::Users(vec![disguised, "usr_00000000000000000000000000".into(), "?".into()]), &[]).await;
    server.set_app_enabled("suppliers", false).await;
    expect(Audience::All(true), &[]).await;
    expect(Audience::Role(role), &[a, b]).await;
}

#[actix_web::test]
async fn a_page_that_comes_a_second_time_adds_nothing() {
    let server = TestServer::start().await;
    let org = own(&server);
    let (person, id) = member(&server, &org, "A").await;
    for name in ["B", "C"] {
        member(&server, &org, name).await;
    }
    let app = server.portal("suppliers").await.app;
    // One person under two names is told once.
    let twice = Audience::Users(vec![id, account(&person).await]);
    let done = server.spread(&order(&server, app, twice).await, 1).await;
    assert_eq!((done.state, done.counts.delivered, done.counts.total()), (NotificationState::Done, 1, 1));

    let ordered = order(&server, app, Audience::Members(EVERYBODY.into())).await;
    let store = &server.running().store;
    // A node writes a page and dies before it has written how far it is.
    let unit = store.begin().await.unwrap();
    let page = unit.inbox_audience(&ordered, None, 2).await.unwrap();
    let went = unit.add_to_inboxes(&ordered, &page.people).await.unwrap();
    unit.count_deliveries(ordered.organization, ordered.id, went).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(went.delivered, 2);
    let (items, changes) = (server.count("inbox_items").await, server.count("changes").await);
    let unit = store.begin().await.unwrap();
    assert_eq!(unit.add_to_inboxes(&ordered, &page.people).await.unwrap().total(), 0);
    unit.commit().await.unwrap();
    assert_eq!((server.count("inbox_items").await, server.count("changes").await), (items, changes));
    let done = server.spread(&ordered, 2).await;
    assert_eq!((done.counts.delivered, done.counts.total()), (3, 3));
    assert_eq!((server.count("inbox_items").await, server.count("deliveries").await), (4, 4));
}

#[actix_web::test]
async fn notifications_go_when_their_time_is_over_and_not_before() {
    let server = TestServer::start().await;
    let org = own(&server);
    let (person, id) = member(&server, &org, "A").await;
    let to = || Audience::Users(vec![id.clone()]);
    let keep = Retention { notifications: Duration::from_hours(24), ..keeping_all() };
    server.tell("suppliers", Channel::Approval, to(), &json!({"order": "1"})).await;
    let app = server.portal("suppliers").await.app;
    order(&server, app, to()).await;
    let later = server.now().plus(Duration::from_mins(5)).0;
    for (table, columns, values) in [
        (
            "receipts",
            "openid, msgid, status, happened_at, due_at, tries",
            format!("'o', 1, 'success', {}, 0, 0", server.now().0),
        ),
        ("recipient_holds", "openid, template_id, until, times", format!("'o', '', {later}, 1")),
    ] {
        let (row, org) = (server.uuid_literal(0x11), server.uuid_literal(0x22));
        let sql = format!(
            "INSERT INTO {table} (id, org_id, service_account_id, {columns}) VALUES ({row}, {org}, {org}, {values})"
        );
        server.write(sql).await;
    }
    let counts = async || {
        let mut counts = Vec::new();
        for table in ["notifications", "deliveries", "inbox_items", "receipts", "recipient_holds"] {
            counts.push(server.count(table).await);
        }
        counts
    };
    let store = &server.running().store;
    server.advance(60);
    store.sweep(&keep).await.unwrap();
    assert_eq!(counts().await, [2, 1, 1, 1, 1]);
    server.advance(23 * 3600);
    server.tell("suppliers", Channel::Approval, to(), &json!({"order": "2"})).await;
    server.advance(3600);
    store.sweep(&keep).await.unwrap();
    assert_eq!(counts().await, [2, 1, 1, 1, 0], "what has not ended stays, however old");
    person.sign_in().await;
    let left = person.get("/accounts/me/inbox").await.expect(200).json();
    assert_eq!((&left["items"][0]["data"]["order"], &left["unread"]), (&json!("2"), &json!(1)));
    server.advance(25 * 3600);
    store.sweep(&keep).await.unwrap();
    assert_eq!(counts().await, [1, 0, 0, 0, 0]);
}

/// Nothing else goes.
pub(super) fn keeping_all() -> Retention {
    let ever = Duration::from_hours(24 * 3650);
    Retention {
        qr_sessions: ever,
        changes: ever,
        codes: ever,
        callback_events: ever,
        ended_logins: ever,
        invitations: ever,
        idempotency: ever,
        known_browsers: ever,
        notifications: ever,
        audiences: ever,
        audit: ever,
    }
}
