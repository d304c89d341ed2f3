//! The middleware in front of everything: applies the faults in force and counts what came of a call.

use std::{io, time::Duration};

use actix_web::{
    Error, HttpResponse,
    body::{BodyStream, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::StatusCode,
    middleware::Next,
    web::{Bytes, Data},
};
use futures_util::stream;

use super::faults::{Failure, Plan};
use crate::{wechat, world::World};

/// The errcode of an answer, left by the handler for the counter. Only known paths leave one.
#[derive(Clone, Copy)]
pub(crate) struct Outcome(pub(crate) i64);

/// Answers a call as the faults ask for, and counts it.
///
/// # Errors
/// Those of the handler.
pub(crate) async fn watch(
    world: Data<World>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, Error> {
    let path = request.path().to_owned();
    let Plan { latency_ms, failure, drop_after } = world.faults.plan(&path);
    if latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(latency_ms)).await;
    }
    if let Some(failure) = failure {
        // Before it is answered: one that hangs never is.
        world.stats.count(&path, &outcome(&failure));
        return Ok(request.into_response(fail(&world, &path, &failure).await));
    }
    let response = next.call(request).await?.map_into_boxed_body();
    if let Some(Outcome(errcode)) = response.response().extensions().get() {
        world.stats.count(&path, &errcode.to_string());
    }
    if drop_after {
        let (request, _) = response.into_parts();
        return Ok(ServiceResponse::new(request, cut()));
    }
    Ok(response)
}

/// How a failure is counted.
fn outcome(failure: &Failure) -> String {
    match failure {
        Failure::Errcode(code) => code.to_string(),
        Failure::Status(status) => format!("http_{status}"),
        Failure::Drop => "dropped".to_owned(),
        Failure::Hang => "hung".to_owned(),
    }
}

async fn fail(world: &World, path: &str, failure: &Failure) -> HttpResponse {
    match failure {
        Failure::Errcode(code) => wechat::failed_call(path, *code),
        Failure::Status(status) => {
            HttpResponse::new(StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        }
        Failure::Drop => cut(),
        Failure::Hang => {
            world.stopping().await;
            cut()
        }
    }
}

/// An answer that breaks before its first byte is on the wire: the caller sees the connection end.
fn cut() -> HttpResponse {
    let broken = stream::once(async { Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionAborted)) });
    HttpResponse::Ok().body(BodyStream::new(broken))
}
