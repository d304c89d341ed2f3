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
use super::rows::{Place, Row, read};
use super::{Notify, people, report};

use super::super::out::{self, UsageError};

/// Requests under way at once.
const AT_ONCE: usize = 8;
/// The pause between two looks at one that is not over.
const LOOK: Duration = Duration::from_secs(1);
/// Rows that are told one by one, of those that are refused and of those who were not told.
const MOST_TOLD: usize = 20;

/// An order for one row.
struct Order {
    place: Place,
    body: Value,
    key: String,
}

/// Orders for every row, waits, and says what came of it.
pub(super) async fn run(notify: &Notify, api: &Api, app: &str, file: &Path) -> anyhow::Result<ExitCode> {
    let bytes = std::fs::read(file)
        .map_err(|error| UsageError(format!("--file: cannot read {} ({error})", file.display())))?;
    let orders = orders(notify, app, &bytes)?;
    let made = Mutex::new(Vec::new());
    let (refused, made) = tokio::select! {
        done = order_all(notify, api, app, orders, &made) => done?,
        _ = tokio::signal::ctrl_c() => {
            let ids = ids(&made.into_inner().unwrap_or_default());
            out::note(&format!("{} rows were ordered; the same command goes on with the others.", ids.len()));
            report::left_running(api, &ids);
            return Ok(ExitCode::FAILURE);
        }
    };
    tell("refused", &refused, refused.len());
    let good = if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if notify.dry_run {
        out::line(&format!(
            "{} rows would be sent; {} are refused.",
            HumanCount(made.len() as u64),
            refused.len()
        ));
        return Ok(good);
    }
    if notify.no_wait {
        for (_, id) in &made {
            out::line(id);
        }
        return Ok(good);
    }
    let (counts, untold) = tokio::select! {
        ends = wait(api, &made) => ends?,
        _ = tokio::signal::ctrl_c() => {
            report::left_running(api, &ids(&made));
            return Ok(ExitCode::FAILURE);
        }
    };
    out::line(&format!(
        "{} of {} rows are ordered: {}",
        HumanCount(made.len() as u64),
        HumanCount((made.len() + refused.len()) as u64),
        people(counts.total())
    ));
    report::many(&counts);
    let mut why = Told::new();
    for (place, (id, counts)) in untold.iter().take(MOST_TOLD) {
        why.insert(*place, report::why_not(api, id, counts).await?);
    }
    tell("not told", &why, untold.len());
    Ok(if refused.is_empty() { report::exit(&counts) } else { good })
}

/// The orders of a file. Each has a key of the file, the row and all that is asked for: the same command again, after a crash, is
/// no second order.
fn orders(notify: &Notify, app: &str, bytes: &[u8]) -> Result<Vec<Order>, UsageError> {
    let (file, by) = (hex(&sha256(bytes)), notify.idempotency_key.as_deref().unwrap_or_default());
    let order = |Row { place, audience, data }: Row| {
        let body = notify.wanted.body_with(&audience, data)?;
        let whole = [by, app, &file, &place.number.to_string(), &body.to_string()].join("\0");
        let key = format!("notify-{}", hex(&sha256(whole.as_bytes())));
        Ok(Order { place, body, key })
    };
    read(bytes)?.into_iter().map(order).collect()
}

/// What there is to say of a row.
type Told = BTreeMap<Place, String>;
/// The notifications that were ordered, each with its row.
type Made = Vec<(Place, String)>;
/// Rows of which somebody was not told: the notification, and how it ended.
type Untold = BTreeMap<Place, (String, Counts)>;

fn ids(made: &[(Place, String)]) -> Vec<String> {
    made.iter().map(|(_, id)| id.clone()).collect()
}

/// Sends every order; gives what was refused by row, and the ids of what was taken.
async fn order_all(
    notify: &Notify,
    api: &Api,
    app: &str,
    orders: Vec<Order>,
    made: &Mutex<Made>,
) -> Result<(Told, Made), Failure> {
    let whole = orders.len() as u64;
    let mut shown = Shown::new(Some(whole));
    let route = format!("/apps/{app}/notifications{}", if notify.dry_run { "?dry_run=true" } else { "" });
    let send = |Order { place, body, key }: Order| {
        let route = &route;
        async move { (place, api.post(route, &body, &key).await) }
    };
    let mut answers = stream::iter(orders).map(send).buffer_unordered(AT_ONCE);
    let (mut refused, mut through) = (Told::new(), 0);
    while let Some((place, answer)) = answers.next().await {
        through += 1;
        match answer {
            Ok(answer) => {
                if let Ok(mut made) = made.lock() {
                    made.push((place, text(&answer, "id")));
                }
            }
            // What is wrong with this row alone.
            Err(Failure::Refused { status: 422, detail, .. }) => drop(refused.insert(place, detail)),
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
    let made = made.lock().map(|made| made.clone()).unwrap_or_default();
    Ok((refused, made))
}

/// Says why, of the first rows; `all` is how many there are.
fn tell(what: &str, rows: &Told, all: usize) {
    for (place, why) in rows.iter().take(MOST_TOLD) {
        out::note(&format!("{place}: {why}"));
    }
    if all > MOST_TOLD {
        out::note(&format!("and {} more rows are {what}", all - MOST_TOLD));
    }
}

/// Waits until all are over; gives the counts of all together, and the rows with somebody who was not told. They go out in about the
/// order in which they were placed, so only the first few that are not over are asked for.
async fn wait(api: &Api, made: &[(Place, String)]) -> Result<(Counts, Untold), Failure> {
    let whole = made.len() as u64;
    let (shown, through) = (RefCell::new(Shown::new(Some(whole))), Cell::new(0));
    let to_its_end = |(place, id): &(Place, String)| {
        let (route, shown, through) = (format!("/notifications/{id}"), &shown, &through);
        let (place, id) = (*place, id.clone());
        async move {
            loop {
                let now = api.get(&route).await?;
                let over = is_over(&now);
                through.set(through.get() + u64::from(over));
                shown.borrow_mut().show(through.get(), whole, &state(&now));
                if over {
                    return Ok((place, id, Counts::read(&now)));
                }
                sleep(LOOK).await;
            }
        }
    };
    let mut ends = stream::iter(made).map(to_its_end).buffer_unordered(AT_ONCE);
    let (mut all, mut untold) = (Counts::default(), Untold::new());
    while let Some(end) = ends.next().await {
        let (place, id, counts) = end?;
        all.add(counts);
        if counts.some_failed() || counts.skipped > 0 {
            untold.insert(place, (id, counts));
        }
    }
    shown.borrow().end();
    Ok((all, untold))
}
