//! A server in this process, set up for an organization with one app, and what the sandbox has to know of it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menfang::config::Config;
use menfang::domain::api_key::KeyText;
use menfang::domain::audit::By;
use menfang::domain::clock::{Entropy, random};
use menfang::domain::organization::Edition;
use menfang::domain::portal::Portal;
use menfang::domain::service_account::PushMode;
use menfang::server::{Running, World, build};
use menfang::store::portals::NewApp;
use menfang::usecases::service_accounts::NewServiceAccount;
use menfang::usecases::set_up::SetUp;
use serde_json::{Value, json};

pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const TOKEN: &str = "token";
pub(crate) const AES_KEY: &str = "Q7wKp2Zt9XbLm4VnR8sYd1HcJf6GuEa3TqWoPi5NzAv";
pub(crate) const SLUG: &str = "bench";
const ORIGINAL_ID: &str = "gh_0123456789ab";
/// What would stop a benchmark; the rest stays as it is by default.
const LIMITS: [&str; 8] = [
    "codes_per_address_hour",
    "codes_per_address_day",
    "codes_per_organization_day",
    "qr_per_address_minute",
    "qr_live_per_address",
    "qr_live_per_browser",
    "codes_per_phone_hour",
    "codes_per_openid_10min",
];

/// What a server is started with.
pub(crate) struct Plan<'a> {
    /// Where its rows are.
    pub(crate) folder: &'a Path,
    /// Where WeChat is.
    pub(crate) sandbox: &'a str,
    /// Its service account.
    pub(crate) appid: &'a str,
    /// What else is other than by default.
    pub(crate) settings: &'a [(&'a str, &'a str)],
}

impl Plan<'_> {
    /// Starts a server whose organization has this key.
    pub(crate) async fn start(&self, world: &World, key: KeyText) -> anyhow::Result<(Running, Portal)> {
        let server = build(self.config(world)?, world.clone()).await?;
        let account = NewServiceAccount {
            appid: self.appid.into(),
            secret: SECRET.into(),
            token: TOKEN.into(),
            encoding_aes_key: AES_KEY.into(),
            mode: PushMode::Safe,
            original_id: None,
            domain_file: None,
        };
        let app = NewApp { name: "Bench".into(), slug: SLUG.into() };
        let all = SetUp { name: "Bench", edition: Edition::Standard, key, account, apps: &[app] };
        server.admin().set_up(all, &By::operator()).await?.settle(None).await?;
        let portal = server.sign_in().portal(SLUG).await?.context("the portal was just made")?;
        Ok((server.start()?, portal))
    }

    /// What the sandbox has to know of a server at this address.
    pub(crate) fn registration(&self, url: &str) -> Value {
        json!({
            "original_id": ORIGINAL_ID, "appid": self.appid, "secret": SECRET, "token": TOKEN,
            "encoding_aes_key": AES_KEY, "mode": "safe",
            "callback_url": format!("{url}/wechat/{}/events", self.appid),
            "redirect_domains": [url.trim_start_matches("http://")],
        })
    }

    fn config(&self, world: &World) -> anyhow::Result<Config> {
        let entropy: Arc<dyn Entropy> = Arc::clone(&world.entropy);
        let key = || STANDARD.encode(random::<32>(&*entropy));
        let sandbox = self.sandbox;
        let mut overrides = vec![
            ("http.listen", "127.0.0.1:0".to_owned()),
            ("ops.listen", "127.0.0.1:0".to_owned()),
            ("database.url", format!("sqlite://{}", self.folder.join("menfang.db").display())),
            ("wechat.api_url", sandbox.to_owned()),
            ("wechat.open_url", sandbox.to_owned()),
            ("wechat.avatar_origins", sandbox.to_owned()),
            ("sms.provider", "http".to_owned()),
            ("sms.http.url", format!("{sandbox}/sms")),
            ("sms.http.secret", key()),
            ("secrets.encryption_keys", format!("bench:{}", key())),
            ("secrets.index_key", key()),
            ("secrets.signing_key", key()),
        ];
        let raised: Vec<String> = LIMITS.iter().map(|name| format!("limits.{name}")).collect();
        overrides.extend(raised.iter().map(|name| (name.as_str(), "1000000".to_owned())));
        overrides.retain(|(name, _)| self.settings.iter().all(|(other, _)| other != name));
        overrides.extend(self.settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        // The environment of this shell shall not change what is measured.
        Ok(Config::load_from(None, [], &overrides)?)
    }
}
