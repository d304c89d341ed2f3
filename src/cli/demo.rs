//! `menfang demo`: everything on one machine with nothing installed.

use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use wechat_sandbox::SandboxConfig;

use crate::config::{Config, ConfigError};
use crate::domain::api_key::KeyText;
use crate::domain::audit::By;
use crate::domain::clock::{Entropy, random};
use crate::domain::ids::OrgId;
use crate::domain::keys::hex;
use crate::domain::organization::Edition;
use crate::domain::scope::OrgScope;
use crate::domain::service_account::PushMode;
use crate::server::world::{OsEntropy, SystemClock, client};
use crate::server::{Server, World, build};
use crate::store::portals::NewApp;
use crate::telemetry;
use crate::usecases::Administration;
use crate::usecases::service_accounts::NewServiceAccount;
use crate::usecases::set_up::SetUp;

use super::seed::{MEMBER_PHONE, Seed, SeedApp};
use super::{demo_templates, out, serve};

/// Everything on this machine with nothing installed
#[derive(clap::Args)]
pub struct Demo {
    /// Where the portal listens; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the WeChat sandbox listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    sandbox_listen: String,
    /// Where health and metrics listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
    ops_listen: SocketAddr,
    /// Use a sandbox that already runs instead of an own one
    #[arg(long, value_name = "URL")]
    sandbox_url: Option<String>,
    /// Folder for everything that shall last over restarts
    #[arg(long, value_name = "DIR", default_value = "data/demo")]
    data: PathBuf,
    /// Print one JSON object as the first line of stdout when all ports accept
    #[arg(long)]
    json: bool,
}

/// What is made once and kept in `demo.json`, readable by its owner only.
#[derive(Serialize, Deserialize)]
struct Kept {
    encryption_key: String,
    index_key: String,
    signing_key: String,
    sms_secret: String,
    platform_key: String,
    organization_key: String,
    /// The password of the people that are seeded.
    member_password: String,
    service_account: KeptAccount,
    /// Where it served last, for `menfang notify --demo`; none before its first start.
    #[serde(default)]
    url: Option<String>,
    /// Where its sandbox was then.
    #[serde(default)]
    sandbox_url: Option<String>,
    /// What was seeded; none until it all was.
    seeded: Option<Seeded>,
}

#[derive(Clone, Serialize, Deserialize)]
struct KeptAccount {
    appid: String,
    original_id: String,
    secret: String,
    token: String,
    encoding_aes_key: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct Seeded {
    organization: String,
    apps: Vec<SeededApp>,
}

#[derive(Clone, Serialize, Deserialize)]
struct SeededApp {
    id: String,
    slug: String,
}

/// Messages a second, unless the environment says another number.
const SENDS_PER_SECOND: &str = "500";

/// The two apps of the demo: switching between portals can be tried.
const APPS: [(&str, &str); 2] =
    [("供应商门户 Supplier Portal", "suppliers"), ("客户门户 Customer Portal", "customers")];

impl Demo {
    /// Runs until a signal.
    ///
    /// # Errors
    /// A port is taken or the folder cannot be used.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        std::fs::create_dir_all(&self.data)
            .with_context(|| format!("--data: cannot make {}", self.data.display()))?;
        let mut kept = Kept::load_or_make(&self.data)?;
        let own = if self.sandbox_url.is_some() {
            None
        } else {
            let config =
                SandboxConfig { listen: self.sandbox_listen.clone(), data: Some(self.data.join("sandbox")) };
            Some(
                wechat_sandbox::Sandbox::bind(config)
                    .context("the WeChat sandbox (--sandbox-listen, --data)")?
                    .start(),
            )
        };
        let given = self.sandbox_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        let sandbox_url =
            given.unwrap_or_else(|| own.as_ref().map_or_else(String::new, |own| own.url().to_owned()));
        let config = self.config(&kept, &sandbox_url)?;
        telemetry::logs::init(&config.telemetry)?;
        let server = build(config, World::real()?).await?;
        register(&sandbox_url, server.url(), &kept.service_account).await?;
        let seeded = kept.seed(&server, &self.data).await?;
        kept.serves_at(server.url(), &sandbox_url, &self.data)?;
        let running = server.start()?;
        let ops_url = format!("http://{}", running.ops_address);
        if self.json {
            out::line(&report(&kept, &seeded, &running.url, &sandbox_url, &ops_url).to_string());
        } else {
            welcome(&kept, &running.url, &sandbox_url, &ops_url, &seeded);
        }
        serve::until_signal().await?;
        serve::stop(running).await;
        if let Some(own) = own {
            own.stop().await;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn config(&self, kept: &Kept, sandbox_url: &str) -> Result<Config, ConfigError> {
        let database = self.data.join("menfang.db");
        // Standing settings of the demo; the environment may still change all others (`lifetimes.*`, `limits.*`, …). Its WeChat is on
        // this machine and takes more than the real one.
        Config::load_with(
            &[("wechat.sends_per_second", SENDS_PER_SECOND.to_owned())],
            None,
            &[
                ("http.listen", self.listen.to_string()),
                ("ops.listen", self.ops_listen.to_string()),
                ("database.url", format!("sqlite://{}", database.display())),
                ("wechat.api_url", sandbox_url.to_owned()),
                ("wechat.open_url", sandbox_url.to_owned()),
                ("wechat.avatar_origins", sandbox_url.to_owned()),
                ("sms.provider", "http".to_owned()),
                ("sms.http.url", format!("{sandbox_url}/sms")),
                ("sms.http.secret", kept.sms_secret.clone()),
                ("secrets.encryption_keys", format!("demo:{}", kept.encryption_key)),
                ("secrets.index_key", kept.index_key.clone()),
                ("secrets.signing_key", kept.signing_key.clone()),
            ],
        )
    }
}

impl Kept {
    fn load_or_make(data: &Path) -> anyhow::Result<Self> {
        let path = data.join("demo.json");
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| {
                anyhow::anyhow!("{}: not written by this version; choose another --data", path.display())
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let kept = Self::make();
                kept.save(data)?;
                Ok(kept)
            }
            Err(error) => Err(error).with_context(|| format!("--data: cannot read {}", path.display())),
        }
    }

    fn make() -> Self {
        let entropy = OsEntropy;
        let key = || STANDARD.encode(random::<32>(&entropy));
        let api_key = || KeyText::generate(&SystemClock, &entropy).reveal();
        Self {
            encryption_key: key(),
            index_key: key(),
            signing_key: key(),
            sms_secret: key(),
            platform_key: api_key(),
            organization_key: api_key(),
            member_password: hex(&random::<8>(&entropy)),
            service_account: KeptAccount::make(&entropy),
            url: None,
            sandbox_url: None,
            seeded: None,
        }
    }

    /// Writes down where it serves, if that is news.
    fn serves_at(&mut self, url: &str, sandbox_url: &str, data: &Path) -> anyhow::Result<()> {
        if self.url.as_deref() == Some(url) && self.sandbox_url.as_deref() == Some(sandbox_url) {
            return Ok(());
        }
        (self.url, self.sandbox_url) = (Some(url.to_owned()), Some(sandbox_url.to_owned()));
        self.save(data)
    }

    /// Writes a new file and puts it in place, so that no crash leaves half of one.
    fn save(&self, data: &Path) -> anyhow::Result<()> {
        let (path, new) = (data.join("demo.json"), data.join("demo.json.new"));
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        serde_json::to_writer_pretty(&file, self)?;
        file.sync_all()?;
        Ok(std::fs::rename(&new, &path)?)
    }

    /// Makes the organization once; a crash between that and writing it down is found by the service account's appid.
    async fn seed(&mut self, server: &Server, data: &Path) -> anyhow::Result<Seeded> {
        let admin = server.admin();
        if let Some(seeded) = &self.seeded {
            if self.url.as_deref() != Some(server.url())
                && let Err(error) = self.move_menu(server, seeded).await
            {
                tracing::warn!(error = %error, "the menu still leads to where the demo served before");
            }
            return Ok(seeded.clone());
        }
        let old =
            || anyhow::anyhow!("{}: not written by this version; choose another --data", data.display());
        let platform_key = KeyText::parse(&self.platform_key).ok_or_else(old)?;
        admin.install_platform_key(&platform_key, &By::operator()).await?;
        let made = admin.store().service_account_by_appid(&self.service_account.appid).await?;
        let organization = match made {
            Some(account) => account.organization,
            None => self.set_up(admin, KeyText::parse(&self.organization_key).ok_or_else(old)?).await?,
        };
        let mut apps = Vec::new();
        for (_, slug) in APPS {
            let portal = admin.store().portal_by_slug(slug).await?;
            let portal = portal.context("the demo's apps are gone; choose another --data")?;
            apps.push(SeededApp { id: portal.app.to_string(), slug: portal.slug });
        }
        let seeded = Seeded { organization: organization.to_string(), apps };
        self.seed_of(server, &seeded)?.plant().await?;
        self.seeded = Some(seeded.clone());
        self.save(data)?;
        Ok(seeded)
    }

    /// Has the service account's menu lead to where it serves now.
    async fn move_menu(&self, server: &Server, seeded: &Seeded) -> anyhow::Result<()> {
        self.seed_of(server, seeded)?.menu(&By::operator()).await
    }

    fn seed_of<'a>(&'a self, server: &'a Server, seeded: &Seeded) -> anyhow::Result<Seed<'a>> {
        let app = |at: usize| -> anyhow::Result<SeedApp> {
            let app = seeded.apps.get(at).context("the demo has two apps")?;
            Ok(SeedApp { id: app.id.parse()?, slug: app.slug.clone() })
        };
        Ok(Seed {
            admin: server.admin(),
            accounts: server.accounts(),
            scope: OrgScope::of_row(seeded.organization.parse()?),
            suppliers: app(0)?,
            customers: app(1)?,
            password: &self.member_password,
        })
    }

    async fn set_up(&self, admin: &Administration, key: KeyText) -> anyhow::Result<OrgId> {
        let account = NewServiceAccount {
            appid: self.service_account.appid.clone(),
            secret: self.service_account.secret.clone(),
            token: self.service_account.token.clone(),
            encoding_aes_key: self.service_account.encoding_aes_key.clone(),
            mode: PushMode::Safe,
            original_id: Some(Some(self.service_account.original_id.clone())),
            domain_file: None,
        };
        let apps = APPS.map(|(name, slug)| NewApp { name: name.into(), slug: slug.into() });
        let all =
            SetUp {
                name: "门房示例 Menfang Demo", edition: Edition::Standard, key, account, apps: &apps
            };
        Ok(admin.set_up(all, &By::operator()).await?.settle(None).await?)
    }
}

impl KeptAccount {
    fn make(entropy: &dyn Entropy) -> Self {
        Self {
            appid: format!("wx{}", hex(&random::<8>(entropy))),
            original_id: format!("gh_{}", hex(&random::<6>(entropy))),
            secret: hex(&random::<16>(entropy)),
            token: hex(&random::<8>(entropy)),
            // 43 letters and digits, as WeChat's console makes them.
            encoding_aes_key: (hex(&random::<32>(entropy)))[..43].to_owned(),
        }
    }
}

/// Tells the sandbox of the service account, and where its pushes go.
async fn register(sandbox_url: &str, url: &str, account: &KeptAccount) -> anyhow::Result<()> {
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    let body = json!({
        "original_id": account.original_id,
        "appid": account.appid,
        "secret": account.secret,
        "token": account.token,
        "encoding_aes_key": account.encoding_aes_key,
        "mode": "safe",
        "callback_url": format!("{url}/wechat/{}/events", account.appid),
        "redirect_domains": [host],
        "templates": demo_templates::registered(),
    });
    let answer = client()?
        .post(format!("{sandbox_url}/sandbox/accounts"))
        .timeout(Duration::from_secs(8))
        .json(&body)
        .send()
        .await
        .map_err(reqwest::Error::without_url)
        .context("the WeChat sandbox does not answer; is --sandbox-url right?")?;
    anyhow::ensure!(
        answer.status().is_success(),
        "the WeChat sandbox refused the service account: {}",
        answer.status()
    );
    Ok(())
}

fn report(kept: &Kept, seeded: &Seeded, url: &str, sandbox_url: &str, ops_url: &str) -> serde_json::Value {
    json!({
        "url": url,
        "sandbox_url": sandbox_url,
        "ops_url": ops_url,
        "portal_url": format!("{url}/p/{}", seeded.apps.first().map_or("", |app| &app.slug)),
        "phone_url": format!("{sandbox_url}/phone"),
        "admin_url": null,
        "platform_key": kept.platform_key,
        "organization": {"id": seeded.organization, "api_key": kept.organization_key},
        "apps": seeded.apps,
        "service_account": kept.service_account,
        "member": {"phone": MEMBER_PHONE, "password": kept.member_password},
    })
}

fn welcome(kept: &Kept, url: &str, sandbox_url: &str, ops_url: &str, seeded: &Seeded) {
    out::line("Menfang runs. Try it in a private window (cookies are shared over ports):\n");
    for app in &seeded.apps {
        out::line(&format!("  a portal, on the computer    {url}/p/{}", app.slug));
    }
    out::line(&format!("  a phone with WeChat          {sandbox_url}/phone"));
    out::line(&format!(
        "  members' own page            {url}/account  (phone {MEMBER_PHONE}, password {})",
        kept.member_password
    ));
    out::line(&format!("  the API, described           {url}/api/docs"));
    out::line(&format!("  the organization's API key   {}", kept.organization_key));
    out::line(&format!("  health and metrics           {ops_url}/readyz\n"));
    out::line("Open the portal and click \"Scan with the pretend phone\" under its code. Ctrl-C ends it.");
}
