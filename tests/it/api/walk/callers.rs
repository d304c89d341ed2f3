//! Whoever asks: what they send to prove who they are.

use menfang::domain::audit::By;
use menfang::domain::ids::OrgId;
use menfang::domain::notification::{Audience, Channel};
use menfang::domain::right::Scope;
use menfang::usecases::api_keys::NewKey;
use reqwest::header::{COOKIE, ORIGIN};

use super::routes::{Demand, Route};
use crate::accounts;
use crate::sign_in::first_time::sign_in_new;
use crate::support::web::{Answer, Web};
use crate::support::{PASSWORD, Registrant, TestServer};

/// What a caller sends.
#[derive(Clone, Default)]
pub(super) struct Sends {
    pub(super) bearer: Option<String>,
    pub(super) cookie: Option<String>,
    pub(super) origin: Option<String>,
}

/// Everybody who may ask.
pub(super) struct Callers {
    /// The organization that the routes are about.
    pub(super) own: OrgId,
    /// Another one.
    pub(super) other: OrgId,
    revoked: String,
    wrong_secret: String,
    whole: String,
    login: String,
    url: String,
    /// The app token of a member of our organization.
    pub(super) member: String,
    /// The app token of an external collaborator of our organization, who is a member of the other one.
    pub(super) collaborator: String,
    /// The cookie of the member in a browser.
    member_cookie: String,
}

impl Sends {
    /// A text as a bearer: a key, or a token.
    pub(super) fn bearer(text: &str) -> Self {
        Self { bearer: Some(text.to_owned()), ..Self::default() }
    }

    /// Sends a request; each comes from an address of its own, for one that sends many wrong keys has to wait.
    pub(super) async fn send(&self, server: &TestServer, route: &Route) -> Answer {
        let web = Web::new(&server.http, "walker/1.0");
        let mut request = web.request(route.method.clone(), &server.at(&route.address()));
        if let Some(body) = &route.body {
            request = request.json(body);
        }
        if let Some(bearer) = &self.bearer {
            request = request.bearer_auth(bearer);
        }
        for (name, value) in [(COOKIE, &self.cookie), (ORIGIN, &self.origin)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        web.send(request).await
    }
}

impl Callers {
    pub(super) async fn of(server: &TestServer) -> Self {
        let body = serde_json::json!({"name": "Elsewhere Ltd", "edition": "standard"});
        let made = server.platform_backend().post("/organizations", body).await.expect(201).json();
        let other = made["organization"]["id"].as_str().unwrap().parse().unwrap();
        let person = sign_in_new(server, &server.person("Alice").await, "suppliers").await;
        let login = person.web.cookies(&server.url.parse().unwrap());
        assert!(login.contains("menfang_login_suppliers="), "{login}");
        let whole = new_key(server, Some(server.organization), |_| true).await;
        let (id, secret) = whole.rsplit_once('_').unwrap();
        let wrong_secret = format!("{id}_{}", secret.chars().rev().collect::<String>());
        let revoked = new_key(server, Some(server.organization), |_| true).await;
        let id = revoked.trim_start_matches("mf_").split('_').next().unwrap();
        let path = format!("/organizations/{}/api-keys/key_{id}", server.organization);
        server.own_backend().delete(&path).await.expect(204);
        let (member, collaborator) = people(server, other).await;
        let member_cookie = cookie_of(server, &member).await;
        Self {
            own: server.organization,
            other,
            revoked,
            wrong_secret,
            whole,
            login,
            url: server.url.clone(),
            member: token_of(&member).await,
            collaborator: token_of(&collaborator).await,
            member_cookie,
        }
    }

    /// All who prove nothing that counts here.
    pub(super) fn nobody(&self, demand: &Demand) -> Vec<(&'static str, Sends)> {
        let mut all = vec![
            ("nobody", Sends::default()),
            ("a text that is no key", Sends::bearer("mf_nonsense")),
            ("a key with a wrong secret", Sends::bearer(&self.wrong_secret)),
            ("a key that was revoked", Sends::bearer(&self.revoked)),
            ("an external user's login cookie", self.person()),
        ];
        if matches!(demand, Demand::Person) {
            all.push(("a key, where a person is wanted", Sends::bearer(&self.whole)));
        } else {
            let browser = Sends { cookie: Some(self.member_cookie.clone()), ..self.person() };
            all.push(("a member's app token", Sends::bearer(&self.member)));
            all.push(("a collaborator's app token", Sends::bearer(&self.collaborator)));
            all.push(("a member's cookie", browser));
        }
        all
    }

    /// An external user, as their browser sends requests from our own pages.
    pub(super) fn person(&self) -> Sends {
        Sends { bearer: None, cookie: Some(self.login.clone()), origin: Some(self.url.clone()) }
    }

    /// A new key of an organization, or of the platform, with those scopes that are wanted. New for each use, for a key
    /// may ask only so often.
    pub(super) async fn key(
        &self,
        server: &TestServer,
        organization: Option<OrgId>,
        wanted: impl Fn(Scope) -> bool,
    ) -> Sends {
        Sends::bearer(&new_key(server, organization, wanted).await)
    }
}

/// A member of our organization, and a member of the other one who is a collaborator here.
async fn people(server: &TestServer, other: OrgId) -> (Registrant, Registrant) {
    let other = (other.to_string(), server.platform_backend());
    let (member, member_id) = accounts::member(server, &accounts::own(server), "Li Lei").await;
    let (collaborator, _) = accounts::member(server, &other, "Han Meimei").await;
    let invited = accounts::invite(&accounts::own(server), "collaborators", &collaborator.number).await;
    let accepted = serde_json::json!({"invitation": accounts::token(&invited)});
    collaborator.post("/accounts/me/invitations", accepted).await.expect(201);
    let both = Audience::Users(vec![member_id, invited["id"].as_str().unwrap().to_owned()]);
    let text = serde_json::json!({"text": "Hello"});
    server.tell("suppliers", Channel::StationMessage, both, &text).await;
    (member, collaborator)
}

async fn token_of(person: &Registrant) -> String {
    let told = person.try_sign_in(PASSWORD).await.expect(200).json();
    told["token"].as_str().unwrap().to_owned()
}

async fn cookie_of(server: &TestServer, person: &Registrant) -> String {
    let web = Web::new(&server.http, "walker/1.0");
    let body = serde_json::json!({"phone": person.number, "password": PASSWORD, "client": "web"});
    let request = web.request(reqwest::Method::POST, &server.at("/api/v1/accounts/sign-in")).json(&body);
    web.send(request).await.expect(200);
    web.cookies(&server.url.parse().unwrap())
}

async fn new_key(server: &TestServer, organization: Option<OrgId>, wanted: impl Fn(Scope) -> bool) -> String {
    let held = match organization {
        Some(_) => Scope::of_organizations(),
        None => Scope::ALL.to_vec(),
    };
    let scopes = held.into_iter().filter(|scope| wanted(*scope)).collect();
    let new = NewKey { organization, name: "walker".into(), scopes, lasts: None };
    let made = server.running().admin.create_key(new, &By::operator()).await.unwrap();
    made.settle(None).await.unwrap().1.reveal()
}
