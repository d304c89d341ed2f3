//! The program itself with a Redis: it starts, serves and says how it is, whether Redis is there or not.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::server::{RedisServer, free_port, until};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const INDEX: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
const SIGNING: &str = "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=";

fn menfang(folder: &Path, redis: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_menfang"));
    command
        .env_clear()
        .env("MENFANG__DATABASE__URL", format!("sqlite://{}", folder.join("m.db").display()))
        .env("MENFANG__SECRETS__ENCRYPTION_KEYS", format!("k1:{KEY}"))
        .env("MENFANG__SECRETS__INDEX_KEY", INDEX)
        .env("MENFANG__SECRETS__SIGNING_KEY", SIGNING)
        .env("MENFANG__REDIS__URL", redis);
    command
}

/// A demo in a process of its own.
struct Demo {
    child: Child,
    ops: String,
    http: reqwest::Client,
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Demo {
    async fn start(folder: &Path, redis: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_menfang"))
            .args(["demo", "--json", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
            .args(["--sandbox-listen", "127.0.0.1:0", "--data", folder.to_str().unwrap()])
            .env_clear()
            .env("MENFANG__REDIS__URL", redis)
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
        let about: Value = serde_json::from_str(&line.await.unwrap()).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { child, ops: about["ops_url"].as_str().unwrap().to_owned(), http }
    }

    async fn is_ready_without(&self, away: Value) -> bool {
        let answer = self.http.get(format!("{}/readyz", self.ops)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json::<Value>().await.unwrap()["away"] == away
    }

    async fn counts(&self, line: &str) -> bool {
        let page = self.http.get(format!("{}/metrics", self.ops)).send().await.unwrap();
        page.text().await.unwrap().lines().any(|found| found == line)
    }
}

#[actix_web::test]
async fn a_server_starts_without_redis_and_says_so_until_it_is_there() {
    let mut redis = RedisServer::start().await;
    redis.kill();
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path(), &redis.url()).await;
    assert!(demo.is_ready_without(json!(["redis"])).await && demo.counts("menfang_redis_up 0").await);
    redis.restart().await;
    until("it has joined", async || demo.is_ready_without(json!([])).await).await;
    assert!(demo.counts("menfang_redis_up 1").await);
    redis.pause();
    until("it has noticed", async || demo.is_ready_without(json!(["redis"])).await).await;
}

#[actix_web::test]
async fn the_doctor_looks_at_redis() {
    let redis = RedisServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let said = |url: &str, more: &[(&str, &Path)]| {
        let output = menfang(folder.path(), url).arg("doctor").envs(more.iter().copied()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(menfang(folder.path(), "").args(["migrate", "up"]).status().unwrap().success());
    assert!(!said("", &[]).contains("Redis"));
    let (well, ill) = (said(&redis.url(), &[]), said(&format!("redis://127.0.0.1:{}", free_port()), &[]));
    assert!(well.contains("ok    Redis"), "{well}");
    assert!(ill.contains("FAIL  Redis: it cannot be reached"), "{ill}");

    let (server, port, certificate) = with_tls().await;
    let url = format!("rediss://localhost:{port}");
    let (trusted, unknown) = (said(&url, &[("SSL_CERT_FILE", &certificate)]), said(&url, &[]));
    assert!(trusted.contains("ok    Redis"), "{trusted}");
    assert!(unknown.contains("FAIL  Redis: it cannot be reached"), "{unknown}");
    drop(server);
}

/// A server that speaks TLS at this port, and the certificate by which it is known.
async fn with_tls() -> (RedisServer, u16, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (key, certificate) = (folder.path().join("key.pem"), folder.path().join("certificate.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (port, key, path) = (free_port(), key.to_str().unwrap(), certificate.to_str().unwrap());
    let tls = ["--tls-cert-file", path, "--tls-key-file", key, "--tls-auth-clients", "no"];
    let server = RedisServer::with(&[&["--tls-port", &port.to_string()], &tls[..]].concat()).await;
    let kept = server.folder().join("certificate.pem");
    std::fs::copy(&certificate, &kept).unwrap();
    (server, port, kept)
}
