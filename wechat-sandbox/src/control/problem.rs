//! What the control routes answer when something is wrong: `{"error": "a sentence"}`.

use std::{fmt, io};

use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError, body::BoxBody, http::StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, error::Category, json};

/// An answer that says what to do instead.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    sentence: String,
}

impl Problem {
    /// 404.
    pub(crate) fn not_found(sentence: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, sentence: sentence.into() }
    }

    /// 409: not as things stand.
    pub(super) fn conflict(sentence: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, sentence: sentence.into() }
    }

    /// 422: understood, but it cannot be.
    pub(crate) fn unfit(sentence: impl Into<String>) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, sentence: sentence.into() }
    }

    /// 405.
    pub(super) fn wrong_method() -> Self {
        Self { status: StatusCode::METHOD_NOT_ALLOWED, sentence: "this route has no such method".to_owned() }
    }

    /// Nobody has this id.
    pub(super) fn unknown_person() -> Self {
        Self::not_found("no person has this id: GET /sandbox/people lists them")
    }

    /// No account has this appid.
    pub(crate) fn unknown_account() -> Self {
        Self::not_found("no account has this appid: POST /sandbox/accounts registers it")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sentence)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status).json(json!({"error": self.sentence}))
    }
}

impl Responder for Problem {
    type Body = BoxBody;

    fn respond_to(self, _request: &HttpRequest) -> HttpResponse {
        self.error_response()
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        tracing::error!(%error, "the journal cannot be written");
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            sentence: "the journal cannot be written".to_owned(),
        }
    }
}

/// Reads the JSON of a request, whatever content type it claims. No body at all counts as `{}`.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let parsed = if body.is_empty() {
        serde_json::from_value(Value::Object(serde_json::Map::new()))
    } else {
        serde_json::from_slice(body)
    };
    parsed.map_err(|error| {
        let status = match error.classify() {
            Category::Data => StatusCode::UNPROCESSABLE_ENTITY,
            Category::Io | Category::Syntax | Category::Eof => StatusCode::BAD_REQUEST,
        };
        Problem { status, sentence: error.to_string() }
    })
}
