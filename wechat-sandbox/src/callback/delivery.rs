//! Delivering one push: at most four times, the same body each time.

use reqwest::{Client, header::CONTENT_TYPE};
use tokio::{sync::oneshot, time::Instant};

use super::{
    outbox::{Delivered, Pace},
    push::Push,
};

/// Once, and three repeats.
const DELIVERIES: usize = 4;

/// Delivers until an answer will do. The first delivery's outcome is told at once.
pub(super) async fn deliver(client: &Client, pace: Pace, push: &Push, first: oneshot::Sender<Delivered>) {
    let mut first = Some(first);
    for delivery in 1..=DELIVERIES {
        let started = Instant::now();
        let outcome = deliver_once(client, push).await;
        if let Some(first) = first.take() {
            let _ = first.send(outcome);
        }
        if outcome.delivered {
            return;
        }
        tracing::debug!(delivery, status = ?outcome.status, "a callback did not take an event");
        // After a timeout the deadline itself was the pause.
        if started.elapsed() < pace.deadline && delivery < DELIVERIES {
            tokio::time::sleep(pace.pause).await;
        }
    }
    tracing::warn!("a callback did not take an event in {DELIVERIES} deliveries: given up");
}

async fn deliver_once(client: &Client, push: &Push) -> Delivered {
    let request = client.post(push.signed_url()).header(CONTENT_TYPE, "text/xml").body(push.body());
    let Ok(answer) = request.send().await else { return Delivered::NO };
    let status = answer.status().as_u16();
    let taken = status == 200 && answer.text().await.is_ok_and(|body| push.accepts(&body));
    Delivered { delivered: taken, status: Some(status) }
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
