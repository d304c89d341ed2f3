//! A demo in a process of its own, and the sandbox that it talks to, which outlives it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};
use wechat_sandbox::{RunningSandbox, Sandbox, SandboxConfig};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(3);

/// Two stories at a time, which mostly wait; one that measures is alone.
const AT_ONCE: u32 = 2;
static TURNS: Semaphore = Semaphore::const_new(AT_ONCE as usize);

/// A server that can be killed, with its folder and its sandbox.
pub(crate) struct Stage {
    folder: tempfile::TempDir,
    sandbox: RunningSandbox,
    settings: Vec<(&'static str, String)>,
    http: reqwest::Client,
    _turns: SemaphorePermit<'static>,
}

/// A demo in a process of its own; it is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    about: Value,
    http: reqwest::Client,
}

impl Stage {
    /// A stage whose servers have these settings.
    pub(crate) async fn set(settings: &[(&'static str, &str)]) -> Self {
        Self::with(settings, 1).await
    }

    /// The same, with nothing of another story beside it.
    pub(crate) async fn alone(settings: &[(&'static str, &str)]) -> Self {
        Self::with(settings, AT_ONCE).await
    }

    async fn with(settings: &[(&'static str, &str)], turns: u32) -> Self {
        let turns = TURNS.acquire_many(turns).await.unwrap();
        let sandbox = SandboxConfig { listen: "127.0.0.1:0".into(), data: None };
        Self {
            folder: tempfile::tempdir().unwrap(),
            sandbox: Sandbox::bind(sandbox).unwrap().start(),
            settings: settings.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
            http: menfang::server::world::client().unwrap(),
            _turns: turns,
        }
    }

    /// Starts a server on the folder.
    pub(crate) async fn start(&self) -> Process {
        Process::start(self.folder.path(), self.sandbox.url(), &self.settings, self.http.clone()).await
    }

    /// Asks the sandbox for something.
    pub(crate) async fn sandbox(&self, method: &str, path: &str, body: Value) -> Value {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method, format!("{}{path}", self.sandbox.url())).json(&body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap_or_default()
    }

    /// Has so many people follow the server's account, and the server know of them.
    pub(crate) async fn with_followers(&self, server: &Process, count: u32) {
        let crowd =
            json!({"appid": server.text("/service_account/appid"), "count": count, "following": true});
        self.sandbox("POST", "/sandbox/people/bulk", crowd).await;
        server.ask("POST", &server.own("/followers/sync"), json!({})).await;
        server.until(&server.own("/followers/sync"), |import| import["state"] == "done").await;
    }

    /// What the sandbox counts of messages.
    pub(crate) async fn messages(&self) -> Value {
        self.sandbox("GET", "/sandbox/stats", json!({})).await["messages"].clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Process {
    async fn start(
        data: &Path,
        sandbox_url: &str,
        settings: &[(&'static str, String)],
        http: reqwest::Client,
    ) -> Self {
        let variables = settings
            .iter()
            .map(|(key, value)| (format!("MENFANG__{}", key.replace('.', "__").to_uppercase()), value));
        let mut child = Command::new(env!("CARGO_BIN_EXE_menfang"))
            .args(["demo", "--json", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
            .args(["--sandbox-url", sandbox_url, "--data", data.to_str().unwrap()])
            .env_clear()
            .envs(variables)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).unwrap();
            line
        });
        let about = serde_json::from_str(&line.await.unwrap()).unwrap();
        Self { child, about, http }
    }

    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.about.pointer(pointer).and_then(Value::as_str).unwrap()
    }

    /// Where the API has something of the organization.
    pub(crate) fn own(&self, path: &str) -> String {
        format!("/organizations/{}{path}", self.text("/organization/id"))
    }

    /// Asks the API.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let place = format!("{}/api/v1{path}", self.text("/url"));
        let mut request = self.http.request(method.clone(), place);
        if method != reqwest::Method::GET {
            request = request.json(&body);
        }
        let answer = request.bearer_auth(self.text("/organization/api_key")).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Looks, as a backend would, until it is so far.
    pub(crate) async fn until(&self, path: &str, far: impl Fn(&Value) -> bool) -> Value {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        // Looks that were missed are not made up for: a key may ask so often, and no more.
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let wait = async {
            loop {
                looks.tick().await;
                let seen = self.ask("GET", path, Value::Null).await;
                if far(&seen) {
                    return seen;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap()
    }

    /// Orders a template message to all followers, and gives its address.
    pub(crate) async fn notify_all(&self) -> String {
        let templates = self.ask("GET", &self.own("/templates"), Value::Null).await;
        let template = &templates["items"][0];
        let example = |field: &Value| match field["kind"].as_str().unwrap() {
            "time" | "date" => "2026-11-22 18:00",
            "amount" => "12.50元",
            "character_string" => "A-42",
            "phone_number" => "13800000000",
            _ => "Order 42",
        };
        let fields = template["fields"].as_array().unwrap().iter();
        let data: serde_json::Map<String, Value> =
            fields.map(|field| (field["name"].as_str().unwrap().to_owned(), example(field).into())).collect();
        let order = json!({
            "channel": "wechat", "template": template["template_id"], "data": data,
            "audience": {"followers": "all"},
        });
        let app = self.text("/apps/0/id");
        let ordered = self.ask("POST", &format!("/apps/{app}/notifications"), order).await;
        format!("/notifications/{}", ordered["id"].as_str().unwrap())
    }
}
