//! The audit log, to read; it is written within a unit.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use entities::audit_entry;

use crate::domain::audit::Action;
use crate::domain::clock::Millis;
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::StoreError;
use super::page::{Listed, Page};

/// A line of the audit log.
#[derive(Clone, Debug)]
pub struct Line {
    /// When.
    pub at: Millis,
    /// What happened.
    pub action: String,
    /// Who did it.
    pub actor: String,
    /// What it was done to.
    pub subject: Option<String>,
    /// How it ended.
    pub result: String,
    /// Where from.
    pub address: String,
    /// With what.
    pub agent: String,
    /// In which request.
    pub request_id: String,
}

/// Which lines.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those of an action.
    pub action: Option<Action>,
    /// Those by an actor.
    pub actor: Option<String>,
    /// Those about something.
    pub subject: Option<String>,
    /// Those since an instant.
    pub since: Option<Millis>,
    /// Those before an instant.
    pub until: Option<Millis>,
}

impl Store {
    /// Lines of an organization, in the page's order.
    ///
    /// # Errors
    /// The database is away.
    pub async fn audit(
        &self,
        scope: OrgScope,
        wanted: &Wanted,
        page: Page,
    ) -> Result<Listed<Line>, StoreError> {
        use audit_entry::Column;
        let mut query = audit_entry::Entity::find().filter(Column::OrgId.eq(scope.organization().0));
        let equal = [
            (Column::Action, wanted.action.map(Action::name)),
            (Column::Actor, wanted.actor.as_deref()),
            (Column::Subject, wanted.subject.as_deref()),
        ];
        for (column, value) in equal {
            if let Some(value) = value {
                query = query.filter(column.eq(value));
            }
        }
        if let Some(since) = wanted.since {
            query = query.filter(Column::At.gte(since.0));
        }
        if let Some(until) = wanted.until {
            query = query.filter(Column::At.lt(until.0));
        }
        let rows = page.of(query, Column::Id).all(&self.readers).await?;
        Ok(page.cut(
            rows,
            |row| row.id,
            |row| Line {
                at: Millis(row.at),
                action: row.action,
                actor: row.actor,
                subject: row.subject,
                result: row.result,
                address: row.address,
                agent: row.agent,
                request_id: row.request_id,
            },
        ))
    }
}
