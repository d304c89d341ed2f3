//! A real server that is killed without a word (SIGKILL) and started again on the same folder.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use wechat_sandbox::{Sandbox, SandboxConfig};

/// A demo in a process of its own; it is killed when it is dropped.
struct Process {
    child: Child,
    about: Value,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Process {
    async fn start(data: &Path, sandbox_url: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_menfang"))
            .args(["demo", "--json", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
            .args(["--sandbox-url", sandbox_url, "--data", data.to_str().unwrap()])
            .env_clear()
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
        Self { child, about }
    }

    fn text(&self, pointer: &str) -> &str {
        self.about.pointer(pointer).and_then(Value::as_str).unwrap()
    }

    async fn ask(&self, method: &str, path: &str) -> Value {
        let place =
            format!("{}/api/v1/organizations/{}{path}", self.text("/url"), self.text("/organization/id"));
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let http = menfang::server::world::client().unwrap();
        let request = http.request(method, place).bearer_auth(self.text("/organization/api_key"));
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    /// Looks at the import, as a backend would, until it is so far.
    async fn import_until(&self, far: impl Fn(&Value) -> bool) -> Value {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        let wait = async {
            loop {
                looks.tick().await;
                let import = self.ask("GET", "/followers/sync").await;
                if far(&import) {
                    return import;
                }
            }
        };
        tokio::time::timeout(Duration::from_mins(2), wait).await.unwrap()
    }
}

#[actix_web::test]
async fn an_import_of_followers_goes_on_where_it_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::bind(SandboxConfig { listen: "127.0.0.1:0".into(), data: None }).unwrap().start();
    let http = menfang::server::world::client().unwrap();
    let to_sandbox = |method: reqwest::Method, path: &str, body: Value| {
        let request = http.request(method, format!("{}{path}", sandbox.url())).json(&body);
        async move { request.send().await.unwrap().json::<Value>().await.unwrap_or_default() }
    };
    let server = Process::start(folder.path(), sandbox.url()).await;
    let crowd = json!({"appid": server.text("/service_account/appid"), "count": 25_000});
    to_sandbox(reqwest::Method::POST, "/sandbox/people/bulk", crowd).await;
    let slow = json!({"paths": ["/cgi-bin/user"], "latency_ms": 200});
    to_sandbox(reqwest::Method::PUT, "/sandbox/faults", slow).await;

    let begun = server.ask("POST", "/followers/sync").await;
    server.import_until(|import| import["listed"] == 10_000).await;
    drop(server);
    let server = Process::start(folder.path(), sandbox.url()).await;
    server.import_until(|import| import["detailed"].as_u64() > Some(0)).await;
    drop(server);
    to_sandbox(reqwest::Method::PUT, "/sandbox/faults", json!({})).await;
    let server = Process::start(folder.path(), sandbox.url()).await;
    let done = server.import_until(|import| import["state"] == "done").await;

    assert_eq!(done["id"], begun["id"]);
    assert_eq!((&done["listed"], &done["detailed"]), (&json!(25_000), &json!(25_000)));
    let all = server.ask("GET", "/followers?follows=true&limit=1").await;
    assert_eq!(all["total"], 25_000);
    let stats = to_sandbox(reqwest::Method::GET, "/sandbox/stats", json!({})).await;
    let calls = |path: &str| stats["calls"][path]["0"].as_u64().unwrap();
    // At each of the two kills one page, or the calls of one step, may have been under way.
    let (pages, details) = (calls("/cgi-bin/user/get"), calls("/cgi-bin/user/info/batchget"));
    assert!((3..=4).contains(&pages) && (250..=290).contains(&details), "{pages} pages, {details} calls");
}
