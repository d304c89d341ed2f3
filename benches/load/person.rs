//! Somebody with a computer and a phone.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::measure::sandbox::WeChat;
use crate::measure::server::SLUG;

use super::browser::{Door, Shown, claim, show, watch};
use super::http::{Answer, Client};
use super::socket::{Open, Socket};

const WECHAT: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 \
                      Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50 Language/zh_CN";

/// A person whom the sandbox knows.
pub(crate) struct Person {
    id: String,
    number: String,
    /// What tells the server that this computer was here before.
    device: Option<String>,
    computer: Client,
    phone: Client,
    wechat: Client,
    /// Where the computer goes, and where the phone does.
    doors: (Door, Door),
}

/// A sign-in that only has to be confirmed.
pub(crate) struct Scanned {
    pub(crate) shown: Shown,
    pub(crate) socket: Socket,
    /// The phone's request that confirms it.
    pub(crate) yes: Vec<u8>,
}

impl Person {
    /// So many people, whose computers go to one door and whose phones to the other.
    pub(crate) async fn many(
        many: usize,
        wechat: &WeChat,
        doors: (&Door, &Door),
    ) -> anyhow::Result<Vec<Self>> {
        // No two of them have the same phone, wherever they sign in.
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let mut people = Vec::new();
        for _ in 0..many {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let told =
                wechat.tell("/sandbox/people", &json!({"nickname": format!("Person {number}")})).await?;
            let id = told["id"].as_str().context("the sandbox gives an id")?.to_owned();
            let sandbox = wechat.url.trim_start_matches("http://").parse()?;
            people.push(Self {
                id,
                number: format!("138{number:08}"),
                device: None,
                computer: Client::new(doors.0.address),
                phone: Client::new(doors.1.address),
                wechat: Client::new(sandbox),
                doors: (doors.0.clone(), doors.1.clone()),
            });
        }
        Ok(people)
    }

    /// The whole way: a code is shown, scanned, authorized by WeChat, confirmed, claimed.
    pub(crate) async fn sign_in(&mut self, open: &Open) -> anyhow::Result<()> {
        let mut scanned = self.scan(open).await?;
        self.phone.ask(&scanned.yes).await?.expect(200)?;
        scanned.socket.until("\"authorized\"").await?;
        claim(&self.doors.0, &mut self.computer, &scanned.shown).await?;
        self.device = Some(scanned.shown.device);
        Ok(())
    }

    /// Up to where only the confirmation is wanting.
    pub(crate) async fn scan(&mut self, open: &Open) -> anyhow::Result<Scanned> {
        let shown = show(&self.doors.0, &mut self.computer, self.device.as_deref()).await?;
        let mut socket = watch(&self.doors.0, &shown, open).await?;
        let cookie = self.authorize(&shown.scan_url).await?;
        let mut view = self.page("GET", "", &cookie, "").await?.expect(200)?.json()?;
        if view["step"] == "bind" {
            view = self.bind(&view, &cookie).await?;
        }
        anyhow::ensure!(view["step"] == "approve", "the phone shows something else: {view}");
        let frame: Value = serde_json::from_str(&socket.until("\"scanned\"").await?.text)?;
        let number = frame["match"].as_str().map(|number| format!("&match={number}")).unwrap_or_default();
        let form = format!("csrf={}{number}", csrf(&view)?);
        Ok(Scanned { shown, socket, yes: self.request("POST", "/approve", &cookie, &form) })
    }

    /// From a link to WeChat's page and back; the phone's cookie.
    async fn authorize(&mut self, link: &str) -> anyhow::Result<String> {
        let door = &self.doors.1;
        let lines = format!("user-agent: {WECHAT}\r\n");
        let out = self.phone.ask(&door.request("GET", path(link), &lines, "")).await?.expect(302)?;
        let cookie = out.cookie("menfang_phone").context("a phone gets a cookie")?.to_owned();
        let there = Door { address: door.address, authority: "sandbox".into() };
        let lines = format!("user-agent: {WECHAT}\r\ncookie: sandbox_person={}\r\n", self.id);
        let asked = there.request("GET", path(out.location()?), &lines, "");
        let back = self.wechat.ask(&asked).await?.expect(302)?;
        let lines = format!("user-agent: {WECHAT}\r\ncookie: menfang_phone={cookie}\r\n");
        let arrived = door.request("GET", path(back.location()?), &lines, "");
        self.phone.ask(&arrived).await?.expect(303)?;
        Ok(cookie)
    }

    /// Proves the phone number, once.
    async fn bind(&mut self, view: &Value, cookie: &str) -> anyhow::Result<Value> {
        let form = format!("csrf={}&phone={}", csrf(view)?, self.number);
        self.page("POST", "/code", cookie, &form).await?.expect(202)?;
        let inbox = format!("/sandbox/sms?phone=%2B86{}", self.number);
        let there = Door { address: self.doors.1.address, authority: "sandbox".into() };
        let inbox = self.wechat.ask(&there.request("GET", &inbox, "", "")).await?.json()?;
        let last = inbox["items"].as_array().and_then(|items| items.last());
        let code = last.and_then(|sms| sms["code"].as_str()).context("a code has come")?;
        self.page("POST", "/bind", cookie, &format!("{form}&code={code}")).await?.expect(200)?.json()
    }

    async fn page(&mut self, method: &str, of: &str, cookie: &str, form: &str) -> anyhow::Result<Answer> {
        let request = self.request(method, of, cookie, form);
        self.phone.ask(&request).await
    }

    fn request(&self, method: &str, of: &str, cookie: &str, form: &str) -> Vec<u8> {
        let lines = format!("user-agent: {WECHAT}\r\ncookie: menfang_phone={cookie}\r\n");
        self.doors.1.request(method, &format!("/p/{SLUG}/phone{of}"), &lines, form)
    }
}

fn csrf(view: &Value) -> anyhow::Result<&str> {
    view["csrf"].as_str().context("a page has a mark against forgery")
}

/// What stands behind the host of an address.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let from = rest.find('/').unwrap_or(rest.len());
    rest[from..].split('#').next().unwrap_or_default()
}
