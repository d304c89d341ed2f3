//! Followers by the hundred, as an import writes them: what is newer than the import stays.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use entities::follower;

use crate::domain::clock::Millis;
use crate::domain::follower::{Details, FollowerImport};
use crate::domain::ids::{ServiceAccountId, new_uuid};

use super::connect::Store;
use super::error::StoreError;
use super::followers::without_profile;
use super::unit::Unit;

/// A follower's row, and whom it is about.
#[derive(Clone)]
pub struct Listed {
    /// The row.
    pub row: Uuid,
    /// WeChat's name for the person.
    pub openid: String,
}

impl Store {
    /// Has the database look how many followers there are, after many were written. PostgreSQL does so by itself up to a minute later,
    /// and until then sorts all of them for every page ("Populating a Database"); the others do not depend on it. It does not wait for
    /// whoever is at that table, who does the same or gives way to nobody.
    ///
    /// # Errors
    /// The database is away.
    pub async fn recount_followers(&self) -> Result<(), StoreError> {
        if self.writer.get_database_backend() == DbBackend::Postgres {
            self.writer.execute_unprepared("ANALYZE (SKIP_LOCKED) followers").await?;
        }
        Ok(())
    }

    /// Followers behind a row that an import has not come upon, and of whom nothing newer is known.
    ///
    /// # Errors
    /// The database is away.
    pub async fn unlisted_followers(
        &self,
        import: &FollowerImport,
        behind: Uuid,
        limit: u64,
    ) -> Result<Vec<Listed>, StoreError> {
        let query = follower::Entity::find()
            .filter(follower::Column::CheckedAt.lt(import.started_at.0))
            .filter(follower::Column::ChangedAt.lte(import.as_of().0));
        self.page(query, import.account, behind, limit).await
    }

    /// Followers behind a row of whom an import has not asked what WeChat tells.
    ///
    /// # Errors
    /// The database is away.
    pub async fn undetailed_followers(
        &self,
        import: &FollowerImport,
        behind: Uuid,
        limit: u64,
    ) -> Result<Vec<Listed>, StoreError> {
        let asked = follower::Column::DetailedAt.gte(import.started_at.0);
        let unasked = follower::Column::DetailedAt.is_null().or(asked.not());
        self.page(follower::Entity::find().filter(unasked), import.account, behind, limit).await
    }

    async fn page(
        &self,
        query: sea_orm::Select<follower::Entity>,
        account: ServiceAccountId,
        behind: Uuid,
        limit: u64,
    ) -> Result<Vec<Listed>, StoreError> {
        let rows: Vec<(Uuid, String)> = query
            .select_only()
            .columns([follower::Column::Id, follower::Column::Openid])
            .filter(follower::Column::ServiceAccountId.eq(account.0))
            .filter(follower::Column::Follows.eq(true))
            .filter(follower::Column::Id.gt(behind))
            .order_by_asc(follower::Column::Id)
            .limit(limit)
            .into_tuple()
            .all(&self.readers)
            .await?;
        Ok(rows.into_iter().map(|(row, openid)| Listed { row, openid }).collect())
    }
}

impl Unit {
    /// Those among these openids that did not follow so far, and do as of the import's beginning; their rows are held until
    /// this unit ends.
    ///
    /// # Errors
    /// The database is away.
    pub async fn returning_followers(
        &self,
        import: &FollowerImport,
        openids: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let away = follower::Entity::find()
            .select_only()
            .column(follower::Column::Openid)
            .filter(follower::Column::ServiceAccountId.eq(import.account.0))
            .filter(follower::Column::Openid.is_in(openids.iter().map(String::as_str)))
            .filter(follower::Column::Follows.eq(false))
            .filter(follower::Column::ChangedAt.lte(import.as_of().0))
            .lock_exclusive();
        Ok(away.into_tuple().all(&self.tx).await?)
    }

    /// Keeps that these openids follow, as of the import's beginning; at most some hundreds at once.
    ///
    /// # Errors
    /// The database refused.
    pub async fn list_followers(
        &self,
        import: &FollowerImport,
        openids: &[String],
    ) -> Result<(), StoreError> {
        let (as_of, now) = (import.as_of(), self.now());
        let live = self.without_closed(import.organization, import.account, openids, as_of).await?;
        if live.is_empty() {
            return Ok(());
        }
        let rows = live.into_iter().map(|openid| follower::ActiveModel {
            id: Set(new_uuid(&*self.tools.clock, &*self.tools.entropy)),
            org_id: Set(import.organization.0),
            service_account_id: Set(import.account.0),
            openid: Set(openid.to_owned()),
            follows: Set(true),
            changed_at: Set(as_of.0),
            checked_at: Set(now.0),
            followed_at: Set(None),
            scene: Set(None),
            unionid: Set(None),
            detailed_at: Set(None),
        });
        let column = |column| Expr::col((follower::Entity, column));
        let or_newer = |older: Expr, known: follower::Column| {
            let is_older = column(follower::Column::ChangedAt).lte(as_of.0);
            Expr::case(is_older, older).finally(column(known))
        };
        // `follows` is decided by `changed_at`, so it comes first: MySQL sets columns in their order.
        let known = OnConflict::columns([follower::Column::ServiceAccountId, follower::Column::Openid])
            .value(follower::Column::Follows, or_newer(Expr::value(true), follower::Column::Follows))
            .value(follower::Column::ChangedAt, or_newer(Expr::value(as_of.0), follower::Column::ChangedAt))
            .update_column(follower::Column::CheckedAt)
            .to_owned();
        follower::Entity::insert_many(rows).on_conflict(known).exec_without_returning(&self.tx).await?;
        Ok(())
    }

    /// Keeps that these rows' people follow no longer, as of the import's beginning, unless something newer is known by now;
    /// gives those of whom it is true.
    ///
    /// # Errors
    /// The database refused.
    pub async fn unlist_followers(
        &self,
        import: &FollowerImport,
        listed: Vec<Listed>,
    ) -> Result<Vec<String>, StoreError> {
        let openids: Vec<String> = listed.into_iter().map(|listed| listed.openid).collect();
        let rows = self.held(import.account, &openids).await?;
        let as_of = import.as_of();
        let older = |row: &follower::Model| {
            row.follows && row.checked_at < import.started_at.0 && row.changed_at <= as_of.0
        };
        let gone: Vec<follower::Model> = rows.into_iter().filter(older).collect();
        self.unfollow(&gone, as_of).await?;
        Ok(gone.into_iter().map(|row| row.openid).collect())
    }

    /// Keeps what WeChat told of people it was asked about at `asked`; gives those of whom it said that they follow no longer.
    ///
    /// # Errors
    /// The database refused.
    pub async fn detail_followers(
        &self,
        account: ServiceAccountId,
        openids: &[String],
        told: &HashMap<String, Details>,
        asked: Millis,
    ) -> Result<Vec<String>, StoreError> {
        let now = self.now().0;
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        for row in self.held(account, openids).await?.into_iter().filter(|row| row.follows) {
            match told.get(&row.openid) {
                Some(details) if !details.follows && row.changed_at <= asked.0 => gone.push(row),
                Some(details) if details.follows => kept.push(follower::Model {
                    followed_at: details.followed_at.map(|at| at.0),
                    scene: details.scene.clone(),
                    unionid: details.unionid.clone(),
                    detailed_at: Some(now),
                    ..row
                }),
                // An event that is newer than the answer, or nobody's openid: there is nothing to keep, and it was asked.
                _ => kept.push(follower::Model { detailed_at: Some(now), ..row }),
            }
        }
        self.unfollow(&gone, asked).await?;
        if !kept.is_empty() {
            let told = OnConflict::columns([follower::Column::ServiceAccountId, follower::Column::Openid])
                .update_columns([
                    follower::Column::FollowedAt,
                    follower::Column::Scene,
                    follower::Column::Unionid,
                    follower::Column::DetailedAt,
                ])
                .to_owned();
            // The rows are there and held: this writes many of them at once, and adds none. With ids of their own they meet one
            // unique key only, the one that is named.
            let fresh = || new_uuid(&*self.tools.clock, &*self.tools.entropy);
            let rows = kept.into_iter().map(|row| follower::Model { id: fresh(), ..row });
            let rows = rows.map(|row| row.into_active_model().reset_all());
            follower::Entity::insert_many(rows).on_conflict(told).exec_without_returning(&self.tx).await?;
        }
        Ok(gone.into_iter().map(|row| row.openid).collect())
    }

    /// The rows of these openids, held until this unit ends.
    async fn held(
        &self,
        account: ServiceAccountId,
        openids: &[String],
    ) -> Result<Vec<follower::Model>, StoreError> {
        let rows = follower::Entity::find()
            .filter(follower::Column::ServiceAccountId.eq(account.0))
            .filter(follower::Column::Openid.is_in(openids.iter().map(String::as_str)))
            .lock_exclusive();
        Ok(rows.all(&self.tx).await?)
    }

    async fn unfollow(&self, rows: &[follower::Model], at: Millis) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let update = follower::Entity::update_many()
            .col_expr(follower::Column::Follows, Expr::value(false))
            .col_expr(follower::Column::ChangedAt, Expr::value(at.0))
            .col_expr(follower::Column::CheckedAt, Expr::value(self.now().0))
            .filter(follower::Column::Id.is_in(rows.iter().map(|row| row.id)));
        without_profile(update).exec(&self.tx).await?;
        Ok(())
    }
}
