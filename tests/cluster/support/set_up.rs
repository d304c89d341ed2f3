//! What a story begins with: the settings of its nodes, a service account at the sandbox, and an organization with an app, made
//! from the shell.

use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub(crate) const APPID: &str = "wx0123456789abcdef";
/// The portal of the stories.
pub(crate) const SLUG: &str = "suppliers";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const TOKEN: &str = "TokenOfTheTests";
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
/// What would stop a story; the rest stays as it is by default.
const RAISED: [&str; 9] = [
    "limits.codes_per_openid_10min",
    "limits.codes_per_openid_day",
    "limits.codes_per_organization_day",
    "limits.codes_per_phone_hour",
    "limits.codes_per_phone_day",
    "limits.codes_per_phone_day_all",
    "limits.qr_live_per_browser",
    "api.requests_per_second",
    "api.burst",
];

/// Environment variables, which is how everything is set.
pub(crate) type Environment = Vec<(String, String)>;

/// Where a cluster is, to its nodes.
pub(crate) struct Places<'a> {
    pub(crate) public: &'a str,
    pub(crate) sandbox: &'a str,
    pub(crate) database: &'a str,
    /// Empty where there is none.
    pub(crate) redis: &'a str,
}

/// An organization with its key and its app.
pub(crate) struct Made {
    pub(crate) organization: String,
    pub(crate) api_key: String,
    pub(crate) app: String,
}

/// What every node of a story is told.
pub(crate) fn environment(places: &Places<'_>, settings: &[(&str, &str)]) -> Environment {
    let key = |byte: u8| STANDARD.encode([byte; 32]);
    let mut all: Vec<(&str, String)> = vec![
        ("http.public_url", places.public.to_owned()),
        ("http.trusted_proxies", "127.0.0.1".to_owned()),
        ("http.workers", "1".to_owned()),
        ("http.shutdown_seconds", "6".to_owned()),
        ("database.url", places.database.to_owned()),
        ("redis.url", places.redis.to_owned()),
        ("wechat.api_url", places.sandbox.to_owned()),
        ("wechat.open_url", places.sandbox.to_owned()),
        ("sms.provider", "http".to_owned()),
        ("sms.http.url", format!("{}/sms", places.sandbox)),
        ("sms.http.secret", key(1)),
        ("secrets.encryption_keys", format!("test:{}", key(2))),
        ("secrets.index_key", key(3)),
        ("secrets.signing_key", key(4)),
        ("limits.code_interval_seconds", "0".to_owned()),
        ("telemetry.log_format", "text".to_owned()),
    ];
    all.extend(RAISED.map(|name| (name, "1000000".to_owned())));
    all.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let variable = |name: &str| format!("MENFANG__{}", name.replace('.', "__").to_uppercase());
    all.into_iter().map(|(name, value)| (variable(name), value)).collect()
}

/// What the sandbox has to know of the service account.
pub(crate) fn registration(public: &str) -> Value {
    let content = "Order:{{thing1.DATA}}\nTime:{{time2.DATA}}";
    let template = "OrderUpdateOrderUpdateOrderUpdateOrderUpda1";
    json!({
        "appid": APPID, "original_id": "gh_0123456789ab", "secret": SECRET, "token": TOKEN,
        "encoding_aes_key": AES_KEY, "mode": "safe",
        "callback_url": format!("{public}/wechat/{APPID}/events"),
        "redirect_domains": [public.strip_prefix("http://").unwrap()],
        "templates": [{"template_id": template, "title": "Order update", "content": content}],
    })
}

/// Makes an organization with an app and a service account, as an operator does at the shell.
pub(crate) async fn set_up(folder: &Path, environment: &Environment) -> Made {
    let secrets = folder.join("secrets.json");
    let text = json!({"secret": SECRET, "token": TOKEN, "encoding_aes_key": AES_KEY}).to_string();
    std::fs::write(&secrets, text).unwrap();
    let secrets = secrets.to_str().unwrap().to_owned();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let made = admin(environment, &["create-organization", "--name", "Test Ltd"]).await;
    let (organization, api_key) = (text(&made["id"]), text(&made["api_key"]));
    let own = ["--organization", &organization];
    let app = ["create-app", "--name", "Supplier portal", "--slug", SLUG];
    let app = text(&admin(environment, &[&app[..], &own].concat()).await["id"]);
    let account = ["bind-service-account", "--appid", APPID, "--secrets", &secrets];
    admin(environment, &[&account[..], &own].concat()).await;
    Made { organization, api_key, app }
}

async fn admin(environment: &Environment, arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_menfang"));
    command.arg("admin").args(arguments).env_clear().envs(environment.iter().cloned()).stdin(Stdio::null());
    // The sandbox and the front are served meanwhile.
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "menfang admin {arguments:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap()
}
