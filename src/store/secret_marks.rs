//! Whether the secrets are those that the rows were written with: a mark of each stands beside the rows, by which nobody
//! learns it. A node with another index key would not find a person by their phone, and sign them up once more.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use entities::secret_mark::{ActiveModel, Column, Entity};

use super::connect::Store;
use super::error::StoreError;

/// What a secret is known by.
#[derive(Clone, Debug)]
pub struct SecretMark {
    /// Which secret, such as `secrets.index_key`.
    pub name: String,
    /// A keyed hash, as hex.
    pub mark: String,
}

impl Store {
    /// The names of those secrets that are not what they were; one that was never seen is none of them.
    ///
    /// # Errors
    /// The database is away.
    pub async fn changed_secrets(&self, marks: &[SecretMark]) -> Result<Vec<String>, StoreError> {
        let names = marks.iter().map(|mark| mark.name.as_str());
        let known = Entity::find().filter(Column::Name.is_in(names)).all(&self.readers).await?;
        let differs =
            |mark: &&SecretMark| known.iter().any(|known| known.name == mark.name && known.mark != mark.mark);
        Ok(marks.iter().filter(differs).map(|mark| mark.name.clone()).collect())
    }

    /// Writes the marks of secrets that were never seen, each once, whoever starts at the same moment.
    ///
    /// # Errors
    /// The database is away.
    pub async fn mark_secrets(&self, marks: &[SecretMark]) -> Result<(), StoreError> {
        let unit = self.begin().await?;
        let rows = marks.iter().map(|mark| ActiveModel {
            name: Set(mark.name.clone()),
            mark: Set(mark.mark.clone()),
            since: Set(unit.now().0),
        });
        let insert = Entity::insert_many(rows).on_conflict_do_nothing_on([Column::Name]);
        insert.exec_without_returning(&unit.tx).await?;
        unit.commit().await
    }

    /// Says that a secret is another one from now on.
    ///
    /// # Errors
    /// The database is away.
    pub async fn remark_secret(&self, mark: &SecretMark) -> Result<(), StoreError> {
        let unit = self.begin().await?;
        Entity::update_many()
            .col_expr(Column::Mark, Expr::value(mark.mark.as_str()))
            .col_expr(Column::Since, Expr::value(unit.now().0))
            .filter(Column::Name.eq(mark.name.as_str()))
            .exec(&unit.tx)
            .await?;
        unit.commit().await
    }
}
