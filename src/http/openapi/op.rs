//! One operation while it is described.

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::domain::right::Scope;
use crate::http::api::permit::Demand;
use crate::http::problem::Code;

use super::problems;

/// One operation while it is described.
#[derive(Clone)]
pub struct Op {
    fields: Map<String, Value>,
    schemas: Map<String, Value>,
}

/// Begins a description.
pub fn op(tag: &str, summary: &str) -> Op {
    let fields = json!({"tags": [tag], "summary": summary, "responses": {}});
    Op { fields: fields.as_object().cloned().unwrap_or_default(), schemas: Map::new() }
}

/// A parameter of the query.
pub fn query(name: &str, schema: &Value, description: &str) -> Value {
    json!({"name": name, "in": "query", "schema": schema, "description": description})
}

/// A text.
pub fn text() -> Value {
    json!({"type": "string"})
}

impl Op {
    /// The finished description.
    pub fn build(self) -> Value {
        Value::Object(self.fields)
    }

    /// The schemas that it refers to, by name.
    pub fn schemas(&self) -> &Map<String, Value> {
        &self.schemas
    }

    /// Adds more than the summary says.
    #[must_use]
    pub fn describe(mut self, text: &str) -> Self {
        self.fields.insert("description".into(), json!(text));
        self
    }

    /// Names what has to be sent to prove who asks.
    #[must_use]
    pub fn security(mut self, scheme: &str) -> Self {
        self.fields.insert("security".into(), json!([{scheme: []}]));
        self
    }

    /// Names the logins of a platform account, one of which has to be sent; what such routes have in common is said with it.
    #[must_use]
    pub fn account(mut self) -> Self {
        let either = json!([{"account_token": []}, {"account": []}]);
        self.fields.insert("security".into(), either);
        self.problems(&[Code::NotSignedIn, Code::Unavailable])
    }

    /// Says that nothing has to be sent to prove who asks.
    #[must_use]
    pub fn anybody(mut self) -> Self {
        self.fields.insert("security".into(), json!([]));
        self.problems(&[Code::BadRequest, Code::TooManyRequests, Code::Unavailable])
    }

    /// Demands an API key with a right; what such routes have in common is said with it.
    #[must_use]
    pub fn right<R: Demand>(mut self) -> Self {
        let scope = R::scope().map(Scope::name);
        self.fields.insert("security".into(), json!([{"api_key": []}]));
        self.fields.insert("x-scope".into(), json!(scope));
        let mut codes = vec![
            Code::Unauthorized,
            Code::BadRequest,
            Code::UrlTooLong,
            Code::TooManyRequests,
            Code::Unavailable,
        ];
        if scope.is_some() {
            codes.extend([
                Code::MissingScope,
                Code::OrganizationDisabled,
                Code::PlatformKeyRequired,
                Code::NotFound,
            ]);
        }
        self.problems(&codes)
    }

    /// Adds parameters.
    #[must_use]
    pub fn parameters(mut self, parameters: Value) -> Self {
        let known = self.fields.entry("parameters").or_insert_with(|| json!([]));
        if let (Value::Array(known), Value::Array(more)) = (known, parameters) {
            known.extend(more);
        }
        self
    }

    /// A form of these fields, each a text; a name that ends in `?` need not be sent.
    #[must_use]
    pub fn form(mut self, fields: &[&str]) -> Self {
        let required: Vec<_> = fields.iter().filter(|name| !name.ends_with('?')).collect();
        let properties: Map<String, Value> = fields
            .iter()
            .map(|name| (name.trim_end_matches('?').to_owned(), json!({"type": "string"})))
            .collect();
        let schema = json!({"type": "object", "required": required, "properties": properties});
        let content = json!({"application/x-www-form-urlencoded": {"schema": schema}});
        self.fields.insert("requestBody".into(), json!({"required": true, "content": content}));
        self
    }

    /// A JSON body of a type, with an example; the route then honours `Idempotency-Key`.
    #[must_use]
    pub fn takes<T: ToSchema>(mut self, example: &Value) -> Self {
        let schema = self.refer::<T>();
        let content = json!({"application/json": {"schema": schema, "example": example}});
        self.fields.insert("requestBody".into(), json!({"required": true, "content": content}));
        self.problems(&[
            Code::BadJson,
            Code::TooLarge,
            Code::UnsupportedMediaType,
            Code::UnknownField,
            Code::InvalidField,
        ])
    }

    /// The same as a text of another media type, with an example.
    #[must_use]
    pub fn takes_text(mut self, media: &str, example: &str) -> Self {
        if let Some(content) = self.fields.get_mut("requestBody").and_then(|body| body.get_mut("content")) {
            content[media] = json!({"schema": {"type": "string"}, "example": example});
        }
        self
    }

    /// Says that a repetition under the same key has no second effect.
    #[must_use]
    pub fn repeatable(self) -> Self {
        let key = json!({
            "name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            "description": "A repetition with the same key within 24 hours gets the same answer and has no second effect",
        });
        self.parameters(json!([key])).problems(&[
            Code::IdempotencyMismatch,
            Code::IdempotencyRunning,
            Code::InvalidField,
            Code::Conflict,
        ])
    }

    /// Adds answers as they are.
    #[must_use]
    pub fn answers(mut self, answers: Value) -> Self {
        if let (Some(Value::Object(known)), Value::Object(more)) = (self.fields.get_mut("responses"), answers)
        {
            known.extend(more);
        }
        self
    }

    /// An answer of a media type.
    #[must_use]
    pub fn answer(self, status: &str, description: &str, media: &str) -> Self {
        self.answers(json!({status: {"description": description, "content": {media: {}}}}))
    }

    /// An answer without a body.
    #[must_use]
    pub fn nothing(self, status: &str, description: &str) -> Self {
        self.answers(json!({status: {"description": description}}))
    }

    /// A JSON answer of a schema that is described elsewhere.
    #[must_use]
    pub fn json(self, status: &str, schema: &str) -> Self {
        let reference = json!({"$ref": format!("#/components/schemas/{schema}")});
        let content = json!({"application/json": {"schema": reference}});
        self.answers(json!({status: {"description": schema, "content": content}}))
    }

    /// A JSON answer of a type, with an example.
    #[must_use]
    pub fn gives<T: ToSchema>(mut self, status: &str, description: &str, example: &Value) -> Self {
        let schema = self.refer::<T>();
        let content = json!({"application/json": {"schema": schema, "example": example}});
        self.answers(json!({status: {"description": description, "content": content}}))
    }

    /// A stream of server-sent events, each with a value of a type, and an example of that.
    #[must_use]
    pub fn streams<T: ToSchema>(mut self, status: &str, description: &str, example: &Value) -> Self {
        let schema = self.refer::<T>();
        let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        let description = format!("{description}; each `data` is a {name}");
        let content = json!({"text/event-stream": {"example": format!("id: 1\ndata: {example}\n\n")}});
        self.answers(json!({status: {"description": description, "content": content}}))
    }

    /// A page of a list of a type.
    #[must_use]
    pub fn lists<T: ToSchema>(self) -> Self {
        self.lists_with::<T>(&json!({}))
    }

    /// A page of a list of a type, with more fields beside it.
    #[must_use]
    pub fn lists_with<T: ToSchema>(mut self, more: &Value) -> Self {
        let schema = self.refer::<T>();
        let mut properties = json!({
            "items": {"type": "array", "items": schema},
            "next": {"type": ["string", "null"], "description": "The cursor of the next page"},
        });
        let mut required = vec!["items".to_owned(), "next".to_owned()];
        if let (Some(known), Some(more)) = (properties.as_object_mut(), more.as_object()) {
            required.extend(more.keys().cloned());
            known.extend(more.clone());
        }
        let page = json!({"type": "object", "required": required, "properties": properties});
        let parameters = json!([
            // The form of an id's 16 bytes; anything else is refused.
            query(
                "cursor",
                &json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{21}[AQgw]$"}),
                "The `next` of the page before",
            ),
            query(
                "limit",
                &json!({"type": "integer", "minimum": 1, "maximum": 500, "default": 50}),
                "Rows on the page",
            ),
        ]);
        self.parameters(parameters)
            .answers(
                json!({"200": {"description": "A page", "content": {"application/json": {"schema": page}}}}),
            )
            .problems(&[Code::InvalidField])
    }

    /// What may be in the way; codes of one status stand together.
    #[must_use]
    pub fn problems(mut self, codes: &[Code]) -> Self {
        let mut words: Vec<String> = self
            .fields
            .get("x-codes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(ToOwned::to_owned)
            .collect();
        words.extend(codes.iter().map(|code| code.word().to_owned()));
        words.sort_unstable();
        words.dedup();
        let all: Vec<Code> =
            Code::ALL.iter().copied().filter(|code| words.iter().any(|word| word == code.word())).collect();
        self.fields.insert("x-codes".into(), json!(words));
        self.answers(Value::Object(problems(&all)))
    }

    /// A reference to a type's schema, which is collected with all that it refers to.
    fn refer<T: ToSchema>(&mut self) -> Value {
        let name = T::name();
        let mut found = vec![(name.to_string(), T::schema())];
        T::schemas(&mut found);
        for (name, schema) in found {
            if let Ok(value) = serde_json::to_value(schema) {
                self.schemas.insert(name, value);
            }
        }
        json!({"$ref": format!("#/components/schemas/{name}")})
    }
}
