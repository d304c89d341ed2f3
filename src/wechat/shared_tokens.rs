//! Access tokens between nodes: one fetches for all, the others wait for what it brings. Where there is one node, or while Redis is
//! away, each fetches for itself, which WeChat allows: its stable tokens are the same for all who ask.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::bus::redis::{Cache, Lock, Locked};
use crate::domain::clock::Millis;
use crate::domain::ids::ServiceAccountId;
use crate::domain::keys::hex;

use super::client::{Credentials, DEADLINE, WeChat};
use super::errcode::Interface;
use super::error::WeChatError;

/// WeChat rotates a stable token by itself when less than this is left.
const REFRESH_BEFORE_END: Duration = Duration::from_mins(5);
/// How often a node looks whether another one has brought the token.
const LOOK: Duration = Duration::from_millis(100);
/// How long it waits for that before it fetches for itself.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Whether a token that ends then is still to be used: with time to spare.
pub(super) fn is_fresh(ends_at: Millis, now: Millis) -> bool {
    now < ends_at.minus(REFRESH_BEFORE_END)
}

/// A token, from WeChat or from another node.
pub(super) struct Brought {
    pub(super) value: SecretString,
    pub(super) ends_at: Millis,
}

/// Tells a token from others wherever it turns up: WeChat hands out the same text to all who ask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Print([u8; 32]);

impl Print {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

/// How a token is brought among nodes.
pub(super) struct Among<'a> {
    /// What they share, if there is more than one.
    pub(super) shared: Option<&'a Cache>,
    /// The one that WeChat refused last.
    pub(super) refused: Option<Print>,
    /// Whether to ask WeChat in any case.
    pub(super) always: bool,
}

/// What `stable_token` answers.
#[derive(Deserialize)]
struct Answer {
    access_token: SecretString,
    expires_in: u64,
}

enum Turn {
    /// Another node has brought it.
    Brought(Brought),
    /// This node fetches for all.
    Ours(Locked),
    /// This node fetches for itself.
    Alone,
}

impl Among<'_> {
    /// Brings the token of an account: what another node has fetched, or fetched now.
    ///
    /// # Errors
    /// What WeChat says, or that it cannot be reached.
    pub(super) async fn bring(
        &self,
        wechat: &WeChat,
        credentials: &Credentials,
        print: &[u8; 32],
    ) -> Result<Brought, WeChatError> {
        let Some(shared) = self.shared else { return fetch(wechat, credentials).await };
        let name = name(credentials.account, print);
        let turn = if self.always { Turn::Alone } else { self.turn(shared, &name, wechat).await };
        let locked = match turn {
            Turn::Brought(brought) => return Ok(brought),
            Turn::Ours(locked) => Some(locked),
            Turn::Alone => None,
        };
        let fetched = fetch(wechat, credentials).await;
        if let Ok(brought) = &fetched {
            share(shared, &name, brought, wechat.clock().now()).await;
        }
        if let Some(locked) = locked {
            locked.unlock().await;
        }
        fetched
    }

    async fn turn(&self, shared: &Cache, name: &str, wechat: &WeChat) -> Turn {
        let late = Instant::now() + PATIENCE;
        loop {
            if let Some(brought) = self.look(shared, name, wechat).await {
                return Turn::Brought(brought);
            }
            // A lock outlives any fetch under it.
            match shared.lock(name, DEADLINE + PATIENCE).await {
                Lock::Ours(locked) => return self.unless_brought(shared, name, wechat, locked).await,
                Lock::Theirs if Instant::now() < late => tokio::time::sleep(LOOK).await,
                Lock::Theirs | Lock::Away => return Turn::Alone,
            }
        }
    }

    /// Whoever had the lock before may have brought the token since we looked.
    async fn unless_brought(&self, shared: &Cache, name: &str, wechat: &WeChat, locked: Locked) -> Turn {
        match self.look(shared, name, wechat).await {
            None => Turn::Ours(locked),
            Some(brought) => {
                locked.unlock().await;
                Turn::Brought(brought)
            }
        }
    }

    async fn look(&self, shared: &Cache, name: &str, wechat: &WeChat) -> Option<Brought> {
        let brought = find(shared, name, self.refused).await?;
        is_fresh(brought.ends_at, wechat.clock().now()).then_some(brought)
    }
}

/// Drops a token that WeChat refused, unless a node has brought another one since.
pub(super) async fn drop_refused(
    shared: &Cache,
    account: ServiceAccountId,
    print: &[u8; 32],
    refused: Print,
) {
    find(shared, &name(account, print), Some(refused)).await;
}

/// What is shared; the refused one is dropped, whoever has shared it.
async fn find(shared: &Cache, name: &str, refused: Option<Print>) -> Option<Brought> {
    let found = shared.get(name).await?;
    let (ends_at, token) = std::str::from_utf8(&found.value).ok()?.split_once(' ')?;
    if refused == Some(Print::of(token)) {
        shared.remove(name, found.stamp).await;
        return None;
    }
    Some(Brought { value: token.into(), ends_at: Millis(ends_at.parse().ok()?) })
}

/// One name for each pair of appid and secret: after a change nobody gets the old pair's token.
fn name(account: ServiceAccountId, print: &[u8; 32]) -> String {
    format!("access token {account} {}", hex(print))
}

async fn share(shared: &Cache, name: &str, brought: &Brought, now: Millis) {
    let lasts = brought.ends_at.minus(REFRESH_BEFORE_END).since(now);
    if !lasts.is_zero() {
        let written = Zeroizing::new(format!("{} {}", brought.ends_at.0, brought.value.expose_secret()));
        shared.set(name, written.as_bytes(), lasts).await;
    }
}

/// Normal mode, never forced: forcing is for a leaked token, 20 times a day.
async fn fetch(wechat: &WeChat, credentials: &Credentials) -> Result<Brought, WeChatError> {
    let asked_at = wechat.clock().now();
    let body = serde_json::json!({
        "grant_type": "client_credential",
        "appid": credentials.appid,
        "secret": credentials.secret.expose_secret(),
        // Leaving it out has been answered with 41002.
        "force_refresh": false,
    });
    let answer: Answer = wechat.post("/cgi-bin/stable_token", &[], &body, Interface::Token).await?;
    let ends_at = asked_at.plus(Duration::from_secs(answer.expires_in));
    Ok(Brought { value: answer.access_token, ends_at })
}
