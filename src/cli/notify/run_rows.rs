//! One order for each row of a file, and waiting for all of them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use indicatif::HumanCount;
use serde_json::Value;
use tokio::time::sleep;

use crate::domain::keys::{hex, sha256};

use super::api::{Api, Failure, text};
use super::progress::{Counts, Shown, is_over, state};
use super::rows::{Row, read};
use super::{Notify, people, report};

use super::super::out::{self, UsageError};

/// Requests under way at once.
const AT_ONCE: usize = 8;
/// The pause between two looks at one that is not over.
const LOOK: Duration = Duration::from_secs(1);
/// Refused rows that are told one by one.
const MOST_TOLD: usize = 20;

/// An order for one row.
struct Order {
    number: usize,
    body: Value,
    key: String,
}

/// Orders for every row, waits, and says what came of it.
pub(super) async fn run(notify: &Notify, api: &Api, app: &str, file: &Path) -> anyhow::Result<ExitCode> {
    let bytes = std::fs::read(file)
        .map_err(|error| UsageError(format!("--file: cannot read {} ({error})", file.display())))?;
    let orders = orders(notify, app, &bytes)?;
    let made = Mutex::new(Vec::new());
    let (refused, ids) = tokio::select! {
        done = order_all(notify, api, app, orders, &made) => done?,
        _ = tokio::signal::ctrl_c() => {
            let ids = made.into_inner().unwrap_or_default();
            out::note(&format!("{} rows were ordered; the same command goes on with the others.", ids.len()));
            report::left_running(api, &ids);
            return Ok(ExitCode::FAILURE);
        }
    };
    tell(&refused);
    let good = if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if notify.dry_run {
        out::line(&format!(
            "{} rows would be sent; {} are refused.",
            HumanCount(ids.len() as u64),
            refused.len()
        ));
        return Ok(good);
    }
    if notify.no_wait {
        for id in &ids {
            out::line(id);
        }
        return Ok(good);
    }
    let counts = tokio::select! {
        counts = wait(api, &ids) => counts?,
        _ = tokio::signal::ctrl_c() => {
            report::left_running(api, &ids);
            return Ok(ExitCode::FAILURE);
        }
    };
    out::line(&format!(
        "{} of {} rows are ordered: {}",
        HumanCount(ids.len() as u64),
        HumanCount((ids.len() + refused.len()) as u64),
        people(counts.total())
    ));
    report::many(&counts);
    Ok(if refused.is_empty() { report::exit(&counts) } else { good })
}

/// The orders of a file. Each has a key of the file, the row and all that is asked for: the same command again, after a crash, is
/// no second order.
fn orders(notify: &Notify, app: &str, bytes: &[u8]) -> Result<Vec<Order>, UsageError> {
    let (file, by) = (hex(&sha256(bytes)), notify.idempotency_key.as_deref().unwrap_or_default());
    let order = |Row { number, audience, data }: Row| {
        let body = notify.wanted.body_with(&audience, data)?;
        let whole = [by, app, &file, &number.to_string(), &body.to_string()].join("\0");
        let key = format!("notify-{}", hex(&sha256(whole.as_bytes())));
        Ok(Order { number, body, key })
    };
    read(bytes)?.into_iter().map(order).collect()
}

type Refused = BTreeMap<usize, String>;

/// Sends every order; gives what was refused by row, and the ids of what was taken.
async fn order_all(
    notify: &Notify,
    api: &Api,
    app: &str,
    orders: Vec<Order>,
    made: &Mutex<Vec<String>>,
) -> Result<(Refused, Vec<String>), Failure> {
    let whole = orders.len() as u64;
    let mut shown = Shown::new(Some(whole));
    let place = format!("/apps/{app}/notifications{}", if notify.dry_run { "?dry_run=true" } else { "" });
    let send = |Order { number, body, key }: Order| {
        let place = &place;
        async move { (number, api.post(place, &body, &key).await) }
    };
    let mut answers = stream::iter(orders).map(send).buffer_unordered(AT_ONCE);
    let (mut refused, mut through) = (Refused::new(), 0);
    while let Some((number, answer)) = answers.next().await {
        through += 1;
        match answer {
            Ok(answer) => {
                if let Ok(mut made) = made.lock() {
                    made.push(text(&answer, "id"));
                }
            }
            // What is wrong with this row alone.
            Err(Failure::Refused { status: 422, detail, .. }) => drop(refused.insert(number, detail)),
            Err(failure) => {
                shown.end();
                shown.note(&format!(
                    "{through} of {whole} rows were sent; the same command goes on with the others."
                ));
                return Err(failure);
            }
        }
        shown.show(through, whole, "ordered");
    }
    shown.end();
    let ids = made.lock().map(|made| made.clone()).unwrap_or_default();
    Ok((refused, ids))
}

fn tell(refused: &Refused) {
    for (number, detail) in refused.iter().take(MOST_TOLD) {
        out::note(&format!("row {number}: {detail}"));
    }
    if refused.len() > MOST_TOLD {
        out::note(&format!("and {} more rows are refused", refused.len() - MOST_TOLD));
    }
}

/// Waits until all are over; gives the counts of all together. They go out in about the order in which they were placed, so only the
/// first few that are not over are asked for.
async fn wait(api: &Api, ids: &[String]) -> Result<Counts, Failure> {
    let whole = ids.len() as u64;
    let (shown, through) = (RefCell::new(Shown::new(Some(whole))), Cell::new(0));
    let to_its_end = |id: &String| {
        let (place, shown, through) = (format!("/notifications/{id}"), &shown, &through);
        async move {
            loop {
                let now = api.get(&place).await?;
                let over = is_over(&now);
                through.set(through.get() + u64::from(over));
                shown.borrow_mut().show(through.get(), whole, &state(&now));
                if over {
                    return Ok(Counts::read(&now));
                }
                sleep(LOOK).await;
            }
        }
    };
    let mut ends = stream::iter(ids).map(to_its_end).buffer_unordered(AT_ONCE);
    let mut counts = Counts::default();
    while let Some(end) = ends.next().await {
        counts.add(end?);
    }
    shown.borrow().end();
    Ok(counts)
}
