//! The sandbox in a process of its own, so that what it costs is not counted as the server's.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::program::command_on;
use super::server::SECRET;

/// Where messages are sent.
const SEND: &str = "/cgi-bin/message/template/send";

/// A message that a person got.
pub(crate) struct Message {
    pub(crate) openid: String,
    pub(crate) msgid: i64,
}

/// A sandbox, which ends with this value.
pub(crate) struct WeChat {
    process: Child,
    pub(crate) url: String,
    http: reqwest::Client,
}

impl Drop for WeChat {
    fn drop(&mut self) {
        // Whoever has ended already is not there to be waited for either.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl WeChat {
    /// Starts one on these cores, such as `0,1`.
    pub(crate) fn start(cores: &str, binary: &Path) -> anyhow::Result<Self> {
        let mut process = command_on(cores, binary)
            .args(["sandbox", "--json", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = process.stdout.take().context("the sandbox has an output")?;
        let mut line = String::new();
        // Nothing else is to be done before it is there.
        BufReader::new(stdout).read_line(&mut line)?;
        let about: Value = serde_json::from_str(&line).context("the sandbox starts")?;
        let url = about["url"].as_str().context("the sandbox says where it is")?.to_owned();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(8))
            // Between two rounds the sandbox closes what nobody uses, and may do so while it is being used again.
            .pool_idle_timeout(Duration::from_secs(1))
            .build()?;
        Ok(Self { process, url, http })
    }

    /// The process, for what it costs.
    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    /// Tells the sandbox something.
    pub(crate) async fn tell(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.http.post(format!("{}{path}", self.url)).json(body).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// Takes so many milliseconds for every send from now on.
    pub(crate) async fn take(&self, latency_ms: u64) -> anyhow::Result<()> {
        let faults = json!({"paths": [SEND], "latency_ms": latency_ms});
        let answer = self.http.put(format!("{}/sandbox/faults", self.url)).json(&faults).send().await?;
        answer.error_for_status()?;
        Ok(())
    }

    /// The token of an account, as it is: whoever else has it keeps it.
    pub(crate) async fn token(&self, appid: &str) -> anyhow::Result<String> {
        let asked = json!({"grant_type": "client_credential", "appid": appid, "secret": SECRET, "force_refresh": false});
        let told = self.tell("/cgi-bin/stable_token", &asked).await?;
        Ok(told["access_token"].as_str().with_context(|| format!("a token: {told}"))?.to_owned())
    }

    /// Those who follow an account, the first ten thousand of them.
    pub(crate) async fn followers(&self, appid: &str) -> anyhow::Result<Vec<String>> {
        let token = self.token(appid).await?;
        let url = format!("{}/cgi-bin/user/get?access_token={token}", self.url);
        let told: Value = self.http.get(url).send().await?.json().await?;
        let openids = told["data"]["openid"].as_array().with_context(|| format!("followers: {told}"))?;
        Ok(openids.iter().filter_map(|openid| openid.as_str().map(ToOwned::to_owned)).collect())
    }

    /// The newest messages of an account.
    pub(crate) async fn messages(&self, appid: &str, newest: usize) -> anyhow::Result<Vec<Message>> {
        let url = format!("{}/sandbox/messages?appid={appid}&limit={newest}", self.url);
        let told: Value = self.http.get(url).send().await?.json().await?;
        let items = told["items"].as_array().context("messages")?;
        let read = |item: &Value| {
            Some(Message { openid: item["openid"].as_str()?.to_owned(), msgid: item["msgid"].as_i64()? })
        };
        items.iter().map(|item| read(item).context("a message has a number")).collect()
    }

    /// Sends one message, with nothing around it.
    pub(crate) async fn send(&self, token: &str, message: &Value) -> anyhow::Result<()> {
        let url = format!("{}{SEND}?access_token={token}", self.url);
        let told: Value = self.http.post(url).json(message).send().await?.json().await?;
        anyhow::ensure!(told["errcode"] == 0, "a message was refused: {told}");
        Ok(())
    }
}
