//! What came of it: a table of counts, why some were not told, and what to do about it.

use std::collections::BTreeMap;
use std::process::ExitCode;

use indicatif::HumanCount;
use serde_json::Value;

use super::api::{Api, Failure, text};
use super::people;
use super::progress::{Counts, state};

use super::super::out;

/// Deliveries of one state that are read to tell their reasons.
const MOST_READ: usize = 5_000;
/// Deliveries on a page.
const PAGE: usize = 500;

/// Says what came of one notification.
pub(super) async fn one(api: &Api, notification: &Value) -> anyhow::Result<ExitCode> {
    let counts = Counts::read(notification);
    let id = text(notification, "id");
    out::line(&format!("{id}: {}, {}", state(notification), people(counts.total())));
    for (name, count) in counts.all().into_iter().filter(|(_, count)| *count > 0) {
        out::line(&format!("  {name:<10}{:>12}  {}", HumanCount(count).to_string(), meaning(name)));
        if matches!(name, "skipped" | "failed" | "rejected") {
            for (reason, many) in reasons(api, &id, name).await? {
                out::line(&format!("{:24}  {} {reason}", "", HumanCount(many)));
            }
        }
    }
    if counts.uncertain > 0 {
        out::line(
            "\nUncertain ones may have arrived. To see who, and to send one of them once more all the same:",
        );
        out::line(&format!(
            "  curl -H \"Authorization: Bearer $MENFANG_API_KEY\" '{}'",
            api.address(&format!("/notifications/{id}/deliveries?state=uncertain"))
        ));
        out::line(&format!(
            "  curl -X POST -H \"Authorization: Bearer $MENFANG_API_KEY\" {}",
            api.address("/deliveries/dlv_…/resend")
        ));
    } else if counts.failed + counts.rejected > 0 {
        out::line("\nOnce the cause is mended, one of them can be sent again:");
        out::line(&format!(
            "  curl -X POST -H \"Authorization: Bearer $MENFANG_API_KEY\" {}",
            api.address("/deliveries/dlv_…/resend")
        ));
    }
    Ok(exit(&counts))
}

/// Says what came of many, each to one person.
pub(super) fn many(counts: &Counts) {
    for (name, count) in counts.all().into_iter().filter(|(_, count)| *count > 0) {
        out::line(&format!("  {name:<10}{:>12}  {}", HumanCount(count).to_string(), meaning(name)));
    }
}

/// Why the people of a row were not told, in one line.
pub(super) async fn why_not(api: &Api, id: &str, counts: &Counts) -> Result<String, Failure> {
    let states = [
        ("failed", counts.failed),
        ("rejected", counts.rejected),
        ("uncertain", counts.uncertain),
        ("skipped", counts.skipped),
    ];
    let mut words = Vec::new();
    for (state, _) in states.into_iter().filter(|(_, many)| *many > 0) {
        let reasons = reasons(api, id, state).await?.into_keys().filter(|why| !why.is_empty());
        let reasons: Vec<String> = reasons.collect();
        let why = if reasons.is_empty() { meaning(state).to_owned() } else { reasons.join(", ") };
        words.push(format!("{state}: {why}"));
    }
    Ok(format!("{} ({id})", words.join("; ")))
}

/// The exit code of an outcome.
pub(super) fn exit(counts: &Counts) -> ExitCode {
    if counts.some_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Says how to go on with what somebody stopped watching.
pub(super) fn left_running(api: &Api, ids: &[String]) {
    let Some(id) = ids.first() else { return };
    out::note("What was ordered goes on. To watch it again, or to call it off:");
    out::note(&format!("  menfang notify --watch {id}"));
    let cancel = api.address(&format!("/notifications/{id}/cancel"));
    out::note(&format!("  curl -X POST -H \"Authorization: Bearer $MENFANG_API_KEY\" {cancel}"));
    if ids.len() > 1 {
        out::note(&format!("and so on for the other {}.", HumanCount(ids.len() as u64 - 1)));
    }
}

/// How often each reason stands with the deliveries of a state.
async fn reasons(api: &Api, id: &str, state: &str) -> Result<BTreeMap<String, u64>, Failure> {
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    let (mut cursor, mut read) = (String::new(), 0);
    while read < MOST_READ {
        let page =
            api.get(&format!("/notifications/{id}/deliveries?state={state}&limit={PAGE}{cursor}")).await?;
        let items = page["items"].as_array().map_or(&[][..], Vec::as_slice);
        read += items.len();
        for item in items {
            *found.entry(why(&text(item, "reason"), item["errcode"].as_i64())).or_default() += 1;
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(found),
        }
    }
    found.insert("and more, which are not read here".into(), 0);
    Ok(found)
}

fn meaning(state: &str) -> &'static str {
    match state {
        "pending" => "still waiting",
        "sending" => "being sent",
        "sent" => "taken by WeChat; receipts come a little later",
        "delivered" => "arrived",
        "rejected" => "taken by WeChat and not delivered",
        "skipped" => "not sent, because it was known to be no use",
        "failed" => "not sent",
        "uncertain" => "perhaps sent: the answer was lost, and it was too late to repeat safely",
        _ => "",
    }
}

/// A reason in plain words, with what to do about it.
fn why(reason: &str, errcode: Option<i64>) -> String {
    let words = match reason {
        "not_following" => "do not follow the service account: they can, by its QR code",
        "no_wechat" => "have no WeChat bound: they have to sign in once by a QR code",
        "expired" => "were too late (--expires-at)",
        "cancelled" => "were called off",
        "template_refused" => "refuse messages by this template: nothing helps but asking them",
        "gave_up" => "could not be sent in many tries: WeChat was away for long, send again later",
        "user_block" => "block the service account",
        "system_failed" => "were lost within WeChat: send again",
        "frequency_limited" => "were sent too much",
        "template_gone" => "the template is gone at WeChat: add it again, or use another",
        "template_banned" => "the template is banned by WeChat: mend it in WeChat's console",
        "service_account_unbound" => "the service account was unbound",
        "refused" => "were refused by WeChat",
        "restored" => "may have been sent since the backup was taken that was put back",
        other => other,
    };
    let number = errcode.map(|errcode| format!(" (errcode {errcode})")).unwrap_or_default();
    if reason.is_empty() || reason == words {
        format!("{words}{number}")
    } else {
        format!("{words} [{reason}]{number}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_said_in_plain_words_and_new_ones_as_they_are() {
        assert_eq!(why("user_block", None), "block the service account [user_block]");
        assert_eq!(why("refused", Some(40_003)), "were refused by WeChat [refused] (errcode 40003)");
        assert_eq!(why("something_new", None), "something_new");
    }
}
