//! Stories of registered people: invited, registered, signed in, seeing what they have joined.

mod codes;
mod invitations;
mod keeping;
mod logins;
mod pages;
mod register;
mod seats;
mod sign_in;

use serde_json::{Value, json};

use crate::support::{Backend, Registrant, TestServer};

/// Another organization with its backend.
pub(crate) async fn another_organization(
    server: &TestServer,
    name: &str,
    edition: &str,
) -> (String, Backend) {
    let new = json!({"name": name, "edition": edition});
    let made = server.platform_backend().post("/organizations", new).await.expect(201).json();
    let id = made["organization"]["id"].as_str().unwrap().to_owned();
    (id, server.backend(made["api_key"].as_str()))
}

/// The organization of the tests with its backend.
pub(crate) fn own(server: &TestServer) -> (String, Backend) {
    (server.organization.to_string(), server.own_backend())
}

/// Invites a number; gives what the backend is told.
pub(crate) async fn invite(org: &(String, Backend), kind: &str, number: &str) -> Value {
    let place = format!("/organizations/{}/{kind}", org.0);
    org.1.post(&place, json!({"phone": number})).await.expect(201).json()
}

/// The token of an invitation.
pub(crate) fn token(invited: &Value) -> &str {
    invited["invitation"]["token"].as_str().unwrap()
}

/// A member of an organization, registered and signed in on the mobile app, with the member's id.
pub(crate) async fn member(server: &TestServer, org: &(String, Backend), name: &str) -> (Registrant, String) {
    let person = Registrant::new(server, name);
    let invited = invite(org, "members", &person.number).await;
    person.register(server, token(&invited)).await.expect(201);
    person.sign_in().await;
    (person, invited["id"].as_str().unwrap().to_owned())
}
