//! A change that a backend asks for: the permit, the body, and the right to run it once (`Idempotency-Key`).

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, web};
use futures_util::future::LocalBoxFuture;
use serde::Serialize;

use crate::domain::api_key::owner;
use crate::domain::keys::{hex, sha256};
use crate::http::extract::body;
use crate::http::problem::{Code, Problem};
use crate::http::site::Site;
use crate::store::StoreError;
use crate::store::idempotency::Claim;
use crate::usecases::administration::{ChangeError, Kept, Prepared};
use crate::usecases::repeats::Repeat;

use super::body::{Body, Nothing};
use super::failures::failed;
use super::permit::{Demand, Permitted, Place};

/// Longest `Idempotency-Key`.
const KEY_BYTES: usize = 255;

/// A change that is asked for by somebody who may.
pub struct Order<R, P, B = Nothing> {
    /// Who, where, by which right.
    pub permit: Permitted<R, P>,
    /// The body.
    pub body: B,
    /// The ids of the address and the rest of the request.
    pub request: HttpRequest,
    claim: Option<Claim>,
}

/// Why there is no order: a problem, or the answer that was given before.
struct Answered(HttpResponse);

impl From<Problem> for Answered {
    fn from(problem: Problem) -> Self {
        Self(problem.error_response())
    }
}

impl<R: Demand, P: Place, B: Body> FromRequest for Order<R, P, B> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let payload = web::Payload::from_request(&request, &mut payload).await?;
            Self::read(request, payload).await.map_err(|Answered(answer)| {
                actix_web::error::InternalError::from_response("answered", answer).into()
            })
        })
    }
}

impl<R: Demand, P: Place, B: Body> Order<R, P, B> {
    async fn read(request: HttpRequest, payload: web::Payload) -> Result<Self, Answered> {
        let permit = Permitted::<R, P>::of(&request).await?;
        let (site, visitor) = (&permit.site, &permit.visitor);
        let limit = B::LIMIT.unwrap_or(site.front.body_bytes);
        let bytes = body::bytes_up_to(payload, visitor, site, limit).await?;
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let read = B::read(&bytes, kind.unwrap_or_default(), visitor)?;
        let claim = claim(&permit, &request, &bytes).await?;
        Ok(Self { permit, body: read, request, claim })
    }

    /// Answers with what came of it, and makes it true; the answer is kept for a repetition in the same unit.
    pub async fn answer<T, V: Serialize>(
        self,
        outcome: Result<Prepared<T>, ChangeError>,
        status: StatusCode,
        view: impl FnOnce(&T) -> V,
    ) -> HttpResponse {
        let done = match outcome {
            Ok(prepared) => self.settle(prepared, status, view).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(answer) => answer,
            Err(error) => self.refused(error).await,
        }
    }

    /// Answers 204 and makes it true.
    pub async fn answer_nothing<T>(self, outcome: Result<Prepared<T>, ChangeError>) -> HttpResponse {
        self.answer(outcome, StatusCode::NO_CONTENT, |_| ()).await
    }

    /// Answers 200 with what was only looked at: nothing was changed, so its key can be used again.
    pub async fn answer_unchanged<V: Serialize>(self, outcome: Result<V, ChangeError>) -> HttpResponse {
        match outcome {
            Ok(value) => {
                self.forget().await;
                shown(value)
            }
            Err(error) => self.refused(error).await,
        }
    }

    async fn settle<T, V: Serialize>(
        &self,
        prepared: Prepared<T>,
        status: StatusCode,
        view: impl FnOnce(&T) -> V,
    ) -> Result<HttpResponse, ChangeError> {
        let text = if status == StatusCode::NO_CONTENT {
            String::new()
        } else {
            serde_json::to_string(&view(prepared.value())).map_err(|_| StoreError::Inconsistent {
                table: "answers",
                column: "body",
                id: String::new(),
            })?
        };
        let kept = self.claim.as_ref().map(|claim| Kept { claim, status: status.as_u16(), body: &text });
        prepared.settle(kept).await?;
        Ok(json_answer(status, text))
    }

    /// Answers with what is wrong; the key of a request without effect can be used again.
    pub async fn refused(&self, error: ChangeError) -> HttpResponse {
        // A database that is away forgets nothing, and the caller has waited for it once: the key frees itself after a minute.
        if !matches!(error, ChangeError::Store(StoreError::Unavailable(_))) {
            self.forget().await;
        }
        failed(&self.permit.visitor, error).error_response()
    }

    async fn forget(&self) {
        if let Some(claim) = &self.claim
            && let Err(error) = self.permit.site.admin.forget(claim).await
        {
            tracing::warn!(error = %error, "a request without effect could not be forgotten");
        }
    }
}

/// The right to run a request, if it names a key; what is answered instead, if it ran or runs.
async fn claim<R: Demand, P: Place>(
    permit: &Permitted<R, P>,
    request: &HttpRequest,
    bytes: &[u8],
) -> Result<Option<Claim>, Answered> {
    let visitor = &permit.visitor;
    let Some(name) = request.headers().get("idempotency-key") else { return Ok(None) };
    if name.is_empty() || name.len() > KEY_BYTES {
        let detail = format!("Idempotency-Key must have 1 to {KEY_BYTES} characters");
        return Err(visitor
            .problem(Code::InvalidField)
            .detail(detail)
            .with("field", "Idempotency-Key")
            .into());
    }
    let of_request =
        [request.method().as_str().as_bytes(), request.uri().to_string().as_bytes(), bytes].join(&0);
    let (name, hash) = (hex(&sha256(name.as_bytes())), hex(&sha256(&of_request)));
    let repeat = permit.site.admin.repeat(owner(permit.key.organization), &name, &hash).await;
    match repeat.map_err(|error| failed(visitor, error.into()))? {
        Repeat::Run(claim) => Ok(Some(claim)),
        Repeat::Running => {
            let soon = std::time::Duration::from_secs(1);
            Err(visitor.problem(Code::IdempotencyRunning).retry_after(soon).into())
        }
        Repeat::Mismatch => Err(visitor.problem(Code::IdempotencyMismatch).into()),
        Repeat::Answer(status, body) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            let mut answer = json_answer(status, body);
            answer.headers_mut().insert(
                HeaderName::from_static("idempotency-replayed"),
                header::HeaderValue::from_static("true"),
            );
            Err(Answered(answer))
        }
    }
}

fn json_answer(status: StatusCode, text: String) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    if status == StatusCode::NO_CONTENT {
        return answer.finish();
    }
    answer.insert_header((header::CONTENT_TYPE, "application/json")).body(text)
}

/// Answers a read with JSON that nobody keeps.
pub fn shown<V: Serialize>(value: V) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(value)
}

impl<R, P, B> Order<R, P, B> {
    /// This server.
    pub fn site(&self) -> &Site {
        &self.permit.site
    }
}
