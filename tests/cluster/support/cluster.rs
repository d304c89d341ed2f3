//! Several nodes on one database, with what stands around them.

use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};
use wechat_sandbox::{RunningSandbox, Sandbox, SandboxConfig};

use super::databases::DatabaseServer;
use super::folder::Folder;
use super::front::Front;
use super::lossy::Lossy;
use super::node::{Node, off_by};
use super::redis::Redis;
use super::set_up::{Environment, Made, Places, environment, registration, set_up};
use super::web::{Answer, Broken, Web, client};
use super::{Door, Pc, Person, eventually};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// One story at a time: they measure, and share the machine.
static TURN: Mutex<()> = Mutex::const_new(());

/// Which database.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Postgres,
    MariaDb,
}

/// What nodes have to hear each other by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nudges {
    /// Nothing: each looks for itself.
    None,
    /// A Redis.
    Redis,
    /// A Redis that loses messages.
    Lossy,
}

/// What a story wants.
pub(crate) struct Plan<'a> {
    pub(crate) kind: Kind,
    pub(crate) nudges: Nudges,
    /// A node for each: how its clock is off, such as `+1h`; empty where it is right.
    pub(crate) clocks: &'a [&'a str],
    /// What is other than by default.
    pub(crate) settings: &'a [(&'a str, &'a str)],
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self { kind: Kind::Postgres, nudges: Nudges::Redis, clocks: &["", ""], settings: &[] }
    }
}

/// Nodes that serve, and what they need. Nothing of it outlives the story.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Node>,
    front: Front,
    /// None where the story wants none.
    pub(crate) redis: Option<Redis>,
    /// None where every message comes.
    pub(crate) lossy: Option<Lossy>,
    pub(crate) database: DatabaseServer,
    sandbox: RunningSandbox,
    made: Made,
    backend: Web,
    http: reqwest::Client,
    _folder: Folder,
    _turn: MutexGuard<'static, ()>,
}

impl Cluster {
    /// Starts everything, and waits until it serves.
    pub(crate) async fn set(plan: Plan<'_>) -> Self {
        let turn = TURN.lock().await;
        let folder = Folder::make();
        let sandbox = SandboxConfig { listen: "127.0.0.1:0".into(), data: None };
        let sandbox = Sandbox::bind(sandbox).unwrap().start();
        let (front, http) = (Front::start().await, client());
        let (redis, lossy) = start_redis(plan.nudges, folder.path()).await;
        let database = match plan.kind {
            Kind::Postgres => DatabaseServer::postgres(folder.path()).await,
            Kind::MariaDb => DatabaseServer::mariadb(folder.path()).await,
        };
        let public = format!("http://{}", front.address);
        let registered =
            http.post(format!("{}/sandbox/accounts", sandbox.url())).json(&registration(&public));
        registered.send().await.unwrap().error_for_status().unwrap();
        let port = lossy.as_ref().map(|lossy| lossy.port).or(redis.as_ref().map(|redis| redis.port));
        let at = port.map(|port| format!("redis://127.0.0.1:{port}")).unwrap_or_default();
        let places = Places { public: &public, sandbox: sandbox.url(), database: &database.url, redis: &at };
        let environment = environment(&places, plan.settings);
        let made = set_up(folder.path(), &environment).await;
        let nodes = nodes(plan.clocks, &public, &environment, folder.path(), &http);
        for node in &nodes {
            node.start();
        }
        for node in &nodes {
            node.is_ready().await;
            front.add(node.door.address);
        }
        let backend = Web::new(&http, "backend/1.0");
        Self {
            nodes,
            front,
            redis,
            lossy,
            database,
            sandbox,
            made,
            backend,
            http,
            _folder: folder,
            _turn: turn,
        }
    }

    /// Past the front, each time to another node.
    pub(crate) fn door(&self) -> Door {
        Door { address: self.front.address, public: format!("http://{}", self.front.address) }
    }

    /// To a node and no other.
    pub(crate) fn to(&self, node: usize) -> &Door {
        &self.nodes[node].door
    }

    /// No connection of the front goes to this node any more.
    pub(crate) fn leave_out(&self, node: usize) {
        self.front.leave_out(self.to(node).address);
    }

    /// Connections of the front go to this node again.
    pub(crate) fn take_in(&self, node: usize) {
        self.front.add(self.to(node).address);
    }

    pub(crate) fn pc(&self) -> Pc {
        Pc::new(&self.http)
    }

    /// Somebody whom nobody knows yet.
    pub(crate) async fn person(&self, nickname: &str) -> Person {
        let told = self.sandbox(Method::POST, "/sandbox/people", json!({"nickname": nickname})).await;
        Person::new(&told, self.sandbox.url(), &self.http)
    }

    /// Asks the sandbox for something.
    pub(crate) async fn sandbox(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self.http.request(method, format!("{}{path}", self.sandbox.url())).json(&body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap_or_default()
    }

    /// Has the sandbox misbehave like this, and in no other way.
    pub(crate) async fn faults(&self, faults: Value) {
        self.sandbox(Method::PUT, "/sandbox/faults", faults).await;
    }

    /// What the sandbox counts.
    pub(crate) async fn stats(&self) -> Value {
        self.sandbox(Method::GET, "/sandbox/stats", json!({})).await
    }

    /// Asks the API through a door, as the organization.
    pub(crate) async fn try_api(
        &self,
        door: &Door,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Answer, Broken> {
        let request = self.backend.request(&method, door, &format!("/api/v1{path}"));
        let request = request.bearer_auth(&self.made.api_key);
        self.backend.send(if method == Method::GET { request } else { request.json(body) }).await
    }

    /// The same where nothing is refused.
    pub(crate) async fn api(&self, door: &Door, method: Method, path: &str, body: Value) -> Value {
        let answer = self.try_api(door, method, path, &body).await.unwrap();
        assert!((200..300).contains(&answer.status), "{path}: {} {}", answer.status, answer.body);
        serde_json::from_str(&answer.body).unwrap_or_default()
    }

    /// Looks through the front, as a backend would and past what breaks, until it is so far.
    pub(crate) async fn until(&self, path: &str, far: impl Fn(&Value) -> bool) -> Value {
        let (door, mut last) = (self.door(), Value::Null);
        let seen = eventually(PATIENCE, async || {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let answer = self.try_api(&door, Method::GET, path, &Value::Null).await.ok()?;
            last = if answer.passes() { Value::Null } else { answer.json() };
            far(&last).then(|| last.clone())
        });
        let seen = seen.await;
        seen.unwrap_or_else(|| panic!("{path} is not so far: {last}"))
    }

    /// Where the API has something of the organization.
    pub(crate) fn own(&self, path: &str) -> String {
        format!("/organizations/{}{path}", self.made.organization)
    }

    /// Where the API has something of the app.
    pub(crate) fn app(&self, path: &str) -> String {
        format!("/apps/{}{path}", self.made.app)
    }
}

async fn start_redis(nudges: Nudges, folder: &Path) -> (Option<Redis>, Option<Lossy>) {
    if nudges == Nudges::None {
        return (None, None);
    }
    let redis = Redis::start(folder).await;
    let lossy = if nudges == Nudges::Lossy { Some(Lossy::start(redis.port).await) } else { None };
    (Some(redis), lossy)
}

fn nodes(
    clocks: &[&str],
    public: &str,
    environment: &Environment,
    folder: &Path,
    http: &reqwest::Client,
) -> Vec<Node> {
    let node = |(number, clock): (usize, &&str)| {
        let address = ([127, 0, 0, 1], super::free_port()).into();
        let door = Door { address, public: public.to_owned() };
        let environment = [environment.clone(), off_by(clock)].concat();
        Node::new(door, environment, folder.join(format!("node-{}.log", number + 1)), http)
    };
    clocks.iter().enumerate().map(node).collect()
}
