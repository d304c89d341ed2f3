//! Expansion packs that were bought, and the people who take no seat.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use entities::{affiliation, expansion_pack};

use crate::domain::account::Status;
use crate::domain::billing::{Fen, PackCount};
use crate::domain::capability::Kind;
use crate::domain::clock::Millis;
use crate::domain::ids::PackId;
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::page::{Listed, Page};
use super::unit::Unit;

const TABLE: &str = "expansion_packs";

/// Seats that were bought in one order.
#[derive(Clone, Debug)]
pub struct Pack {
    /// Its id.
    pub id: PackId,
    /// How many seats.
    pub seats: i32,
    /// Which packs they came in.
    pub combination: Vec<PackCount>,
    /// For how many days.
    pub days: i32,
    /// What they cost.
    pub total: Fen,
    /// When they were bought.
    pub ordered_at: Millis,
    /// When they end: with the licence, as it was then.
    pub ends_at: Millis,
}

impl Store {
    /// The packs of an organization, in the order they were bought.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn packs(&self, scope: OrgScope, page: Page) -> Result<Listed<Pack>, StoreError> {
        let query =
            expansion_pack::Entity::find().filter(expansion_pack::Column::OrgId.eq(scope.organization().0));
        let rows = page.of(query, expansion_pack::Column::Id).all(&self.readers).await?;
        page.cut(rows, |row| row.id, |row| read(&row)).sound()
    }

    /// How many external collaborators an organization has.
    ///
    /// # Errors
    /// The database is away.
    pub async fn collaborator_count(&self, scope: OrgScope) -> Result<u64, StoreError> {
        Ok(affiliation::Entity::find()
            .filter(affiliation::Column::OrgId.eq(scope.organization().0))
            .filter(affiliation::Column::Kind.eq(Kind::ExternalCollaborator.name()))
            .filter(affiliation::Column::Status.eq(Status::Active.name()))
            .count(&self.readers)
            .await?)
    }
}

impl Unit {
    /// Writes down what was bought.
    ///
    /// # Errors
    /// The database refused.
    pub async fn create_pack(&self, scope: OrgScope, pack: &Pack, by: &str) -> Result<(), StoreError> {
        let combination: Vec<_> =
            pack.combination.iter().map(|part| format!("{}x{}", part.count, part.size)).collect();
        let row = expansion_pack::ActiveModel {
            id: Set(pack.id.0),
            org_id: Set(scope.organization().0),
            seats: Set(pack.seats),
            combination: Set(combination.join(" ")),
            days: Set(pack.days),
            total_fen: Set(pack.total.0),
            ordered_by: Set(by.into()),
            created_at: Set(pack.ordered_at.0),
            ends_at: Set(pack.ends_at.0),
        };
        row.insert(&self.tx).await?;
        Ok(())
    }
}

fn read(row: &expansion_pack::Model) -> Result<Pack, StoreError> {
    let id = PackId(row.id);
    let part = |text: &str| {
        let (count, size) = text.split_once('x')?;
        Some(PackCount { size: size.parse().ok()?, count: count.parse().ok()? })
    };
    let combination: Option<Vec<_>> = row.combination.split_whitespace().map(part).collect();
    Ok(Pack {
        id,
        seats: row.seats,
        combination: combination.ok_or_else(|| inconsistent(TABLE, "combination", id))?,
        days: row.days,
        total: Fen(row.total_fen),
        ordered_at: Millis(row.created_at),
        ends_at: Millis(row.ends_at),
    })
}
