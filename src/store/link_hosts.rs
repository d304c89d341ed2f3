//! The hosts that an organization's messages may link to.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use entities::organization;

use crate::domain::ids::OrgId;
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::unit::Unit;

impl Store {
    /// The hosts that the messages of the scope's organization may link to, as it named them.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn link_hosts(&self, scope: OrgScope) -> Result<Vec<String>, StoreError> {
        find(&self.readers, scope.organization()).await
    }
}

impl Unit {
    /// Names the hosts that the messages of the scope's organization may link to, in the place of those before.
    ///
    /// # Errors
    /// The database refused.
    pub async fn set_link_hosts(&self, scope: OrgScope, hosts: &[String]) -> Result<(), StoreError> {
        let text = serde_json::to_string(hosts)
            .map_err(|_| inconsistent("organizations", "link_hosts", scope.organization()))?;
        organization::Entity::update_many()
            .col_expr(organization::Column::LinkHosts, Expr::value(text))
            .filter(organization::Column::Id.eq(scope.organization().0))
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}

async fn find<C: ConnectionTrait>(db: &C, id: OrgId) -> Result<Vec<String>, StoreError> {
    let text: Option<Option<String>> = organization::Entity::find_by_id(id.0)
        .select_only()
        .column(organization::Column::LinkHosts)
        .into_tuple()
        .one(db)
        .await?;
    let Some(text) = text.flatten() else { return Ok(Vec::new()) };
    serde_json::from_str(&text).map_err(|_| inconsistent("organizations", "link_hosts", id))
}
