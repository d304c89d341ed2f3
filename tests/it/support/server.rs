//! The real thing in process: an SQLite file of its own, the in-process bus, the sandbox, free ports, a clock to move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menfang::actors::follower_import::{CatchingUp, FollowerImporter};
use menfang::bus::Bus;
use menfang::domain::api_key::KeyText;
use menfang::domain::audit::By;
use menfang::domain::clock::{Clock, Millis};
use menfang::domain::external_user::ExternalUser;
use menfang::domain::ids::{AppId, OrgId, VisitId};
use menfang::domain::organization::Edition;
use menfang::domain::portal::Portal;
use menfang::domain::scope::OrgScope;
use menfang::domain::service_account::PushMode;
use menfang::server::world::{OsEntropy, SystemClock};
use menfang::server::{Running, World, administration};
use menfang::store::portals::{NewApp, PortalSettings};
use menfang::usecases::Administration;
use menfang::usecases::service_accounts::NewServiceAccount;
use menfang::usecases::set_up::SetUp;
use menfang::wechat::{Endpoints, WeChat};
use serde_json::{Value, json};
use wechat_sandbox::{RunningSandbox, Sandbox, SandboxConfig};

use super::database::{OwnDatabase, Rows};
use super::host::{Host, halt};
use super::settings::{config_for, patient_client};
use super::{Backend, Browser, Phone};

pub(crate) const APPID: &str = "wx0123456789abcdef";
pub(crate) const ORIGINAL_ID: &str = "gh_0123456789ab";
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const TOKEN: &str = "TokenOfTheTests";
pub(crate) const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// A clock that stands still until a test moves it.
pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Millis {
        Millis(self.0.load(Ordering::SeqCst))
    }
}

/// A whole installation with two apps, `suppliers` and `customers`, of one organization.
pub(crate) struct TestServer {
    running: Option<Running>,
    host: Host,
    sandbox: RunningSandbox,
    clock: Arc<TestClock>,
    database: OwnDatabase,
    _folder: tempfile::TempDir,
    pub(crate) url: String,
    pub(crate) organization: OrgId,
    pub(crate) api_key: String,
    pub(crate) platform_key: String,
    pub(crate) http: reqwest::Client,
    phones: AtomicU32,
    settings: Vec<(&'static str, String)>,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A server with these settings changed.
    pub(crate) async fn start_with(settings: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = SandboxConfig { listen: "127.0.0.1:0".into(), data: None };
        let sandbox = Sandbox::bind(config).unwrap().start();
        let clock = Arc::new(TestClock(AtomicI64::new(SystemClock.now().0)));
        let world = World { clock: clock.clone(), ..World::real().unwrap() };
        let database = OwnDatabase::create(folder.path(), "menfang.db").await;
        let settings: Vec<_> = settings.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        let config = config_for(&database.url, sandbox.url(), "127.0.0.1:0", &settings);
        let host = Host::new();
        let server = host.build(config, world).await;
        let account = NewServiceAccount {
            appid: APPID.into(),
            secret: SECRET.into(),
            token: TOKEN.into(),
            encoding_aes_key: AES_KEY.into(),
            mode: PushMode::Safe,
            original_id: Some(Some(ORIGINAL_ID.into())),
            domain_file: None,
        };
        let apps = [("Supplier portal", "suppliers"), ("Customer portal", "customers")]
            .map(|(name, slug)| NewApp { name: name.into(), slug: slug.into() });
        let key = KeyText::generate(&*clock, &OsEntropy);
        let platform_key = KeyText::generate(&*clock, &OsEntropy);
        server.admin().install_platform_key(&platform_key, &By::operator()).await.unwrap();
        let all =
            SetUp { name: "Test Ltd", edition: Edition::Standard, key: key.clone(), account, apps: &apps };
        let prepared = server.admin().set_up(all, &By::operator()).await.unwrap();
        let organization = prepared.settle(None).await.unwrap();
        let running = host.start(server).await;
        let url = running.url.clone();
        let test = Self {
            running: Some(running),
            host,
            sandbox,
            clock,
            database,
            _folder: folder,
            url,
            organization,
            api_key: key.reveal(),
            platform_key: platform_key.reveal(),
            http: patient_client(),
            phones: AtomicU32::new(1),
            settings,
        };
        test.register().await;
        test
    }

    async fn register(&self) {
        let host = self.url.strip_prefix("http://").unwrap();
        let body = json!({
            "original_id": ORIGINAL_ID,
            "appid": APPID,
            "secret": SECRET,
            "token": TOKEN,
            "encoding_aes_key": AES_KEY,
            "mode": "safe",
            "callback_url": format!("{}/wechat/{APPID}/events", self.url),
            "redirect_domains": [host],
        });
        self.sandbox_post("/sandbox/accounts", &body).await;
    }

    /// Stops the server as SIGTERM would, and starts it again on the same rows and the same port.
    pub(crate) async fn stop(&mut self) {
        self.running.take().unwrap().stop().await;
    }

    /// Starts it again on the same rows and the same port.
    pub(crate) async fn start_again(&mut self) {
        let world = World { clock: self.clock.clone(), ..World::real().unwrap() };
        let listen = self.url.strip_prefix("http://").unwrap();
        let config = config_for(&self.database.url, self.sandbox.url(), listen, &self.settings);
        let server = self.host.build(config, world).await;
        self.running = Some(self.host.start(server).await);
    }

    /// What the shell does on the same rows while no server runs, by the time of the story.
    pub(crate) async fn shell(&self) -> Administration {
        assert!(self.running.is_none(), "a server has the rows");
        let world = World { clock: self.clock.clone(), ..World::real().unwrap() };
        let config = config_for(&self.database.url, self.sandbox.url(), "127.0.0.1:0", &self.settings);
        administration(&config, &world).await.unwrap()
    }

    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Moves the time, and tells all that wait.
    pub(crate) fn advance(&self, seconds: u64) {
        let span = i64::try_from(Duration::from_secs(seconds).as_millis()).unwrap();
        self.advance_millis(span);
        self.running().live.look_at_all();
        self.running().inboxes.look_at_all();
    }

    /// Moves the time a little, and tells nobody.
    pub(crate) fn advance_millis(&self, millis: i64) {
        self.clock.0.fetch_add(millis, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    pub(crate) fn clock(&self) -> &TestClock {
        &self.clock
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self)
    }

    /// A backend with this key, or none.
    pub(crate) fn backend(&self, key: Option<&str>) -> Backend {
        Backend::new(self, key)
    }

    /// A backend of the organization.
    pub(crate) fn own_backend(&self) -> Backend {
        self.backend(Some(&self.api_key))
    }

    /// A backend of the platform.
    pub(crate) fn platform_backend(&self) -> Backend {
        self.backend(Some(&self.platform_key))
    }

    pub(crate) async fn person(&self, nickname: &str) -> Phone {
        Phone::new(self, nickname).await
    }

    /// A mobile number that nobody has yet.
    pub(crate) fn fresh_number(&self) -> String {
        format!("138{:08}", self.phones.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) async fn portal(&self, slug: &str) -> Portal {
        self.running().sign_in.portal(slug).await.unwrap().unwrap()
    }

    /// Where the API has the app of a portal.
    pub(crate) async fn app(&self, slug: &str) -> String {
        format!("/apps/{}", self.portal(slug).await.app)
    }

    pub(crate) async fn set_portal(&self, slug: &str, settings: PortalSettings) {
        let portal = self.portal(slug).await;
        let admin = &self.running().admin;
        let prepared =
            admin.set_portal(portal.scope(), portal.app, &settings, &By::operator()).await.unwrap();
        prepared.settle(None).await.unwrap();
    }

    /// The account that a person has at a portal.
    pub(crate) async fn account(&self, slug: &str, phone: &Phone) -> ExternalUser {
        let portal = self.portal(slug).await;
        let store = &self.running().store;
        store.user_of_openid(portal.scope(), portal.app, &phone.openid).await.unwrap().unwrap()
    }

    /// Lets a pending person in, as the organization would.
    pub(crate) async fn admit(&self, slug: &str, phone: &Phone) {
        let user = self.account(slug, phone).await;
        let approve = format!("/apps/{}/external-users/{}/approve", user.app, user.id);
        self.own_backend().post(&approve, json!({})).await.expect(200);
    }

    /// Switches an active person off, as the organization would.
    pub(crate) async fn disable(&self, slug: &str, phone: &Phone) {
        let user = self.account(slug, phone).await;
        let place = format!("/apps/{}/external-users/{}", user.app, user.id);
        self.own_backend().patch(&place, json!({"status": "disabled"})).await.expect(200);
    }

    /// Publishes a version of a portal's terms, or takes them back.
    pub(crate) async fn set_terms(&self, slug: &str, version: Option<&str>) {
        let url = version.map(|version| format!("https://example.com/terms/{version}"));
        let terms = json!({"terms_url": url, "terms_version": version});
        self.own_backend().patch(&format!("{}/portal", self.app(slug).await), terms).await.expect(200);
    }

    /// Switches an app on or off in its row; nobody is told.
    pub(crate) async fn set_app_enabled(&self, slug: &str, enabled: bool) {
        let app = format!("(SELECT app_id FROM portals WHERE slug = '{slug}')");
        self.write(format!("UPDATE apps SET enabled = {enabled} WHERE id = {app}")).await;
    }

    /// Writes a row behind the back of the server.
    pub(crate) async fn write(&self, sql: String) {
        let rows = self.database.rows().await;
        assert_eq!(rows.write(&sql).await, 1);
        rows.close().await;
    }

    /// Has the database write down from now on in which order these things happen: an event of a table, such as
    /// `DELETE ON roles`, each with the word that stands for it.
    pub(crate) async fn watch_writes(&self, events: &[(&str, &str)]) {
        let rows = self.database.rows().await;
        rows.watch(events).await;
        rows.close().await;
    }

    /// What happened since it was last asked, in its order.
    pub(crate) async fn writes(&self) -> Vec<String> {
        let rows = self.database.rows().await;
        let words = rows.ask("SELECT word FROM watched ORDER BY n").await;
        rows.write("DELETE FROM watched").await;
        rows.close().await;
        words.iter().map(|row| row.try_get("", "word").unwrap()).collect()
    }

    /// An id whose every byte is this one, as SQL.
    pub(crate) fn uuid_literal(&self, byte: u8) -> String {
        let digits = format!("{byte:02x}").repeat(16);
        if self.database.url.starts_with("postgres") { format!("'{digits}'") } else { format!("x'{digits}'") }
    }

    /// The lines of the audit log with this action, newest first.
    pub(crate) async fn audited(&self, action: &str) -> Vec<Value> {
        let path = format!("/organizations/{}/audit?action={action}&limit=500", self.organization);
        let log = self.own_backend().get(&path).await.expect(200).json();
        log["items"].as_array().unwrap().clone()
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.rows().await.into_iter().find(|(name, _)| name == table).unwrap().1
    }

    /// Takes seats as that many accounts would, in one unit.
    pub(crate) async fn take_seats(&self, count: u32) {
        let unit = self.running().store.begin().await.unwrap();
        for _ in 0..count {
            assert!(unit.take_seat(self.organization).await.unwrap().is_some());
        }
        unit.commit().await.unwrap();
    }

    pub(crate) async fn seats_taken(&self) -> i64 {
        i64::from(
            self.running().store.organization(self.organization).await.unwrap().unwrap().external_users.used,
        )
    }

    /// Member seats that an organization has taken.
    pub(crate) async fn member_seats_taken(&self, organization: OrgId) -> i32 {
        self.running().store.organization(organization).await.unwrap().unwrap().members.used
    }

    /// The id of the role that an app begins with.
    pub(crate) async fn role_of(&self, app: AppId) -> String {
        let unit = self.running().store.begin().await.unwrap();
        let roles = unit.roles_named(OrgScope::of_row(self.organization), "user").await.unwrap();
        roles.into_iter().find(|role| role.app == app).unwrap().id.to_string()
    }

    pub(crate) fn sandbox_url(&self) -> &str {
        self.sandbox.url()
    }

    pub(crate) async fn sandbox_get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.sandbox.url())).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    pub(crate) async fn sandbox_post(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.sandbox.url())).json(body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap_or_default()
    }

    /// Has the sandbox misbehave like this, and in no other way.
    pub(crate) async fn sandbox_faults(&self, faults: &Value) {
        let request = self.http.put(format!("{}/sandbox/faults", self.sandbox.url())).json(faults);
        assert!(request.send().await.unwrap().status().is_success());
    }

    /// How often the sandbox was asked for one of WeChat's paths.
    pub(crate) async fn calls(&self, path: &str) -> u64 {
        let stats = self.sandbox_get("/sandbox/stats").await;
        let of_path = stats["calls"][path].as_object().cloned().unwrap_or_default();
        of_path.values().filter_map(Value::as_u64).sum()
    }

    /// How often the sandbox was asked to exchange a code.
    pub(crate) async fn exchanges(&self) -> u64 {
        self.calls("/sns/oauth2/access_token").await
    }

    /// The last code that was sent to a number.
    pub(crate) async fn last_code(&self, number: &str) -> String {
        let inbox = self.sandbox_get(&format!("/sandbox/sms?phone=%2B86{number}")).await;
        let last = inbox["items"].as_array().unwrap().last().unwrap().clone();
        last["code"].as_str().unwrap().to_owned()
    }

    /// Everything that stands in the database.
    pub(crate) async fn database_bytes(&self) -> Vec<u8> {
        self.database.bytes().await
    }

    /// A connection of the test's own to the rows.
    pub(crate) async fn database(&self) -> Rows {
        self.database.rows().await
    }

    /// How many QR sessions have a row, and how many of them say who scanned.
    pub(crate) async fn people_in_qr_sessions(&self) -> (usize, usize) {
        use sea_orm::EntityTrait;
        let Rows(db) = self.database.rows().await;
        let rows = entities::qr_session::Entity::find().all(&db).await.unwrap();
        let with_person = rows.iter().filter(|row| row.user_id.is_some() || !row.openid.is_empty());
        (rows.len(), with_person.count())
    }

    /// What the rows are called that are held while codes are counted.
    pub(crate) async fn lock_names(&self) -> Vec<String> {
        use sea_orm::EntityTrait;
        let Rows(db) = self.database.rows().await;
        let rows = entities::limit_lock::Entity::find().all(&db).await.unwrap();
        rows.into_iter().map(|row| row.name).collect()
    }

    /// The one visit that there is.
    pub(crate) async fn only_visit(&self) -> VisitId {
        use sea_orm::EntityTrait;
        let Rows(db) = self.database.rows().await;
        let rows = entities::visit::Entity::find().all(&db).await.unwrap();
        assert_eq!(rows.len(), 1);
        VisitId(rows[0].id)
    }

    /// Where the API has the organization.
    pub(crate) fn org(&self) -> String {
        format!("/organizations/{}", self.organization)
    }

    /// Imports followers until no import is due.
    pub(crate) async fn import_followers(&self) {
        self.running().importer.run_due().await.unwrap();
    }

    /// An importer as another node would have it, on the same rows.
    pub(crate) fn another_importer(&self) -> FollowerImporter {
        let url = self.sandbox.url().to_owned();
        let endpoints = Endpoints { api_url: url.clone(), open_url: url };
        let wechat = WeChat::new(self.http.clone(), endpoints, self.clock.clone());
        let catching_up = CatchingUp { follow_wait: Duration::ZERO, bus: Bus::in_process() };
        FollowerImporter::new(self.running().store.clone(), wechat, self.clock.clone(), catching_up)
    }

    /// What a program needs in its environment to look at the same rows.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let key = |byte: u8| STANDARD.encode([byte; 32]);
        vec![
            ("MENFANG__DATABASE__URL", self.database.url.clone()),
            ("MENFANG__WECHAT__API_URL", self.sandbox.url().to_owned()),
            ("MENFANG__SECRETS__ENCRYPTION_KEYS", format!("test:{}", key(2))),
            ("MENFANG__SECRETS__INDEX_KEY", key(3)),
            ("MENFANG__SECRETS__SIGNING_KEY", key(4)),
        ]
    }

    /// How many rows each table has.
    pub(crate) async fn rows(&self) -> Vec<(String, i64)> {
        let rows = self.database.rows().await;
        let mut counted = Vec::new();
        for table in rows.tables().await {
            let count = rows.count(&table).await;
            counted.push((table, count));
        }
        rows.close().await;
        counted
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            halt(running);
        }
    }
}
