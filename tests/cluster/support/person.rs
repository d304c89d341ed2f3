//! A person with a phone, inside WeChat, who tries again when a page breaks.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use reqwest::header::{COOKIE, USER_AGENT};
use serde_json::Value;
use tokio::sync::watch;

use super::pc::Screen;
use super::web::{Answer, Broken, Web};
use super::{Door, SLUG};

const WECHAT: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 \
                      Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50 Language/zh_CN";
/// How long somebody looks at a page that does nothing before they scan again.
const BLINK: Duration = Duration::from_millis(500);

/// A person of the sandbox.
pub(crate) struct Person {
    pub(crate) web: Web,
    /// In the sandbox.
    pub(crate) id: String,
    pub(crate) number: String,
    /// The account, once somebody was signed in with it.
    pub(crate) user: OnceLock<String>,
    /// How often a code had to be scanned again.
    pub(crate) again: AtomicU32,
    sandbox: String,
    http: reqwest::Client,
    approved_at: Mutex<Option<Instant>>,
}

impl Person {
    /// Somebody of whom the sandbox told this.
    pub(crate) fn new(told: &Value, sandbox: &str, http: &reqwest::Client) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            web: Web::new(http, WECHAT),
            id: text(&told["id"]),
            number: format!("138{:08}", NEXT.fetch_add(1, Ordering::Relaxed)),
            user: OnceLock::new(),
            again: AtomicU32::new(0),
            sandbox: sandbox.to_owned(),
            http: http.clone(),
            approved_at: Mutex::default(),
        }
    }

    /// When the last approval was sent.
    pub(crate) fn approved_at(&self) -> Instant {
        self.approved_at.lock().unwrap().unwrap()
    }

    /// Scans what a screen shows and approves it, again and again, until the screen needs nobody any more.
    pub(crate) async fn help(&self, door: &Door, mut screen: watch::Receiver<Screen>) {
        let mut other = screen.clone();
        tokio::select! {
            () = self.go_on(door, &mut screen) => {}
            _ = other.wait_for(|screen| screen.over) => {}
        }
    }

    async fn go_on(&self, door: &Door, screen: &mut watch::Receiver<Screen>) {
        loop {
            let Ok(shown) = screen.wait_for(|screen| screen.link.is_some()).await else { return };
            let link = shown.link.clone();
            drop(shown);
            let scanned = self.scan(door, link.as_deref().unwrap()).await;
            if scanned.is_ok() && self.walk(door, screen, link.as_deref()).await.is_ok() {
                drop(screen.wait_for(|screen| screen.link != link).await);
            } else {
                self.again.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(BLINK).await;
            }
        }
    }

    /// Opens the portal's link, as from the service account's menu, up to the phone page.
    pub(crate) async fn enter(&self, door: &Door) -> Result<(), String> {
        self.scan(door, &format!("{}/p/{SLUG}", door.public)).await
    }

    /// From a link to WeChat's page and back, up to the phone page; the word of a page that says why not.
    pub(crate) async fn scan(&self, door: &Door, link: &str) -> Result<(), String> {
        let mut answer = self.open(door, door.path(link)).await?;
        // WeChat is asked once more where it did not take its own code.
        for _ in 0..2 {
            if answer.status != 302 {
                return Err(answer.code());
            }
            let back = self.authorize(answer.header("location")).await;
            answer = self.open(door, door.path(&back)).await?;
            if answer.status == 303 {
                return Ok(());
            }
        }
        Err(answer.code())
    }

    /// A page; when it breaks, it is loaded again.
    async fn open(&self, door: &Door, path: &str) -> Result<Answer, String> {
        self.web.get_again(door, path).await.map_err(|Broken| "network".to_owned())
    }

    /// Where WeChat sends the phone back to.
    async fn authorize(&self, url: &str) -> String {
        let request = self.http.get(url).header(USER_AGENT, WECHAT);
        let answer = request.header(COOKIE, format!("sandbox_person={}", self.id)).send().await.unwrap();
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    /// The phone page, step by step, for the code that the screen shows; the word of a step that leads nowhere.
    async fn walk(
        &self,
        door: &Door,
        screen: &mut watch::Receiver<Screen>,
        link: Option<&str>,
    ) -> Result<(), String> {
        let mut moments = 0;
        loop {
            if screen.borrow().link.as_deref() != link {
                return Err("another code is shown".into());
            }
            let view = self.view(door).await?;
            match view["step"].as_str().unwrap() {
                // A crash may have cut off what this page waits for.
                "bind" if view["browser"].is_null() => {
                    moments += 1;
                    if moments > 4 {
                        return Err("bind".into());
                    }
                    tokio::time::sleep(BLINK).await;
                }
                "bind" => drop(self.bind(door).await),
                "approve" if view["match_required"] == true => {
                    let seen = |screen: &Screen| screen.number.is_some() || screen.link.as_deref() != link;
                    let number = screen.wait_for(seen).await.ok().and_then(|screen| screen.number.clone());
                    drop(self.approve(door, number.as_deref()).await);
                }
                "approve" => drop(self.approve(door, None).await),
                "done" => return Ok(()),
                "held" => tokio::time::sleep(BLINK).await,
                step => return Err(step.to_owned()),
            }
        }
    }

    /// The phone page as it is now.
    pub(crate) async fn view(&self, door: &Door) -> Result<Value, String> {
        let answer = self.open(door, &format!("/p/{SLUG}/phone")).await?;
        if answer.status == 200 { Ok(answer.json()) } else { Err(answer.code()) }
    }

    /// Asks for a code, reads it, types it; the last answer.
    pub(crate) async fn bind(&self, door: &Door) -> Result<Answer, Broken> {
        let asked = self.post(door, "code", &[("phone", &self.number)]).await?;
        let Some(code) = self.last_code().await else { return Ok(asked) };
        self.post(door, "bind", &[("phone", &self.number), ("code", &code)]).await
    }

    /// Approves, with the number that stands on the screen.
    pub(crate) async fn approve(&self, door: &Door, number: Option<&str>) -> Result<Answer, Broken> {
        let fields: Vec<_> = number.map(|number| ("match", number)).into_iter().collect();
        *self.approved_at.lock().unwrap() = Some(Instant::now());
        self.post(door, "approve", &fields).await
    }

    /// Posts a form of the page that is now on the screen.
    pub(crate) async fn post(
        &self,
        door: &Door,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Result<Answer, Broken> {
        let view = self.view(door).await.map_err(|_| Broken)?;
        let mut form = vec![("csrf", view["csrf"].as_str().unwrap())];
        form.extend_from_slice(fields);
        self.web.try_post(door, &format!("/p/{SLUG}/phone/{action}"), &form).await
    }

    /// The last code that was sent to the phone.
    pub(crate) async fn last_code(&self) -> Option<String> {
        let url = format!("{}/sandbox/sms?phone=%2B86{}", self.sandbox, self.number);
        let inbox: Value = self.http.get(url).send().await.unwrap().json().await.unwrap();
        Some(inbox["items"].as_array().unwrap().last()?["code"].as_str().unwrap().to_owned())
    }
}
