//! A server in this process that sends to the sandbox, and what a backend does with it.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::future::try_join_all;
use menfang::domain::api_key::KeyText;
use menfang::server::world::client;
use menfang::server::{Running, World};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::measure::sandbox::WeChat;
use crate::measure::server::Plan;
use crate::waiting::count;

use super::callbacks::{Callback, Callbacks};
use super::lines::Load;

/// The one template.
pub(crate) const TEMPLATE: &str = "OrderUpdateOrderUpdateOrderUpdateOrderUpda1";
/// How often it is looked how far something is.
const LOOK: Duration = Duration::from_millis(20);
/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(5);
/// What is the same for every server here.
const SETTINGS: [(&str, &str); 3] =
    [("api.requests_per_second", "100000"), ("api.burst", "100000"), ("wechat.daily_quota", "1000000000")];

/// A server whose service account has followers.
pub(crate) struct Stage {
    folder: tempfile::TempDir,
    running: Running,
    http: reqwest::Client,
    key: String,
    place: String,
    world: World,
    appid: &'static str,
    registration: Value,
}

impl Stage {
    /// Starts a server with these settings, and has so many people follow and be known to.
    pub(crate) async fn start(
        wechat: &WeChat,
        appid: &'static str,
        settings: &[(&str, &str)],
        followers: usize,
    ) -> anyhow::Result<Self> {
        let (folder, world) = (tempfile::tempdir()?, World::real()?);
        let settings = [&SETTINGS, settings].concat();
        let plan = Plan { folder: folder.path(), sandbox: &wechat.url, appid, settings: &settings };
        let key = KeyText::generate(&*world.clock, &*world.entropy);
        let revealed = key.reveal();
        let (running, portal) = plan.start(&world, key).await?;
        let mut registration = plan.registration(&running.url);
        registration["templates"] = json!([{
            "template_id": TEMPLATE, "title": "Order update",
            "content": "Order:{{thing1.DATA}}\nTime:{{time2.DATA}}",
        }]);
        registration["daily_quota"] = json!(1_000_000_000);
        wechat.tell("/sandbox/accounts", &registration).await?;
        let crowd = json!({"appid": appid, "count": followers, "following": true});
        wechat.tell("/sandbox/people/bulk", &crowd).await?;
        let stage = Self {
            folder,
            running,
            http: client()?,
            key: revealed,
            place: format!("/apps/{}/notifications", portal.app),
            world,
            appid,
            registration,
        };
        let organization = format!("/organizations/{}", portal.organization);
        stage.ask("POST", &format!("{organization}/templates/sync"), &json!({})).await?;
        let sync = format!("{organization}/followers/sync");
        stage.ask("POST", &sync, &json!({})).await?;
        stage.until(&sync, |import| import["state"] == "done").await?;
        Ok(stage)
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await;
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Whether WeChat tells this server what became of its messages.
    pub(crate) async fn have_receipts(&self, wechat: &WeChat, they_come: bool) -> anyhow::Result<()> {
        let mut registration = self.registration.clone();
        if !they_come {
            registration["callback_url"] = json!("");
        }
        wechat.tell("/sandbox/accounts", &registration).await?;
        Ok(())
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let method = reqwest::Method::from_bytes(method.as_bytes())?;
        let mut request = self.http.request(method.clone(), format!("{}/api/v1{path}", self.running.url));
        if method != reqwest::Method::GET {
            request = request.json(body);
        }
        let answer = request.bearer_auth(&self.key).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        anyhow::ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    async fn until(&self, path: &str, far: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let mut looks = tokio::time::interval(LOOK);
        let wait = async {
            loop {
                looks.tick().await;
                let seen = self.ask("GET", path, &Value::Null).await?;
                if far(&seen) {
                    return Ok(seen);
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.with_context(|| format!("{path} took too long"))?
    }

    /// Orders a message to these people, and gives its address.
    pub(crate) async fn order(&self, audience: &Value) -> anyhow::Result<String> {
        let made = self.ask("POST", &self.place, &order(audience)).await?;
        Ok(format!("/notifications/{}", made["id"].as_str().context("an order has an id")?))
    }

    /// Clients order messages for tomorrow, each to one person.
    pub(crate) async fn order_for_tomorrow(
        &self,
        people: &[String],
        at_once: usize,
        each: usize,
    ) -> anyhow::Result<()> {
        let tomorrow = self.world.clock.now().0 / 1000 + 24 * 60 * 60;
        let tomorrow = time::OffsetDateTime::from_unix_timestamp(tomorrow)?.format(&Rfc3339)?;
        let one = |client: usize| {
            let tomorrow = tomorrow.as_str();
            async move {
                for number in 0..each {
                    let openid = &people[(client * each + number) % people.len()];
                    let mut order = order(&json!({"openids": [openid]}));
                    order["send_at"] = json!(tomorrow);
                    self.ask("POST", &self.place, &order).await?;
                }
                anyhow::Ok(())
            }
        };
        try_join_all((0..at_once).map(one)).await?;
        Ok(())
    }

    /// Orders a message to all followers, and gives how many a second have a delivery when a quarter, a half and all of them do; the
    /// last when the server knows that it was all.
    pub(crate) async fn spread(&self, people: usize) -> anyhow::Result<[(Load, f64); 3]> {
        let (begun, mut rates) = (Instant::now(), Load::ALL.map(|load| (load, 0.0)));
        let order = self.order(&json!({"followers": "all"})).await?;
        for (load, rate) in &mut rates {
            let many = load.of(people / 4);
            let is_at_it = |one: &Value| one["state"] == "queued" || one["state"] == "expanding";
            let far = |one: &Value| rows(one) >= many && (*load != Load::FourTimes || !is_at_it(one));
            let spread = self.until(&order, far).await?;
            *rate = count(rows(&spread)) / begun.elapsed().as_secs_f64();
            anyhow::ensure!(rows(&spread) <= people, "nobody has two deliveries: {spread}");
        }
        Ok(rates)
    }

    /// Waits until WeChat has taken a message to each of so many people.
    pub(crate) async fn sent(&self, order: &str, people: usize) -> anyhow::Result<()> {
        let counted = |one: &Value, name: &str| one["counts"][name].as_u64().unwrap_or_default();
        let over = |one: &Value| one["state"] == "done" || one["state"] == "cancelled";
        let done = self.until(order, |one| over(one)).await?;
        let taken = counted(&done, "sent") + counted(&done, "delivered");
        anyhow::ensure!(taken == people as u64, "everybody was sent a message: {done}");
        Ok(())
    }

    /// Waits until it is known of so many people that their messages arrived.
    pub(crate) async fn delivered(&self, order: &str, people: usize) -> anyhow::Result<()> {
        self.until(order, |one| one["counts"]["delivered"] == people).await?;
        Ok(())
    }

    /// What writes receipts for this server.
    pub(crate) fn callbacks(&self) -> anyhow::Result<Callbacks> {
        Callbacks::new(self.appid, &self.world)
    }

    /// Posts receipts as WeChat does, so many at once.
    pub(crate) async fn post(&self, callbacks: &[Callback], at_once: usize) -> anyhow::Result<()> {
        let url = format!("{}/wechat/{}/events", self.running.url, self.appid);
        let post = |some: Vec<&'_ Callback>| {
            let some: Vec<_> =
                some.into_iter().map(|one| (format!("{url}{}", one.query), one.body.clone())).collect();
            async move {
                for (url, body) in some {
                    let request = self.http.post(url).header("content-type", "text/xml").body(body);
                    let answer = request.send().await?;
                    anyhow::ensure!(answer.status() == 200, "a receipt was refused: {}", answer.status());
                    answer.bytes().await?;
                }
                anyhow::Ok(())
            }
        };
        let of_client = |client: usize| post(callbacks.iter().skip(client).step_by(at_once).collect());
        try_join_all((0..at_once).map(of_client)).await?;
        Ok(())
    }
}

/// The deliveries that an order has.
fn rows(order: &Value) -> usize {
    let counts = order["counts"].as_object().into_iter().flatten();
    counts.filter_map(|(_, many)| usize::try_from(many.as_u64()?).ok()).sum()
}

fn order(audience: &Value) -> Value {
    json!({
        "channel": "wechat", "template": TEMPLATE, "audience": audience,
        "data": {"thing1": "Order 42", "time2": "2026-11-22 18:00"},
    })
}
