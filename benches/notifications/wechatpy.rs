//! `wechatpy`, which does the same sends, in an environment of its own below the build folder.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::stage::TEMPLATE;
use crate::measure::sandbox::WeChat;

const PACKAGE: &str = "wechatpy[cryptography]==1.8.18";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/notifications/wechatpy_sends.py");

/// An environment that has it.
pub(crate) struct WechatPy {
    python: PathBuf,
}

/// What the same sends took there.
pub(crate) struct Took {
    pub(crate) per_second: f64,
    /// Seconds of processor time for one send.
    pub(crate) cpu: f64,
}

impl WechatPy {
    /// Installs it, if it is not there yet.
    ///
    /// # Errors
    /// There is no Python, or the package cannot be fetched.
    pub(crate) fn install() -> anyhow::Result<Self> {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench/venv");
        let python = place.join("bin/python3");
        if !python.exists() {
            run(Command::new("python3").args(["-m", "venv"]).arg(&place))?;
        }
        let is_there = ["-c", "import wechatpy; assert wechatpy.__version__ == '1.8.18'"];
        if run(Command::new(&python).args(is_there)).is_err() {
            run(Command::new(&python).args(["-m", "pip", "install", "--quiet", PACKAGE]))?;
        }
        Ok(Self { python })
    }

    /// Sends a message to each of these people, with so many threads.
    pub(crate) async fn send(
        &self,
        wechat: &WeChat,
        appid: &str,
        openids: &[String],
        threads: usize,
    ) -> anyhow::Result<Took> {
        let asked = json!({
            "url": wechat.url, "appid": appid, "token": wechat.token(appid).await?, "template": TEMPLATE,
            "openids": openids, "threads": threads,
        });
        let python = self.python.clone();
        let output = tokio::task::spawn_blocking(move || {
            let mut child = Command::new(python)
                .arg(SCRIPT)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::inherit())
                .spawn()?;
            child.stdin.take().context("the script has an input")?.write_all(asked.to_string().as_bytes())?;
            anyhow::Ok(child.wait_with_output()?)
        });
        let output = output.await??;
        anyhow::ensure!(output.status.success(), "wechatpy's sends failed");
        let told: Value = serde_json::from_slice(&output.stdout)?;
        let number = |name: &str| told[name].as_f64().with_context(|| format!("{name}: {told}"));
        Ok(Took { per_second: number("sent")? / number("seconds")?, cpu: number("cpu")? / number("sent")? })
    }
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    let last = complaint.lines().last().unwrap_or("it failed").to_owned();
    anyhow::ensure!(output.status.success(), last);
    Ok(())
}
