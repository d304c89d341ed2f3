//! The operator's port: alive, ready, numbers.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::store::Store;

/// What readiness asks.
pub struct Ops {
    /// The rows.
    pub store: Store,
    /// Whether the server is going down.
    pub draining: Arc<AtomicBool>,
    /// Whether Redis answers; none without Redis.
    pub redis_is_up: Box<dyn Fn() -> Option<bool> + Send + Sync>,
    /// Draws the numbers.
    pub metrics: fn() -> String,
}

/// Declares the operator's routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/livez").route(web::get().to(livez)))
        .service(web::resource("/readyz").route(web::get().to(readyz)))
        .service(web::resource("/metrics").route(web::get().to(metrics)));
}

async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

async fn readyz(ops: web::Data<Ops>) -> HttpResponse {
    let most = std::time::Duration::from_secs(2);
    let (database, schema) = tokio::join!(
        tokio::time::timeout(most, ops.store.ping()),
        tokio::time::timeout(most, ops.store.schema_status()),
    );
    let schema = matches!(schema, Ok(Ok(changes)) if changes.iter().all(|change| change.applied));
    let parts = [
        ("server", !ops.draining.load(Ordering::Relaxed)),
        ("database", matches!(database, Ok(Ok(())))),
        ("schema", schema),
    ];
    let failing: Vec<&str> = parts.iter().filter(|(_, well)| !well).map(|(name, _)| *name).collect();
    // Without it the node serves by itself: no reason to take it out of the row.
    let away: &[&str] = if (ops.redis_is_up)() == Some(false) { &["redis"] } else { &[] };
    if failing.is_empty() {
        HttpResponse::Ok().json(json!({"status": "ok", "failing": failing, "away": away}))
    } else {
        HttpResponse::ServiceUnavailable()
            .json(json!({"status": "failing", "failing": failing, "away": away}))
    }
}

async fn metrics(ops: web::Data<Ops>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4"))
        .body((ops.metrics)())
}
