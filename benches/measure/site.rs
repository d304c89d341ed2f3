//! A site: an organization with an app and a service account in a database, and servers in processes of their own that serve it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::load::browser::Door;
use crate::load::http::Client;
use crate::run::Bench;

use super::program::{Program, command, free_address};
use super::sandbox::WeChat;
use super::server::{AES_KEY, SECRET, SLUG, TOKEN};

/// The one service account.
pub(crate) const APPID: &str = "wx0123456789abcdef";
/// What would stop a benchmark; the rest stays as it is by default.
const RAISED: [&str; 14] = [
    "limits.codes_per_address_hour",
    "limits.codes_per_address_day",
    "limits.codes_per_organization_day",
    "limits.codes_per_phone_hour",
    "limits.codes_per_phone_day",
    "limits.codes_per_phone_day_all",
    "limits.codes_per_openid_10min",
    "limits.codes_per_openid_day",
    "limits.qr_per_address_minute",
    "limits.qr_live_per_address",
    "limits.qr_live_per_browser",
    "http.sockets_per_address",
    "http.max_connections",
    "limits.qr_sessions_per_node",
];

/// Where a site is.
struct Place<'a> {
    folder: &'a Path,
    database: &'a str,
    /// Empty without.
    redis: &'a str,
    /// The core of its servers.
    core: usize,
    binary: &'a Path,
}

/// A site that is set up.
pub(crate) struct Site {
    /// Host and port, as browsers know it.
    pub(crate) authority: String,
    folder: PathBuf,
    binary: PathBuf,
    core: usize,
    environment: BTreeMap<String, String>,
}

/// A server of a site, which runs.
pub(crate) struct Server {
    pub(crate) program: Program,
    /// From the start to the first word that it is ready.
    pub(crate) ready_in: Duration,
}

impl Site {
    /// A site with a SQLite file of its own in this folder.
    pub(crate) async fn on_sqlite(bench: &Bench, folder: &Path) -> anyhow::Result<Self> {
        let database = format!("sqlite://{}", folder.join("menfang.db").display());
        Self::on(bench, folder, &database, "").await
    }

    /// A site on this database, and on this Redis, if there is one.
    pub(crate) async fn on(
        bench: &Bench,
        folder: &Path,
        database: &str,
        redis: &str,
    ) -> anyhow::Result<Self> {
        let (core, binary) = (bench.cores.measured, &*bench.arguments.binary);
        Self::set_up(Place { folder, database, redis, core, binary }, &bench.wechat).await
    }

    /// Makes the organization, its app and its service account, as an operator does at the shell, and tells WeChat.
    async fn set_up(place: Place<'_>, wechat: &WeChat) -> anyhow::Result<Self> {
        let authority = free_address().to_string();
        let settings = settings(&place, &authority, &wechat.url);
        let variable = |name: &str| format!("MENFANG__{}", name.replace('.', "__").to_uppercase());
        let mut environment: BTreeMap<String, String> =
            settings.into_iter().map(|(name, value)| (variable(name), value)).collect();
        environment.extend(RAISED.map(|name| (variable(name), "1000000".to_owned())));
        let (folder, binary) = (place.folder.to_owned(), place.binary.to_owned());
        let site = Self { authority, folder, binary, core: place.core, environment };
        site.tell(wechat).await?;
        let secrets = site.folder.join("secrets.json");
        let text = json!({"secret": SECRET, "token": TOKEN, "encoding_aes_key": AES_KEY}).to_string();
        std::fs::write(&secrets, text)?;
        let made = site.admin(&["create-organization", "--name", "Bench"]).await?;
        let organization = made["id"].as_str().context("an organization has an id")?;
        let own = ["--organization", organization];
        site.admin(&[&["create-app", "--name", "Bench", "--slug", SLUG][..], &own].concat()).await?;
        let secrets = secrets.to_str().context("a folder has a name")?;
        let bind = ["bind-service-account", "--appid", APPID, "--secrets", secrets];
        site.admin(&[&bind[..], &own].concat()).await?;
        Ok(site)
    }

    /// Tells WeChat that the service account is this site's, which all sites share.
    pub(crate) async fn tell(&self, wechat: &WeChat) -> anyhow::Result<()> {
        wechat.tell("/sandbox/accounts", &self.registration()).await?;
        Ok(())
    }

    fn registration(&self) -> Value {
        json!({
            "original_id": "gh_0123456789ab", "appid": APPID, "secret": SECRET, "token": TOKEN,
            "encoding_aes_key": AES_KEY, "mode": "safe",
            "callback_url": format!("http://{}/wechat/{APPID}/events", self.authority),
            "redirect_domains": [self.authority],
        })
    }

    async fn admin(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let mut command = std::process::Command::new(&self.binary);
        command.arg("admin").args(arguments).env_clear().envs(&self.environment).stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "menfang admin {arguments:?}: {said}");
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Starts a server where browsers look for the site, and waits until it is ready.
    pub(crate) async fn start(&self) -> anyhow::Result<Server> {
        self.start_at(self.authority.parse()?, &[]).await
    }

    /// Where browsers go.
    pub(crate) fn door(&self) -> anyhow::Result<Door> {
        Ok(Door { address: self.authority.parse()?, authority: self.authority.clone() })
    }

    /// Starts a server at this address, with these further variables, and waits until it is ready.
    pub(crate) async fn start_at(
        &self,
        address: SocketAddr,
        variables: &[(&str, &str)],
    ) -> anyhow::Result<Server> {
        let ops = free_address();
        let mut command = command(self.core, &self.binary);
        command.arg("serve").env_clear().envs(&self.environment);
        command.envs(variables.iter().copied());
        command.env("MENFANG__HTTP__LISTEN", address.to_string());
        command.env("MENFANG__OPS__LISTEN", ops.to_string());
        let log = self.folder.join(format!("server-{}.log", address.port()));
        let begun = Instant::now();
        let mut program = Program::start(&mut command, &log)?;
        program.until(async || is_ready(ops).await.unwrap_or_default()).await?;
        Ok(Server { program, ready_in: begun.elapsed() })
    }
}

async fn is_ready(ops: SocketAddr) -> anyhow::Result<bool> {
    let answer = Client::new(ops).ask(b"GET /readyz HTTP/1.1\r\nhost: bench\r\n\r\n").await?;
    Ok(answer.status == 200)
}

fn settings(place: &Place<'_>, authority: &str, sandbox: &str) -> Vec<(&'static str, String)> {
    let key = |byte: u8| STANDARD.encode([byte; 32]);
    vec![
        ("http.public_url", format!("http://{authority}")),
        // Browsers tell their own addresses, as a proxy in front would.
        ("http.trusted_proxies", "127.0.0.0/8".to_owned()),
        ("http.workers", "1".to_owned()),
        ("database.url", place.database.to_owned()),
        ("redis.url", place.redis.to_owned()),
        ("wechat.api_url", sandbox.to_owned()),
        ("wechat.open_url", sandbox.to_owned()),
        ("sms.provider", "http".to_owned()),
        ("sms.http.url", format!("{sandbox}/sms")),
        ("sms.http.secret", key(1)),
        ("secrets.encryption_keys", format!("bench:{}", key(2))),
        ("secrets.index_key", key(3)),
        ("secrets.signing_key", key(4)),
        ("limits.code_interval_seconds", "0".to_owned()),
        // Nobody's code runs out while it is measured.
        ("lifetimes.qr_seconds", "1800".to_owned()),
    ]
}
