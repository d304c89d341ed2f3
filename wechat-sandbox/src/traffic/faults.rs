//! Misbehaviour on request: what `PUT /sandbox/faults` asks for, and what it means for one call.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use serde::{Deserialize, Serialize};

use crate::{
    instant::{Millis, SECOND},
    random,
    state::{TOKEN_LIFE, TokenLife},
};

/// WeChat's own paths, which faults are meant for when they name none.
const WECHAT_PATHS: [&str; 4] = ["/cgi-bin/", "/sns/", "/connect/", "/wxa"];
/// Errcode of a share of failing calls when none was given: busy.
const BUSY: i64 = -1;

/// How long a `client_msg_id` is remembered.
const DEDUPE_WINDOW: Millis = 600 * SECOND;
/// How long after a send its receipt comes.
const RECEIPT_DELAY: Millis = 50;
/// What failed receipts say when nothing else was given.
const RECEIPT_FAILURE: &str = "failed: system failed";

/// The body of `PUT /sandbox/faults`. An absent field means: no such fault.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FaultSettings {
    /// Prefixes of paths; none means all of WeChat's.
    paths: Vec<String>,
    /// Wait before anything else.
    latency_ms: Option<u64>,
    /// Share of calls that are never answered, their work not done.
    hang_rate: Option<f64>,
    /// Share of calls that fail; all of them if only `errcode` or `http_status` is given.
    error_rate: Option<f64>,
    /// What they fail with.
    errcode: Option<i64>,
    /// Share of calls whose connection ends before the work is done.
    drop_before_rate: Option<f64>,
    /// Share of calls whose connection ends with the work done and no answer.
    drop_after_rate: Option<f64>,
    /// Failing calls answer this HTTP status instead of an errcode.
    http_status: Option<u16>,
    /// So many calls of each API path from now on, then 45009.
    quota: Option<u64>,
    /// Life of server access tokens, those that are out included.
    token_ttl_s: Option<u64>,
    /// How long a `client_msg_id` is remembered.
    dedupe_window_s: Option<u64>,
    /// Delay of the receipt of a message; 50 without it.
    receipt_delay_ms: Option<u64>,
    /// Share of receipts that never come.
    receipt_loss_rate: Option<f64>,
    /// Share of receipts that come twice.
    receipt_double_rate: Option<f64>,
    /// What failed receipts say, such as `failed:user block`; the message does not come into the person's inbox then.
    receipt_status: Option<String>,
    /// Share of receipts that say so; all of them if only `receipt_status` is given.
    receipt_status_rate: Option<f64>,
    /// Receipts of messages that have a `client_msg_id` carry 0 in the place of the message's number.
    receipt_msgid_zero: bool,
}

impl FaultSettings {
    /// A sentence about what cannot be, if anything.
    pub(crate) fn complaint(&self) -> Option<String> {
        let rates = [
            ("hang_rate", self.hang_rate),
            ("error_rate", self.error_rate),
            ("drop_before_rate", self.drop_before_rate),
            ("drop_after_rate", self.drop_after_rate),
            ("receipt_loss_rate", self.receipt_loss_rate),
            ("receipt_double_rate", self.receipt_double_rate),
            ("receipt_status_rate", self.receipt_status_rate),
        ];
        for (name, rate) in rates {
            if rate.is_some_and(|rate| !(0.0..=1.0).contains(&rate)) {
                return Some(format!("{name} is a share of calls: a number from 0 to 1"));
            }
        }
        if self.http_status.is_some_and(|status| !(200..=599).contains(&status)) {
            return Some("http_status is a number from 200 to 599".to_owned());
        }
        self.paths.iter().find(|path| !path.starts_with('/') || path.starts_with("/sandbox")).map(|path| {
            format!("{path:?} in paths: give prefixes of paths such as /cgi-bin/token; /sandbox itself never fails")
        })
    }

    /// Never `/sandbox`, or nobody could take the faults back.
    fn concerns(&self, path: &str) -> bool {
        if path.starts_with("/sandbox") {
            return false;
        }
        if self.paths.is_empty() {
            return WECHAT_PATHS.iter().any(|prefix| path.starts_with(prefix));
        }
        self.paths.iter().any(|prefix| path.starts_with(prefix.as_str()))
    }

    fn failure(&self) -> Option<Failure> {
        let given = self.errcode.is_some() || self.http_status.is_some();
        let rate = self.error_rate.unwrap_or(if given { 1.0 } else { 0.0 });
        random::happens(rate).then(|| match self.http_status {
            Some(status) => Failure::Status(status),
            None => Failure::Errcode(self.errcode.unwrap_or(BUSY)),
        })
    }
}

/// What is to happen to the receipt of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReceiptPlan {
    pub(crate) delay: Millis,
    /// How often it comes: 0, 1 or 2.
    pub(crate) copies: u8,
    pub(crate) status: String,
    /// Whether the number is 0 where the sender has a name for the message.
    pub(crate) msgid_zero: bool,
}

impl ReceiptPlan {
    /// The status of a message that arrived.
    pub(crate) const SUCCESS: &str = "success";
}

impl Default for ReceiptPlan {
    fn default() -> Self {
        Self { delay: RECEIPT_DELAY, copies: 1, status: Self::SUCCESS.to_owned(), msgid_zero: false }
    }
}

/// How a call fails without its work being done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// HTTP 200 with this errcode.
    Errcode(i64),
    /// This HTTP status and nothing else.
    Status(u16),
    /// The connection ends.
    Drop,
    /// No answer ever.
    Hang,
}

/// What is to happen to one call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Wait first.
    pub(crate) latency_ms: u64,
    /// Fail instead of working.
    pub(crate) failure: Option<Failure>,
    /// Work, and then end the connection without an answer.
    pub(crate) drop_after: bool,
}

#[derive(Default)]
struct Active {
    settings: FaultSettings,
    /// Calls of each path since the settings came.
    calls: Mutex<HashMap<String, u64>>,
}

/// The faults in force.
#[derive(Default)]
pub(crate) struct Faults(RwLock<Arc<Active>>);

impl Faults {
    /// Puts these in the place of all others.
    pub(crate) fn replace(&self, settings: FaultSettings) {
        let active = Arc::new(Active { settings, calls: Mutex::default() });
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = active;
    }

    /// Decides what is to happen to a call of this path.
    pub(crate) fn plan(&self, path: &str) -> Plan {
        let active = self.active();
        let settings = &active.settings;
        if !settings.concerns(path) {
            return Plan::default();
        }
        let failure = if random::happens(settings.drop_before_rate.unwrap_or_default()) {
            Some(Failure::Drop)
        } else if random::happens(settings.hang_rate.unwrap_or_default()) {
            Some(Failure::Hang)
        } else {
            settings.failure().or_else(|| active.over_quota(path).then_some(Failure::Errcode(45009)))
        };
        Plan {
            latency_ms: settings.latency_ms.unwrap_or_default(),
            failure,
            drop_after: random::happens(settings.drop_after_rate.unwrap_or_default()),
        }
    }

    /// How long server access tokens live now.
    pub(crate) fn token_life(&self) -> TokenLife {
        self.active().settings.token_ttl_s.map_or(TOKEN_LIFE, |seconds| TokenLife { seconds })
    }

    /// How long a `client_msg_id` is remembered now.
    pub(crate) fn dedupe_window(&self) -> Millis {
        let seconds = self.active().settings.dedupe_window_s;
        seconds.map_or(DEDUPE_WINDOW, |seconds| seconds.saturating_mul(SECOND))
    }

    /// Decides what is to happen to the receipt of a message.
    pub(crate) fn receipt_plan(&self) -> ReceiptPlan {
        let active = self.active();
        let settings = &active.settings;
        let status_rate = settings.receipt_status_rate;
        let status_rate = status_rate.unwrap_or(if settings.receipt_status.is_some() { 1.0 } else { 0.0 });
        let status = if random::happens(status_rate) {
            settings.receipt_status.as_deref().unwrap_or(RECEIPT_FAILURE)
        } else {
            ReceiptPlan::SUCCESS
        };
        let copies = if random::happens(settings.receipt_loss_rate.unwrap_or_default()) {
            0
        } else if random::happens(settings.receipt_double_rate.unwrap_or_default()) {
            2
        } else {
            1
        };
        ReceiptPlan {
            delay: settings.receipt_delay_ms.unwrap_or(RECEIPT_DELAY),
            copies,
            status: status.to_owned(),
            msgid_zero: settings.receipt_msgid_zero,
        }
    }

    /// The quota in force for the path, and how much of it is used; `None` without one.
    pub(crate) fn quota(&self, path: &str) -> Option<(u64, u64)> {
        let active = self.active();
        let quota = active.settings.quota.filter(|_| active.settings.concerns(path))?;
        let calls = active.calls.lock().unwrap_or_else(PoisonError::into_inner);
        Some((quota, calls.get(path).copied().unwrap_or_default().min(quota)))
    }

    /// Counts the calls of all paths against the quota from 0 again.
    pub(crate) fn clear_quota(&self) {
        self.active().calls.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn active(&self) -> Arc<Active> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Active {
    /// Counts the call. WeChat limits its API by path; `/sns` and the pages have no daily limit.
    fn over_quota(&self, path: &str) -> bool {
        let Some(quota) = self.settings.quota.filter(|_| path.starts_with("/cgi-bin/")) else { return false };
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let count = calls.entry(path.to_owned()).or_default();
        *count += 1;
        *count > quota
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(json: &str) -> Faults {
        let faults = Faults::default();
        faults.replace(serde_json::from_str(json).expect("settings"));
        faults
    }

    #[test]
    fn without_paths_all_of_wechat_is_meant_and_nothing_else() {
        let faults = faults(r#"{"errcode": 45009}"#);
        for path in ["/cgi-bin/token", "/sns/auth", "/connect/oauth2/authorize"] {
            assert_eq!(faults.plan(path).failure, Some(Failure::Errcode(45009)), "{path}");
        }
        for path in ["/sandbox/stats", "/sms", "/phone"] {
            assert_eq!(faults.plan(path), Plan::default(), "{path}");
        }
    }

    #[test]
    fn named_paths_are_prefixes() {
        let faults = faults(r#"{"paths": ["/sms"], "http_status": 503}"#);
        assert_eq!(faults.plan("/sms").failure, Some(Failure::Status(503)));
        assert_eq!(faults.plan("/cgi-bin/token").failure, None);
    }

    #[test]
    fn a_rate_of_zero_never_and_of_one_always_fails() {
        assert_eq!(faults(r#"{"error_rate": 0, "errcode": 1}"#).plan("/sns/auth").failure, None);
        assert_eq!(faults(r#"{"error_rate": 1}"#).plan("/sns/auth").failure, Some(Failure::Errcode(-1)));
        assert_eq!(faults(r#"{"hang_rate": 1}"#).plan("/sns/auth").failure, Some(Failure::Hang));
        assert_eq!(faults(r#"{"drop_before_rate": 1}"#).plan("/sns/auth").failure, Some(Failure::Drop));
        assert!(faults(r#"{"drop_after_rate": 1}"#).plan("/sns/auth").drop_after);
    }

    #[test]
    fn the_quota_is_counted_by_path() {
        let faults = faults(r#"{"quota": 2}"#);
        let fails = |path| faults.plan(path).failure.is_some();
        assert_eq!([fails("/cgi-bin/a"), fails("/cgi-bin/a"), fails("/cgi-bin/a")], [false, false, true]);
        assert!(!fails("/cgi-bin/b"));
        assert!(![fails("/sns/auth"), fails("/sns/auth"), fails("/sns/auth")].contains(&true));
    }

    #[test]
    fn the_quota_tells_how_much_is_used_and_begins_anew() {
        let faults = faults(r#"{"paths": ["/cgi-bin/a"], "quota": 2}"#);
        let [none, one] = [0, 1].map(|used| Some((2, used)));
        assert_eq!((faults.quota("/cgi-bin/a"), faults.quota("/cgi-bin/b")), (none, None));
        faults.plan("/cgi-bin/a");
        assert_eq!(faults.quota("/cgi-bin/a"), one);
        for _ in 0..5 {
            faults.plan("/cgi-bin/a");
        }
        assert_eq!(faults.quota("/cgi-bin/a"), Some((2, 2)));
        faults.clear_quota();
        assert_eq!(faults.quota("/cgi-bin/a"), none);
        assert_eq!(super::Faults::default().quota("/cgi-bin/a"), None);
    }

    #[test]
    fn receipts_go_as_asked() {
        let plan = |json| faults(json).receipt_plan();
        assert_eq!(plan("{}"), ReceiptPlan::default());
        assert_eq!(plan(r#"{"receipt_loss_rate": 1, "receipt_double_rate": 1}"#).copies, 0);
        assert_eq!(plan(r#"{"receipt_double_rate": 1}"#).copies, 2);
        assert_eq!(plan(r#"{"receipt_status_rate": 1}"#).status, "failed: system failed");
        assert_eq!(plan(r#"{"receipt_status": "failed:user block"}"#).status, "failed:user block");
        assert_eq!(plan(r#"{"receipt_status": "failed", "receipt_status_rate": 0}"#).status, "success");
        assert_eq!(plan(r#"{"receipt_delay_ms": 0}"#).delay, 0);
        assert_eq!(faults(r#"{"dedupe_window_s": 2}"#).dedupe_window(), 2000);
        assert_eq!(faults("{}").dedupe_window(), 600_000);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for json in [r#"{"hang_rate": 1.5}"#, r#"{"http_status": 7}"#, r#"{"paths": ["/sandbox/stats"]}"#] {
            let settings: FaultSettings = serde_json::from_str(json).expect("settings");
            assert!(settings.complaint().is_some(), "{json}");
        }
        assert!(serde_json::from_str::<FaultSettings>(r#"{"latency": 1}"#).is_err());
    }
}
