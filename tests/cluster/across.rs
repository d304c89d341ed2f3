//! What is done on one node is seen on the other, soon.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Cluster, Door, Heard, Nudges, Pc, Person, Plan, SLUG, Socket};

/// A cluster, and how soon one node has to know what was done on the other.
struct Crossing {
    cluster: Cluster,
    within: Duration,
}

impl Crossing {
    async fn set(nudges: Nudges) -> Self {
        let cluster = Cluster::set(Plan { nudges, ..Plan::default() }).await;
        // Without a Redis, nodes look once a second.
        let within = Duration::from_secs(if cluster.redis.is_some() { 1 } else { 2 });
        Self { cluster, within }
    }

    /// Where the browser waits, and where everything else is done.
    fn doors(&self) -> (&Door, &Door) {
        (self.cluster.to(0), self.cluster.to(1))
    }

    /// A browser waits here, a new person proves their phone there; what is on the screen then.
    async fn scanned(&self, pc: &Pc, person: &Person) -> (Socket, Value, String) {
        let (here, there) = self.doors();
        let qr = pc.new_code(here).await;
        let mut socket = pc.watch(here, &qr).await;
        socket.until("waiting", self.within).await;
        person.scan(there, &qr.scan_url).await.unwrap();
        let frame = socket.until("scanned", self.within).await;
        if person.view(there).await.unwrap()["step"] == "bind" {
            person.bind(there).await.unwrap().expect(200);
        }
        (socket, frame, qr.claim)
    }

    /// Somebody signs in here who approves there.
    async fn signed_in(&self, person: &Person) -> Pc {
        let (here, there) = self.doors();
        let pc = self.cluster.pc();
        let (mut socket, frame, claim) = self.scanned(&pc, person).await;
        person.approve(there, frame["match"].as_str()).await.unwrap().expect(200);
        socket.until("authorized", self.within).await;
        pc.web.post(here, &claim, &[]).await.expect(200);
        assert!(pc.me(here).await.is_some() && pc.me(there).await.is_some());
        pc
    }

    async fn user(&self, person: &Person) -> String {
        let listed = self.cluster.app(&format!("/external-users?phone={}", person.number));
        let listed = self.cluster.api(self.doors().1, Method::GET, &listed, Value::Null).await;
        listed["items"][0]["id"].as_str().unwrap().to_owned()
    }

    async fn change(&self, method: Method, path: &str, change: Value) {
        self.cluster.api(self.doors().1, method, path, change).await;
    }

    /// A login that ended there is none here, and whoever may not come in any more is told at once.
    async fn logins_end(&self) {
        let (here, there) = self.doors();
        let person = self.cluster.person("Alice").await;
        let pc = self.signed_in(&person).await;
        let cookies = pc.web.kept();
        pc.web.post(there, &format!("/p/{SLUG}/logout"), &[]).await.expect(200);
        pc.web.keep(cookies);
        assert!(pc.me(here).await.is_none(), "signed out there");
        let (pc, other) = (self.signed_in(&person).await, self.cluster.pc());
        let (mut waits, ..) = self.scanned(&other, &person).await;
        let user = self.cluster.app(&format!("/external-users/{}", self.user(&person).await));
        self.change(Method::PATCH, &user, json!({"status": "disabled"})).await;
        assert!(pc.me(here).await.is_none(), "disabled there");
        assert_eq!(waits.until("refused", self.within).await["reason"], "account_disabled");
    }

    /// The organization lets somebody in there, who waits here.
    async fn admissions(&self) {
        let (here, there) = self.doors();
        self.change(Method::PATCH, &self.cluster.app("/portal"), json!({"sign_up": "approval"})).await;
        let (pc, person) = (self.cluster.pc(), self.cluster.person("Bob").await);
        let (mut socket, frame, claim) = self.scanned(&pc, &person).await;
        person.approve(there, frame["match"].as_str()).await.unwrap().expect(200);
        socket.until("held", self.within).await;
        let user = self.user(&person).await;
        let approve = self.cluster.app(&format!("/external-users/{user}/approve"));
        self.change(Method::POST, &approve, json!({})).await;
        socket.until("authorized", self.within).await;
        pc.web.post(here, &claim, &[]).await.expect(200);
    }

    /// The portal is closed there, while somebody waits here.
    async fn closings(&self) {
        let (here, _) = self.doors();
        let pc = self.cluster.pc();
        let qr = pc.new_code(here).await;
        let mut socket = pc.watch(here, &qr).await;
        socket.until("waiting", self.within).await;
        self.change(Method::PATCH, &self.cluster.app("/portal"), json!({"enabled": false})).await;
        let refused = socket.until("refused", self.within).await;
        assert_eq!(refused["reason"], "portal_closed");
    }

    /// A member is told something there, and signs out there, who watches here.
    async fn inboxes(&self) {
        let (here, there) = self.doors();
        let (member, token) = self.member().await;
        let mut socket = Socket::of_inbox(here, &token).await;
        let Heard::Frame(first) = socket.hear(self.within).await else { panic!("no inbox") };
        assert_eq!(first["unread"], 0);
        let order =
            json!({"channel": "station_message", "data": {"text": "Hello"}, "audience": {"users": [member]}});
        self.change(Method::POST, &self.cluster.app("/notifications"), order).await;
        let heard = socket.hear(self.within).await;
        assert!(matches!(&heard, Heard::Frame(frame) if frame["unread"] == 1), "{heard:?}");
        let web = &self.cluster.pc().web;
        let out = web.request(&Method::POST, there, "/api/v1/accounts/sign-out").bearer_auth(token);
        web.send(out.json(&json!({}))).await.unwrap().expect(204);
        let heard = socket.hear(self.within).await;
        assert!(matches!(heard, Heard::Close(4401)), "{heard:?}");
    }

    /// A member's id, and the token of a login.
    async fn member(&self) -> (String, String) {
        let (_, there) = self.doors();
        let person = self.cluster.person("Li Lei").await;
        let members = self.cluster.own("/members");
        let invited = self.cluster.api(there, Method::POST, &members, json!({"phone": person.number})).await;
        let post = async |path: &str, body: Value| {
            let request = person.web.request(&Method::POST, there, &format!("/api/v1/accounts/{path}"));
            person.web.send(request.json(&body)).await.unwrap()
        };
        let (phone, invitation) = (&person.number, &invited["invitation"]["token"]);
        post("codes", json!({"phone": phone, "invitation": invitation})).await.expect(202);
        let (code, password) = (person.last_code().await.unwrap(), "correct horse battery");
        let register = json!({"invitation": invitation, "phone": phone, "code": code, "password": password, "name": "Li Lei"});
        post("register", register).await.expect(201);
        let login = json!({"phone": phone, "password": password, "client": "app"});
        let login = post("sign-in", login).await.expect(200).json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&invited["id"]), text(&login["token"]))
    }
}

async fn everything_crosses(nudges: Nudges) {
    let crossing = Crossing::set(nudges).await;
    crossing.logins_end().await;
    crossing.admissions().await;
    crossing.inboxes().await;
    crossing.closings().await;
}

#[actix_web::test]
async fn what_is_done_on_one_node_is_seen_on_the_other_at_once() {
    everything_crosses(Nudges::Redis).await;
}

#[actix_web::test]
async fn without_redis_it_is_seen_a_moment_later() {
    everything_crosses(Nudges::None).await;
}
