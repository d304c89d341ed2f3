//! A server and a sandbox in this process, and people who have an account and sign in again and again.

use std::path::Path;

use anyhow::Context as _;
use futures_util::future::try_join_all;
use menfang::actors::qr_session::Update;
use menfang::domain::api_key::KeyText;
use menfang::domain::audit::Caller;
use menfang::domain::clock::random;
use menfang::domain::keys::SigningKey;
use menfang::domain::network::Network;
use menfang::domain::portal::Portal;
use menfang::domain::qr_ticket::{BrowserSecret, Computer, DeviceMark, QrSealer};
use menfang::domain::user_agent::{Browser, System};
use menfang::server::{Running, World};
use menfang::usecases::SignIn;
use menfang::usecases::decide::Yes;
use menfang::usecases::join::Typed;
use menfang::usecases::phone_steps::Step;
use serde_json::{Value, json};
use wechat_sandbox::{RunningSandbox, Sandbox, SandboxConfig};

use crate::measure::server::{Plan, SLUG};

const APPID: &str = "wx0123456789abcdef";

/// Everything that is measured.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    sandbox: RunningSandbox,
    running: Running,
    world: World,
    portal: Portal,
    people: Vec<Person>,
}

/// Somebody with a phone and a computer.
struct Person {
    id: String,
    phone: String,
    device: DeviceMark,
    browser: BrowserSecret,
    caller: Caller,
}

impl Bench {
    pub(crate) async fn start(people: usize) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let listen = "127.0.0.1:0".to_owned();
        let sandbox = Sandbox::bind(SandboxConfig { listen, data: None })?.start();
        let world = World::real()?;
        let plan = Plan { folder: folder.path(), sandbox: sandbox.url(), appid: APPID, settings: &[] };
        let key = KeyText::generate(&*world.clock, &*world.entropy);
        let (running, portal) = plan.start(&world, key).await?;
        let registration = plan.registration(&running.url);
        let mut bench = Self { folder, sandbox, running, world, portal, people: Vec::new() };
        bench.control("/sandbox/accounts", &registration).await?;
        for number in 0..people {
            let person = bench.person(number).await?;
            bench.people.push(person);
        }
        for person in &bench.people {
            bench.one(person).await.context("the first sign-in")?;
        }
        Ok(bench)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await;
        self.sandbox.stop().await;
    }

    fn sign_in_uses(&self) -> &SignIn {
        &self.running.sign_in
    }

    async fn control(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.world.http.post(format!("{}{path}", self.sandbox.url())).json(body).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    async fn person(&self, number: usize) -> anyhow::Result<Person> {
        let made = self.control("/sandbox/people", &json!({"nickname": format!("Person {number}")})).await?;
        let entropy = &*self.world.entropy;
        Ok(Person {
            id: made["id"].as_str().context("the sandbox gives an id")?.to_owned(),
            phone: format!("138{number:08}"),
            device: DeviceMark(random(entropy)),
            browser: BrowserSecret::generate(entropy),
            caller: Caller {
                network: Network::V4([127, 0, 0, 1]),
                request_id: String::new(),
                agent: String::new(),
            },
        })
    }

    /// Every person signs in so many times, all people at once.
    pub(crate) async fn sign_in(&self, times: usize) -> anyhow::Result<()> {
        let again = |person| async move {
            for _ in 0..times {
                self.one(person).await?;
            }
            anyhow::Ok(())
        };
        try_join_all(self.people.iter().map(again)).await?;
        Ok(())
    }

    /// The whole way: a code is shown, scanned, authorized by WeChat, confirmed, claimed.
    async fn one(&self, person: &Person) -> anyhow::Result<()> {
        let uses = self.sign_in_uses();
        let opened = uses.open_qr(&self.portal, &person.browser, computer(person.device)).await?;
        let ticket = opened.scan_url.rsplit('/').next().unwrap_or_default();
        let departure = uses.depart(&self.portal, Some(ticket)).await?;
        let cookie = departure.cookie.to_value();
        let (code, state) = self.authorize(&departure.url, &person.id).await?;
        uses.arrive(APPID, Some(&cookie), Some(&code), &state, &person.caller).await?;
        let mut view = uses.phone_view(SLUG, Some(&cookie)).await?;
        if view.step == Step::Bind {
            let csrf = uses.csrf(&view);
            uses.send_code(SLUG, Some(&cookie), &csrf, &person.phone, &person.caller).await?;
            let code = self.sms(&person.phone).await?;
            let typed = Typed { phone: &person.phone, code: &code, terms: "" };
            view = uses.bind(SLUG, Some(&cookie), &csrf, typed, &person.caller).await?.view;
        }
        let number =
            view.session.as_ref().and_then(|session| session.match_number).map(|number| number.to_string());
        let yes = Yes { number: number.as_deref(), terms: "" };
        uses.approve(SLUG, Some(&cookie), &uses.csrf(&view), yes, &person.caller).await?;
        let waiting = uses.waiting(&opened.handle, &person.browser)?;
        uses.claim(&waiting, &person.caller).await?;
        Ok(())
    }

    /// Opens WeChat's page as this person, and gives what it sends back: code and state.
    async fn authorize(&self, url: &str, person: &str) -> anyhow::Result<(String, String)> {
        let request = self.world.http.get(url.trim_end_matches("#wechat_redirect"));
        let answer = request.header("cookie", format!("sandbox_person={person}")).send().await?;
        let back = answer.headers().get("location").context("WeChat sends the phone back")?.to_str()?;
        let query = back.split_once('?').map_or("", |(_, query)| query);
        let field = |name: &str| {
            let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            pair.map(ToOwned::to_owned).with_context(|| format!("WeChat gives a {name}"))
        };
        Ok((field("code")?, field("state")?))
    }

    async fn sms(&self, phone: &str) -> anyhow::Result<String> {
        let url = format!("{}/sandbox/sms?phone=%2B86{phone}", self.sandbox.url());
        let inbox: Value = self.world.http.get(url).send().await?.json().await?;
        let last = inbox["items"].as_array().and_then(|items| items.last());
        Ok(last.and_then(|sms| sms["code"].as_str()).context("a code has come")?.to_owned())
    }

    /// Clients ask for codes as browsers do.
    pub(crate) async fn show_codes(
        &self,
        http: &reqwest::Client,
        at_once: usize,
        each: usize,
    ) -> anyhow::Result<()> {
        let url = format!("{}/p/{SLUG}/qr", self.running.url);
        let one = || async {
            for _ in 0..each {
                let answer = http.post(&url).header("origin", &self.running.url).send().await?;
                anyhow::ensure!(answer.status() == 201, "a code was refused: {}", answer.status());
                answer.bytes().await?;
            }
            anyhow::Ok(())
        };
        try_join_all((0..at_once).map(|_| one())).await?;
        Ok(())
    }

    /// The arithmetic alone.
    #[expect(clippy::unused_async, reason = "measured like the others")]
    pub(crate) async fn seal_and_open(&self, times: usize) -> anyhow::Result<()> {
        let entropy = &*self.world.entropy;
        let (sealer, browser) =
            (QrSealer::new(SigningKey::new(random(entropy))), BrowserSecret::generate(entropy));
        let (app, computer, now) =
            (self.portal.app, computer(DeviceMark(random(entropy))), self.world.clock.now());
        for _ in 0..times {
            let (handle, ticket, _) = sealer.issue(&browser, app, computer, now, entropy);
            sealer.open_ticket(&ticket, app)?;
            sealer.open_handle(&handle, &browser)?;
        }
        Ok(())
    }

    /// A waiting browser's part without its socket: an actor is made, reads, pushes its first frame, and goes.
    pub(crate) async fn watch(&self, times: usize) -> anyhow::Result<()> {
        let entropy = &*self.world.entropy;
        let sealer = QrSealer::new(SigningKey::new(random(entropy)));
        let browser = BrowserSecret::generate(entropy);
        for _ in 0..times {
            let now = self.world.clock.now();
            let (_, _, waiting) =
                sealer.issue(&browser, self.portal.app, computer(DeviceMark(random(entropy))), now, entropy);
            let mut updates = self.running.live.watch(waiting)?;
            anyhow::ensure!(matches!(updates.recv().await, Some(Update::Frame(_))), "no frame came");
        }
        Ok(())
    }
}

fn computer(device: DeviceMark) -> Computer {
    Computer {
        browser: Browser::Firefox,
        system: System::Linux,
        network: Network::V4([127, 0, 0, 1]),
        device,
    }
}
