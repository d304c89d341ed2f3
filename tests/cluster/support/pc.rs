//! The browser that waits, and does what the sign-in page does when something breaks.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::watch;

use super::socket::{Heard, Socket};
use super::web::{Broken, Web, jitter};
use super::{Door, SLUG, random_below, short_or_long};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
/// Codes that the page gets by itself, beyond the first.
const RENEWALS: u32 = 5;
/// A socket is silent for at most as long as a code lives.
const SILENCE: Duration = Duration::from_secs(130);
/// How long the page tries to claim.
const CLAIM: Duration = Duration::from_secs(90);

/// A QR session as its browser got it.
#[derive(Clone, Debug)]
pub(crate) struct Qr {
    pub(crate) scan_url: String,
    pub(crate) websocket: String,
    pub(crate) claim: String,
}

/// What a person sees on the screen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Screen {
    /// What the code on it encodes.
    pub(crate) link: Option<String>,
    /// The number to type.
    pub(crate) number: Option<String>,
    /// Nothing more happens.
    pub(crate) over: bool,
}

/// How a sign-in ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Signed in as this person: the answer of `/me`.
    SignedIn(Value),
    /// Not, and this word says why.
    Told(String),
}

/// Where following a session led to.
enum Followed {
    Authorized,
    Decided(String),
    Over(String),
}

/// A browser on a computer, at the sign-in page.
pub(crate) struct Pc {
    pub(crate) web: Web,
    screen: watch::Sender<Screen>,
    told_at: Mutex<Option<Instant>>,
    sent_away: AtomicUsize,
    broken: AtomicUsize,
    renewals: Mutex<Vec<String>>,
}

impl Pc {
    pub(crate) fn new(http: &reqwest::Client) -> Self {
        let (screen, told_at) = (watch::Sender::default(), Mutex::default());
        let (sent_away, broken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let web = Web::new(http, FIREFOX);
        Self { web, screen, told_at, sent_away, broken, renewals: Mutex::default() }
    }

    /// Why it showed further codes, if it did.
    pub(crate) fn renewals(&self) -> Vec<String> {
        self.renewals.lock().unwrap().clone()
    }

    /// How often a socket was closed with 1012.
    pub(crate) fn sent_away(&self) -> usize {
        self.sent_away.load(Ordering::Relaxed)
    }

    /// How often a socket ended in any other way before anything was decided, or could not be opened.
    pub(crate) fn broken(&self) -> usize {
        self.broken.load(Ordering::Relaxed)
    }

    /// What can be seen on its screen, now and later.
    pub(crate) fn look(&self) -> watch::Receiver<Screen> {
        self.screen.subscribe()
    }

    /// When it was told that the person had approved.
    pub(crate) fn told_at(&self) -> Instant {
        self.told_at.lock().unwrap().unwrap()
    }

    /// The whole way, over whatever breaks.
    pub(crate) async fn sign_in(&self, door: &Door) -> Ended {
        let ended = self.try_to_sign_in(door).await;
        self.screen.send_modify(|screen| screen.over = true);
        ended
    }

    async fn try_to_sign_in(&self, door: &Door) -> Ended {
        for _ in 0..=RENEWALS {
            let qr = match self.code_again(door).await {
                Ok(qr) => qr,
                Err(word) => return Ended::Told(word),
            };
            let link = Some(qr.scan_url.clone());
            self.screen.send_replace(Screen { link, number: None, over: false });
            match self.follow(door, &qr).await {
                Followed::Authorized => match self.claim(door, &qr).await {
                    Some(me) => return Ended::SignedIn(me),
                    None => self.renew("not claimed".into()),
                },
                Followed::Decided(word) => return Ended::Told(word),
                Followed::Over(why) => self.renew(why),
            }
        }
        Ended::Told("expired".into())
    }

    /// A code, where nothing breaks.
    pub(crate) async fn new_code(&self, door: &Door) -> Qr {
        self.code_again(door).await.unwrap()
    }

    async fn code_again(&self, door: &Door) -> Result<Qr, String> {
        let answer = self.web.post_again(door, &format!("/p/{SLUG}/qr")).await;
        let answer = answer.map_err(|Broken| "network".to_owned())?;
        if answer.status != 201 {
            return Err(answer.code());
        }
        let body = answer.json();
        let text = |pointer: &str| body.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        Ok(Qr { scan_url: text("/scan_url"), websocket: text("/live/websocket"), claim: text("/claim") })
    }

    /// Opens the socket of a code, where nothing breaks.
    pub(crate) async fn watch(&self, door: &Door, qr: &Qr) -> Socket {
        Socket::of_qr(&self.web, door, &qr.websocket).await.unwrap().unwrap()
    }

    async fn follow(&self, door: &Door, qr: &Qr) -> Followed {
        let mut failures = 0;
        loop {
            let wait = match Socket::of_qr(&self.web, door, &qr.websocket).await {
                Ok(Ok(mut socket)) => match self.listen(&mut socket, &mut failures).await {
                    Ok(followed) => return followed,
                    Err(1012) => after_restart(),
                    Err(_) => jitter(failures),
                },
                Ok(Err(status @ (403 | 404 | 410))) => {
                    return Followed::Over(format!("refused with {status}"));
                }
                Ok(Err(_)) | Err(Broken) => {
                    self.broken.fetch_add(1, Ordering::Relaxed);
                    jitter(failures)
                }
            };
            failures += 1;
            tokio::time::sleep(wait).await;
        }
    }

    /// Listens until nothing can follow, or the connection ends: with this code, or without a word (0).
    async fn listen(&self, socket: &mut Socket, failures: &mut u32) -> Result<Followed, u16> {
        loop {
            match socket.hear(SILENCE).await {
                Heard::Frame(frame) => {
                    *failures = 0;
                    if let Some(followed) = self.take(&frame) {
                        return Ok(followed);
                    }
                }
                Heard::Close(code @ (1000 | 1008 | 4401 | 4404 | 4410)) => {
                    return Ok(Followed::Over(format!("closed with {code}")));
                }
                Heard::Close(1012) => {
                    self.sent_away.fetch_add(1, Ordering::Relaxed);
                    return Err(1012);
                }
                Heard::Close(_) | Heard::Broken | Heard::Nothing => {
                    self.broken.fetch_add(1, Ordering::Relaxed);
                    return Err(0);
                }
            }
        }
    }

    /// A new code is shown for this reason.
    fn renew(&self, why: String) {
        self.renewals.lock().unwrap().push(why);
    }

    /// Shows a frame; where the following ends with it, how.
    fn take(&self, frame: &Value) -> Option<Followed> {
        let number = frame["match"].as_str().map(ToOwned::to_owned);
        self.screen.send_modify(|screen| screen.number = number);
        match frame["state"].as_str().unwrap() {
            "authorized" => {
                *self.told_at.lock().unwrap() = Some(Instant::now());
                Some(Followed::Authorized)
            }
            "expired" => Some(Followed::Over("expired".into())),
            "denied" => Some(Followed::Decided("denied".into())),
            "refused" => Some(Followed::Decided(frame["reason"].as_str().unwrap().to_owned())),
            _ => None,
        }
    }

    /// Takes the sign-in up; nothing when a new code is needed.
    async fn claim(&self, door: &Door, qr: &Qr) -> Option<Value> {
        let (until, mut tries) = (Instant::now() + CLAIM, 0);
        while Instant::now() < until {
            let answer = self.web.post_again(door, &qr.claim).await.ok()?;
            match answer.status {
                200 => return self.me(door).await,
                // The answer to an earlier try may have been lost: then the cookie is, too.
                409 if answer.code() == "already_claimed" => return self.me(door).await,
                403 | 404 | 410 => return None,
                _ => tokio::time::sleep(jitter(tries)).await,
            }
            tries += 1;
        }
        None
    }

    /// Who is signed in here, if anybody.
    pub(crate) async fn me(&self, door: &Door) -> Option<Value> {
        let me = self.web.get_again(door, &format!("/p/{SLUG}/me")).await.unwrap();
        (me.status == 200).then(|| me.json())
    }
}

/// How long a browser waits that was sent away: on the page 5 to 30 s, which the short form cuts down.
fn after_restart() -> Duration {
    let (least, more) = short_or_long((200, 1_800), (5_000, 25_000));
    Duration::from_millis((least + random_below(more)).into())
}
