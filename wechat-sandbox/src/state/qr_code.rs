//! Parametric QR codes (带参数二维码).

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::instant::Millis;

/// Temporary codes make room for newer ones beyond this.
const TEMPORARY: usize = 100_000;
/// Where the links of codes begin.
const LINK: &str = "http://weixin.qq.com/q/";
/// The letters of a link that are its own, which are the last of its ticket, too.
pub(crate) const KEY: usize = 22;

/// A parametric QR code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QrCode {
    pub(crate) appid: String,
    /// What the account's server is told; whole numbers are written in decimal.
    pub(crate) scene: String,
    /// What the image is fetched by.
    pub(crate) ticket: String,
    pub(crate) at: Millis,
    /// When it ends; a permanent one does not.
    pub(crate) expires_at: Option<Millis>,
}

impl QrCode {
    fn key(&self) -> &str {
        let start = self.ticket.len().saturating_sub(KEY);
        self.ticket.get(start..).unwrap_or_default()
    }

    /// What the image says.
    pub(crate) fn link(&self) -> String {
        format!("{LINK}{}", self.key())
    }

    fn is_good(&self, now: Millis) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

/// All codes.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct QrCodes {
    by_key: BTreeMap<String, QrCode>,
    /// The keys of temporary ones, oldest first.
    temporary: VecDeque<String>,
}

impl QrCodes {
    /// The code that this ticket belongs to, unless its time is over.
    pub(crate) fn by_ticket(&self, ticket: &str, now: Millis) -> Option<&QrCode> {
        let key = ticket.get(ticket.len().checked_sub(KEY)?..)?;
        self.by_key.get(key).filter(|code| code.ticket == ticket && code.is_good(now))
    }

    /// The code that this link is the text of, unless its time is over.
    pub(crate) fn by_link(&self, link: &str, now: Millis) -> Option<&QrCode> {
        self.by_key.get(key_of_link(link)?).filter(|code| code.is_good(now))
    }

    /// The newest code of an account with this scene.
    pub(crate) fn by_scene(&self, appid: &str, scene: &str) -> Option<&QrCode> {
        let with_scene = self.by_key.values().filter(|code| code.appid == appid && code.scene == scene);
        with_scene.max_by_key(|code| code.at)
    }

    /// The account's permanent codes.
    pub(crate) fn permanent(&self, appid: &str) -> impl Iterator<Item = &QrCode> {
        self.by_key.values().filter(move |code| code.appid == appid && code.expires_at.is_none())
    }

    pub(super) fn make(&mut self, code: QrCode) {
        let key = code.key().to_owned();
        if code.expires_at.is_some() {
            self.temporary.push_back(key.clone());
        }
        self.by_key.insert(key, code);
        if self.temporary.len() > TEMPORARY
            && let Some(oldest) = self.temporary.pop_front()
        {
            self.by_key.remove(&oldest);
        }
    }
}

/// What makes a link to a code; `None` if it is no such link.
fn key_of_link(link: &str) -> Option<&str> {
    let link = link.trim();
    link.strip_prefix(LINK).or_else(|| link.strip_prefix(&LINK.replacen("http:", "https:", 1)))
}

/// Whether a link is that of a parametric QR code, be it one of the sandbox or not.
pub(crate) fn is_link_of_qr_code(link: &str) -> bool {
    key_of_link(link).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(number: u32, expires_at: Option<Millis>) -> QrCode {
        QrCode {
            appid: "wx1".to_owned(),
            scene: format!("s{number}"),
            ticket: format!("gQxxxx{number:022}"),
            at: u64::from(number),
            expires_at,
        }
    }

    #[test]
    fn a_code_is_found_by_ticket_link_and_scene_while_it_is_good() {
        let mut codes = QrCodes::default();
        codes.make(code(1, None));
        codes.make(code(2, Some(100)));
        for (number, now, found) in [(1, 1_000_000, true), (2, 99, true), (2, 100, false), (3, 1, false)] {
            let code = code(number, None);
            assert_eq!(codes.by_ticket(&code.ticket, now).is_some(), found, "{number}");
            assert_eq!(codes.by_link(&code.link(), now).is_some(), found, "{number}");
        }
        let secure = code(1, None).link().replace("http:", "https:");
        assert!(codes.by_link(&format!(" {secure} "), 1).is_some());
        for other in ["", "http://weixin.qq.com/q/", "http://weixin.qq.com/r/1", "http://h/q/1", "字"] {
            assert!(codes.by_link(other, 1).is_none() && codes.by_ticket(other, 1).is_none(), "{other}");
        }
        assert_eq!(codes.by_scene("wx1", "s2").map(|code| code.at), Some(2));
        assert!(codes.by_scene("wx2", "s2").is_none());
        assert_eq!(codes.permanent("wx1").count(), 1);
        assert!(is_link_of_qr_code("http://weixin.qq.com/q/1") && !is_link_of_qr_code("http://h/"));
    }

    #[test]
    fn old_temporary_codes_make_room() {
        let mut codes = QrCodes::default();
        codes.make(code(0, None));
        for number in 1..=u32::try_from(TEMPORARY).expect("small") + 1 {
            codes.make(code(number, Some(100)));
        }
        assert_eq!(codes.by_key.len(), TEMPORARY + 1);
        assert!(codes.by_scene("wx1", "s0").is_some() && codes.by_scene("wx1", "s1").is_none());
    }
}
