//! Who is told, as the API writes it: an object with exactly one key.

use serde::{Deserialize, Deserializer};
use serde_json::json;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, OneOfBuilder};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::notification::{Audience as Known, EVERYBODY};
use crate::usecases::administration::ChangeError;

/// Who is told: one of the keys.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Audience {
    #[serde(default, deserialize_with = "given")]
    users: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    role: Option<String>,
    #[serde(default, deserialize_with = "given")]
    department: Option<String>,
    #[serde(default, deserialize_with = "given")]
    all: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    followers: Option<String>,
    #[serde(default, deserialize_with = "given")]
    openids: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    members: Option<String>,
}

/// A key that is there has a value: null is none.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

impl Audience {
    /// The one key that was sent.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub(super) fn read(&self) -> Result<Known, ChangeError> {
        let Self { users, role, department, all, followers, openids, members } = self.clone();
        let mut sent = [
            users.map(Known::Users),
            role.map(Known::Role),
            department.map(Known::Department),
            all.map(Known::All),
            followers.map(Known::Followers),
            openids.map(Known::Openids),
            members.map(Known::Members),
        ]
        .into_iter()
        .flatten();
        match (sent.next(), sent.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(ChangeError::invalid(
                "audience",
                "must have exactly one of users, role, department, all, followers, openids and members",
            )),
        }
    }
}

impl PartialSchema for Audience {
    fn schema() -> RefOr<Schema> {
        let text = |what: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(what));
        let list = |what: &str| {
            ArrayBuilder::new()
                .items(ObjectBuilder::new().schema_type(Type::String))
                .min_items(Some(1))
                .unique_items(true)
                .description(Some(what))
        };
        let word = |what: &str| text(what).enum_values(Some([EVERYBODY]));
        let one = |name: &str, value: RefOr<Schema>| {
            ObjectBuilder::new()
                .property(name, value)
                .required(name)
                .additional_properties(Some(AdditionalProperties::FreeForm(false)))
        };
        let truth = ObjectBuilder::new()
            .schema_type(Type::Boolean)
            .enum_values(Some([true]))
            .description(Some("Every active external user of the app, or everybody who has joined it"));
        let users = "These, by their ids: external users of the app (`usr_…`); in inboxes members, collaborators and accounts \
                     (`mbr_…`, `col_…`, `acc_…`)";
        OneOfBuilder::new()
            .item(one("users", list(users).into()))
            .item(one("role", text("Everybody with this role of the app, by its id or name").into()))
            .item(one("department", text("Everybody in this department, by its id or name").into()))
            .item(one("all", truth.into()))
            .item(one(
                "followers",
                word("Everybody who follows the service account (organization keys, channel wechat)").into(),
            ))
            .item(one("openids", list("These followers (organization keys, channel wechat)").into()))
            .item(one("members", word("All members of the organization (inboxes)").into()))
            .description(Some(
                "Who is told: an object with exactly one key. `users`: ids; `role`, `department`: an id or name; `all`: true; \
                 `followers`: \"all\"; `openids`: a list; `members`: \"all\".",
            ))
            .examples([json!({"role": "rol_01J0000000000000000000000A"})])
            .into()
    }
}

impl ToSchema for Audience {
    fn name() -> std::borrow::Cow<'static, str> {
        "Audience".into()
    }
}
