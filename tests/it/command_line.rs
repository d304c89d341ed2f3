//! The program itself: exit codes, what it says, and first set-up from the shell.

use std::path::Path;
use std::process::{Command, Output};

use wechat_sandbox::{Sandbox, SandboxConfig};

use crate::support::TestServer;
use crate::support::server::{AES_KEY, APPID, SECRET, TOKEN};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const INDEX: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
const SIGNING: &str = "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=";
const OTHER_KEY: &str = "YGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn8=";

/// The program with an environment of its own and a database in `folder`.
fn menfang(folder: &Path, arguments: &[&str], more: &[(&str, &str)]) -> Output {
    program(folder, arguments, more).output().unwrap()
}

fn program(folder: &Path, arguments: &[&str], more: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_menfang"));
    command
        .args(arguments)
        .env_clear()
        .env("MENFANG__DATABASE__URL", format!("sqlite://{}", folder.join("m.db").display()))
        .env("MENFANG__SECRETS__ENCRYPTION_KEYS", format!("k1:{KEY}"))
        .env("MENFANG__SECRETS__INDEX_KEY", INDEX)
        .env("MENFANG__SECRETS__SIGNING_KEY", SIGNING);
    for (name, value) in more {
        command.env(name, value);
    }
    command
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A file with the secrets of a service account.
fn secrets(folder: &Path, secret: &str) -> String {
    let file = folder.join("secrets.json");
    let text = format!(r#"{{"secret":"{secret}","token":"t0ken","encoding_aes_key":"{}"}}"#, "A".repeat(43));
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_wrong_setting_ends_with_2_and_the_keys_name() {
    let folder = tempfile::tempdir().unwrap();
    for (variable, value, key) in [
        ("MENFANG__HTTP__LISEN", "127.0.0.1:1", "http.lisen"),
        ("MENFANG__HTTP__PUBLIC_URL", "ftp://x", "http.public_url"),
        ("MENFANG__SECRETS__INDEX_KEY", "", "secrets.index_key"),
        ("MENFANG__DATABASE__URL", "postgres://x/y", "database.url"),
        ("MENFANG__REDIS__URL", "redis://x", "redis.url"),
    ] {
        let output = menfang(folder.path(), &["serve"], &[(variable, value)]);
        assert_eq!(output.status.code(), Some(2), "{key}");
        assert!(stderr(&output).contains(key), "{key} is not named: {}", stderr(&output));
        assert!(stderr(&output).contains("--config"), "nor that no file was: {}", stderr(&output));
    }
    let database = [("MENFANG__DATABASE__URL", "postgres://127.0.0.1/x?sslmode=hush")];
    let output = menfang(folder.path(), &["migrate", "status"], &database);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("database.url"), "{}", stderr(&output));
    let nowhere = ["serve", "--config", "/nowhere/menfang.toml"];
    let (before, after) =
        (["migrate", "--config", nowhere[2], "status"], ["migrate", "status", "--config", nowhere[2]]);
    for arguments in [&nowhere[..], &before, &after] {
        let output = menfang(folder.path(), arguments, &[]);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains("--config"), "{}", stderr(&output));
    }
    assert_eq!(menfang(folder.path(), &["serve", "--no-such-flag"], &[]).status.code(), Some(2));
    assert_eq!(menfang(folder.path(), &["--help"], &[]).status.code(), Some(0));
}

#[test]
fn the_schema_goes_up_and_down_and_the_doctor_says_how_to_mend() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| menfang(folder.path(), arguments, &[]);
    assert_eq!(run(&["migrate", "status"]).status.code(), Some(1), "nothing is applied yet");
    let doctor = run(&["doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    assert!(stdout(&doctor).contains("menfang migrate up"), "{}", stdout(&doctor));
    assert_eq!(run(&["migrate", "up"]).status.code(), Some(0));
    assert_eq!(run(&["migrate", "status"]).status.code(), Some(0));
    assert_eq!(run(&["doctor"]).status.code(), Some(0));
    assert_eq!(run(&["migrate", "down"]).status.code(), Some(0));
    assert_eq!(run(&["migrate", "status"]).status.code(), Some(1));
}

#[test]
fn a_database_server_that_cannot_be_used_is_told_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    for kind in ["postgres", "mysql"] {
        let nobody = format!("{kind}://menfang:hush@127.0.0.1:1/menfang");
        let database = [("MENFANG__DATABASE__URL", nobody.as_str())];
        let doctor = menfang(folder.path(), &["doctor"], &database);
        assert_eq!(doctor.status.code(), Some(1));
        let told = stdout(&doctor);
        assert!(told.contains("database.url") && told.contains("Connection refused"), "{told}");
        let output = menfang(folder.path(), &["migrate", "status"], &database);
        assert_eq!(output.status.code(), Some(1));
        let told = stderr(&output);
        assert!(told.contains("database.url") && told.contains("Connection refused"), "{told}");
        assert!(!told.contains("hush"), "a secret is shown");
    }
}

#[test]
fn an_organization_is_set_up_from_the_shell_and_sealed_anew_with_another_key() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| menfang(folder.path(), arguments, &[]);
    let made = run(&["admin", "create-organization", "--name", "Example", "--edition", "free"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let id =
        serde_json::from_str::<serde_json::Value>(&stdout(&made)).unwrap()["id"].as_str().unwrap().to_owned();
    let app =
        |slug: &str| run(&["admin", "create-app", "--organization", &id, "--name", "Shop", "--slug", slug]);
    assert!(app("shop").status.success());
    assert_eq!(app("shop").status.code(), Some(1), "the slug is taken");
    assert_eq!(app("-no-").status.code(), Some(2), "the slug breaks its rule");
    let unknown = [
        "admin",
        "create-app",
        "--organization",
        "org_00000000000000000000000000",
        "--name",
        "x",
        "--slug",
        "other",
    ];
    assert_eq!(run(&unknown).status.code(), Some(2), "no such organization");

    let file = secrets(folder.path(), "s3cret");
    let bind = |appid: &str, more: &[&str]| {
        let all =
            ["admin", "bind-service-account", "--organization", &id, "--appid", appid, "--secrets", &file];
        run(&[&all, more].concat())
    };
    let (appid, unasked) = ("wx0123456789abcdef", ["--no-check"]);
    assert_eq!(bind("gh0123456789abcdef", &unasked).status.code(), Some(2), "no appid");
    assert_eq!(bind(appid, &["--no-check", "--domain-file", "robots.txt"]).status.code(), Some(2));
    assert!(bind(appid, &["--no-check", "--domain-file", "MP_verify_AbCd1234.txt"]).status.success());
    assert!(bind(appid, &unasked).status.success(), "the same again changes it");
    let other = bind("wxfedcba9876543210", &unasked);
    assert_eq!(other.status.code(), Some(1), "an organization has one service account");
    assert!(stderr(&other).contains("unbind that one first"), "{}", stderr(&other));

    let both = format!("k2:{SIGNING},k1:{KEY}");
    let resealed =
        menfang(folder.path(), &["admin", "reencrypt"], &[("MENFANG__SECRETS__ENCRYPTION_KEYS", &both)]);
    assert!(resealed.status.success(), "{}", stderr(&resealed));
    assert!(stdout(&resealed).contains(r#""resealed":3"#), "{}", stdout(&resealed));
    let new_only = format!("k2:{SIGNING}");
    // Without the old key everything still opens: the doctor gets as far as asking WeChat.
    let nowhere = [
        ("MENFANG__SECRETS__ENCRYPTION_KEYS", new_only.as_str()),
        ("MENFANG__WECHAT__API_URL", "http://127.0.0.1:9"),
    ];
    let doctor = menfang(folder.path(), &["doctor"], &nowhere);
    assert!(stdout(&doctor).contains("wx0123456789abcdef"), "{}{}", stdout(&doctor), stderr(&doctor));
    let file = folder.path().join("m.db");
    let permissions =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(permissions & 0o777, 0o600, "others may read the database");
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"s3cret"), "a secret stands in clear");
}

#[test]
fn secrets_that_are_not_those_of_the_rows_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    admin(folder.path(), &["create-organization", "--name", "Example", "--edition", "free"]);
    let another = ["create-organization", "--name", "Other", "--edition", "free"];
    let with =
        |key: &str, value: &str, arguments: &[&str]| menfang(folder.path(), arguments, &[(key, value)]);
    let arguments = [&["admin"], &another[..]].concat();
    let sealing = format!("k1:{SIGNING}");
    let others = [
        ("MENFANG__SECRETS__INDEX_KEY", OTHER_KEY, "secrets.index_key"),
        ("MENFANG__SECRETS__ENCRYPTION_KEYS", sealing.as_str(), "secrets.encryption_keys"),
    ];
    for (variable, value, key) in others {
        let output = with(variable, value, &arguments);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(key), "{}", stderr(&output));
        assert!(!stderr(&output).contains(value), "a secret is shown");
        let doctor = with(variable, value, &["doctor"]);
        assert_eq!(doctor.status.code(), Some(1));
        assert!(stdout(&doctor).contains(&format!("FAIL  secrets: {key}")), "{}", stdout(&doctor));
    }
    // What it signed lives for minutes, so it may be changed.
    let signing = ("MENFANG__SECRETS__SIGNING_KEY", OTHER_KEY);
    let doctor = with(signing.0, signing.1, &["doctor"]);
    assert!(stdout(&doctor).contains("FAIL  secrets: secrets.signing_key"), "{}", stdout(&doctor));
    assert!(with(signing.0, signing.1, &arguments).status.success());
    let doctor = with(signing.0, signing.1, &["doctor"]);
    assert!(stdout(&doctor).contains("ok    secrets"), "{}", stdout(&doctor));
    admin(folder.path(), &["create-organization", "--name", "Third", "--edition", "free"]);
}

/// One JSON line of a task that succeeds.
fn admin(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let output = menfang(folder, &[&["admin"], arguments].concat(), &[]);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    let line = stdout(&output);
    assert_eq!(line.lines().count(), 1, "{line}");
    serde_json::from_str(&line).unwrap()
}

/// The code that a task which cannot be done ends with, and what it says.
fn refused(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = menfang(folder, &[&["admin"], arguments].concat(), &[]);
    assert_eq!(stdout(&output), "");
    (output.status.code(), stderr(&output))
}

#[test]
fn keys_are_made_from_the_shell_and_open_the_api() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let organization = admin(at, &["create-organization", "--name", "Example Ltd"]);
    let id = organization["id"].as_str().unwrap();
    let platform = admin(at, &["create-api-key", "--platform", "--name", "first key", "--days", "30"]);
    assert!(platform["organization"].is_null());
    assert_eq!(platform["scopes"].as_array().unwrap().len(), menfang::domain::right::Scope::ALL.len());
    let own = [
        "create-api-key",
        "--organization",
        id,
        "--name",
        "reader",
        "--scopes",
        "organization:read,seats:read",
    ];
    let own = admin(at, &own);
    assert_eq!(own["scopes"], serde_json::json!(["organization:read", "seats:read"]));
    assert_eq!(own["organization"], organization["id"]);

    for (arguments, said) in [
        (vec!["--name", "whose"], "--organization"),
        (vec!["--name", "both", "--platform", "--organization", id], "cannot be used with"),
        (vec!["--name", "x", "--platform", "--scopes", "everything"], "there is no everything"),
        (vec!["--name", "x", "--organization", id, "--scopes", "organizations:write"], "--scopes: "),
        (vec!["--name", "x", "--platform", "--days", "366"], "--days: at most 365"),
        (vec!["--name", "x", "--platform", "--days", "0"], "--days"),
        (vec!["--name", "x", "--organization", "org_00000000000000000000000000"], "list-organizations"),
        (vec!["--name", "", "--platform"], "--name"),
    ] {
        let (code, text) = refused(at, &[vec!["create-api-key"], arguments.clone()].concat());
        assert!(code == Some(2) && text.contains(said), "{arguments:?}: {code:?} {text}");
    }

    let server = Serving::start(at);
    let organizations = server.get("/api/v1/organizations", &platform["api_key"]);
    assert!(organizations.0 == 200 && organizations.1.contains("Example Ltd"), "{organizations:?}");
    let path = format!("/api/v1/organizations/{id}");
    assert_eq!(server.get(&path, &own["api_key"]).0, 200);
    assert_eq!(server.get(&format!("{path}/audit"), &own["api_key"]).0, 403, "a scope that it was not given");
    assert_eq!(server.get("/api/v1/organizations", &own["api_key"]).0, 403, "the platform's");
}

#[test]
fn portals_are_set_from_the_shell() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let made = admin(at, &["create-organization", "--name", "Example Ltd", "--edition", "trial"]);
    let id = made["id"].as_str().unwrap();
    for slug in ["suppliers", "customers"] {
        admin(at, &["create-app", "--organization", id, "--name", "An app", "--slug", slug]);
    }
    let all = admin(at, &["list-organizations"]);
    let organization = &all["organizations"][0];
    assert_eq!((&organization["id"], &organization["edition"]), (&made["id"], &"trial".into()));
    assert_eq!((&organization["name"], &organization["enabled"]), (&"Example Ltd".into(), &true.into()));
    let mut portals: Vec<_> =
        organization["portals"].as_array().unwrap().iter().map(|slug| slug.as_str().unwrap()).collect();
    portals.sort_unstable();
    assert_eq!(portals, ["customers", "suppliers"]);

    let set = ["set-portal", "--slug", "suppliers"];
    let first = admin(at, &[&set[..], &["--sign-up", "approval", "--confirm", "number"]].concat());
    assert_eq!((&first["sign_up"], &first["confirm"]), (&"approval".into(), &"number".into()));
    let second = admin(at, &[&set[..], &["--enabled", "false"]].concat());
    assert_eq!(
        (&second["open"], &second["sign_up"]),
        (&false.into(), &"approval".into()),
        "what is not named stays"
    );
    for (more, said) in [
        (vec![], "say what to set"),
        (vec!["--sign-up", "everybody"], "open, approval, invitation"),
        (vec!["--enabled", "perhaps"], "true, false"),
        (vec!["--login-hours", "337"], "1..=336"),
    ] {
        let (code, text) = refused(at, &[&set[..], &more].concat());
        assert!(code == Some(2) && text.contains(said), "{more:?}: {code:?} {text}");
    }
    let (code, text) = refused(at, &["set-portal", "--slug", "nobody", "--enabled", "true"]);
    assert!(code == Some(2) && text.contains("list-organizations"), "{text}");
}

#[test]
fn the_help_of_admin_tells_the_first_set_up() {
    let folder = tempfile::tempdir().unwrap();
    let help = stdout(&menfang(folder.path(), &["admin", "--help"], &[]));
    let tasks = ["create-organization", "create-app", "bind-service-account", "create-api-key"];
    let places: Vec<_> =
        tasks.iter().map(|task| help.find(&format!("menfang admin {task}")).unwrap()).collect();
    assert!(places.is_sorted(), "{help}");
}

/// The server on a free port, for as long as this is held.
struct Serving {
    child: std::process::Child,
    port: u16,
}

impl Serving {
    fn start(folder: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let more = [("MENFANG__HTTP__LISTEN", listen.as_str()), ("MENFANG__OPS__LISTEN", "127.0.0.1:0")];
        let mut command = program(folder, &["serve"], &more);
        let child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
        let serving = Self { child, port };
        let late = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while std::net::TcpStream::connect(&listen).is_err() {
            assert!(std::time::Instant::now() < late, "the server does not start");
            std::thread::yield_now();
        }
        serving
    }

    /// Status and text of a GET with a key.
    fn get(&self, path: &str, key: &serde_json::Value) -> (u16, String) {
        use std::io::{Read, Write};
        let (port, key) = (self.port, key.as_str().unwrap());
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (answer[9..12].parse().unwrap(), answer)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[actix_web::test]
async fn an_account_is_tried_with_wechat_before_it_is_bound_and_whenever_the_doctor_looks() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::bind(SandboxConfig { listen: "127.0.0.1:0".into(), data: None }).unwrap().start();
    let http = menfang::server::world::client().unwrap();
    let account = |change: serde_json::Value| {
        let mut account = serde_json::json!({"appid": "wx0123456789abcdef"});
        account.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let request = http.post(format!("{}/sandbox/accounts", sandbox.url())).json(&account);
        async move { assert!(request.send().await.unwrap().status().is_success()) }
    };
    let (path, url) = (folder.path().to_owned(), sandbox.url().to_owned());
    let run = move |arguments: &[&str]| {
        let (path, url) = (path.clone(), url.clone());
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        async move {
            let run = move || {
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                menfang(&path, &arguments, &[("MENFANG__WECHAT__API_URL", &url)])
            };
            tokio::task::spawn_blocking(run).await.unwrap()
        }
    };
    let made = run(&["admin", "create-organization", "--name", "Example"]).await;
    let id =
        serde_json::from_str::<serde_json::Value>(&stdout(&made)).unwrap()["id"].as_str().unwrap().to_owned();
    let file = secrets(folder.path(), "s3cret");
    let bind = |more: &'static [&'static str]| {
        let all = ["admin", "bind-service-account", "--organization", &id, "--appid", "wx0123456789abcdef"];
        run(&[&all, &["--secrets", file.as_str()][..], more].concat())
    };
    let unknown = bind(&[]).await;
    assert_eq!(unknown.status.code(), Some(1));
    assert!(stderr(&unknown).contains("WeChat knows no account with this appid"), "{}", stderr(&unknown));
    account(serde_json::json!({"secret": "an0ther"})).await;
    let wrong = bind(&["--no-check", "--check"]).await;
    assert!(stderr(&wrong).contains("the app secret is wrong"), "{}", stderr(&wrong));
    account(serde_json::json!({"secret": "s3cret"})).await;
    assert!(bind(&[]).await.status.success());

    let doctor = || run(&["doctor"]);
    let well = doctor().await;
    assert!(well.status.success(), "{}", stdout(&well));
    assert!(
        stdout(&well).contains("ok    service account wx0123456789abcdef: credentials"),
        "{}",
        stdout(&well)
    );
    for (change, words) in [
        (serde_json::json!({"secret": "an0ther"}), "the app secret is wrong"),
        (serde_json::json!({"secret": "s3cret", "secret_frozen": true}), "the app secret is frozen"),
        (serde_json::json!({"secret_frozen": false, "ip_whitelist": []}), "add it to the IP whitelist"),
        (serde_json::json!({"ip_whitelist": null, "frozen": true}), "WeChat has frozen the account"),
    ] {
        account(change).await;
        let ill = doctor().await;
        assert_eq!(ill.status.code(), Some(1));
        assert!(stdout(&ill).contains(words), "{words}: {}", stdout(&ill));
    }
    account(serde_json::json!({"frozen": false})).await;
    assert!(bind(&["--mode", "plain"]).await.status.success());
    let plain = doctor().await;
    assert_eq!(plain.status.code(), Some(1));
    assert!(stdout(&plain).contains("FAIL  service account wx0123456789abcdef: pushes are encrypted"));
}

#[actix_web::test]
async fn the_doctor_sees_whether_the_public_address_leads_to_the_server() {
    let server = TestServer::start().await;
    let wanted = serde_json::json!({
        "appid": APPID, "secret": SECRET, "token": TOKEN, "encoding_aes_key": AES_KEY, "domain_file": "AbCd1234",
    });
    server.own_backend().put(&format!("{}/service-account", server.org()), wanted).await.expect(200);
    let (environment, own) = (server.environment(), server.url.clone());
    let doctor = |public_url: String| {
        let mut environment = environment.clone();
        environment.push(("MENFANG__HTTP__PUBLIC_URL", public_url));
        let run = move || {
            let more: Vec<(&str, &str)> =
                environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
            menfang(Path::new("unused"), &["doctor"], &more)
        };
        async move { tokio::task::spawn_blocking(run).await.unwrap() }
    };
    let well = doctor(own).await;
    assert!(well.status.success(), "{}{}", stdout(&well), stderr(&well));
    for row in ["credentials", "pushes are encrypted", "callback ", "domain file "] {
        assert!(
            stdout(&well).contains(&format!("ok    service account {APPID}: {row}")),
            "{}",
            stdout(&well)
        );
    }
    // The sandbox stands in for somebody else's server behind the address.
    let astray = doctor(server.sandbox_url().to_owned()).await;
    assert_eq!(astray.status.code(), Some(1));
    let table = stdout(&astray);
    assert!(
        table.contains("where menfang would answer 403") && table.contains("where menfang would answer 200"),
        "{table}"
    );
    let nobody = doctor("http://127.0.0.1:9".to_owned()).await;
    assert!(stdout(&nobody).contains("does http.public_url lead to this server"), "{}", stdout(&nobody));
}
