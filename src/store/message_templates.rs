//! Message templates of service accounts, as WeChat listed them last.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Select};

use entities::message_template;

use crate::domain::clock::Millis;
use crate::domain::ids::{ServiceAccountId, new_uuid};
use crate::domain::notification::Outbox;
use crate::domain::scope::OrgScope;
use crate::domain::template::{Template, TemplateText, TemplateTrouble};

use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::page::{Listed, Page};
use super::unit::Unit;

const TABLE: &str = "message_templates";

/// Longest title that is kept, in characters.
const LONGEST_TITLE: usize = 120;

/// What becomes of bans of which WeChat told when a message was sent; its list does not tell of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bans {
    /// They stay.
    Kept,
    /// A listed template is tried again.
    Lifted,
}

impl Store {
    /// The templates of the scope's account, those that came to us first in front.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn templates(
        &self,
        scope: OrgScope,
        account: ServiceAccountId,
        page: Page,
    ) -> Result<Listed<Template>, StoreError> {
        let query = find(scope, account);
        let rows = page.of(query, message_template::Column::Id).all(&self.readers).await?;
        page.cut(rows, |row| row.id, read).sound()
    }

    /// A template of the scope's account.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn template(
        &self,
        scope: OrgScope,
        account: ServiceAccountId,
        template_id: &str,
    ) -> Result<Option<Template>, StoreError> {
        let row = find(scope, account)
            .filter(message_template::Column::TemplateId.eq(template_id))
            .one(&self.readers)
            .await?;
        row.map(read).transpose()
    }

    /// How many templates of the scope's account can be used.
    ///
    /// # Errors
    /// The database is away.
    pub async fn count_templates(
        &self,
        scope: OrgScope,
        account: ServiceAccountId,
    ) -> Result<u64, StoreError> {
        let usable = find(scope, account).filter(message_template::Column::Trouble.is_null());
        Ok(usable.count(&self.readers).await?)
    }
}

impl Unit {
    /// Keeps the templates that WeChat listed when it was asked at `asked_at`, and notes of the account's others that they are
    /// gone.
    ///
    /// # Errors
    /// The database refused.
    pub async fn keep_templates(
        &self,
        scope: OrgScope,
        account: ServiceAccountId,
        (listed, asked_at): (&[TemplateText], Millis),
        bans: Bans,
    ) -> Result<(), StoreError> {
        use message_template::Column;
        // Lists go by id, and ids of one instant are in no order: so new ones keep WeChat's.
        let new_id = || new_uuid(&*self.tools.clock, &*self.tools.entropy);
        let mut ids: Vec<_> = listed.iter().map(|_| new_id()).collect();
        ids.sort_unstable();
        for (text, id) in listed.iter().zip(ids) {
            let key = [Column::ServiceAccountId, Column::TemplateId];
            let anew = [Column::Title, Column::Content, Column::Example, Column::SyncedAt];
            let row = message_template::ActiveModel {
                id: Set(id),
                org_id: Set(scope.organization().0),
                service_account_id: Set(account.0),
                template_id: Set(text.id.clone()),
                title: Set(text.title.chars().take(LONGEST_TITLE).collect()),
                content: Set(text.content.clone()),
                example: Set(text.example.clone()),
                trouble: Set(None),
                synced_at: Set(asked_at.0),
            };
            message_template::Entity::insert(row)
                .on_conflict(OnConflict::columns(key).update_columns(anew).to_owned())
                .exec_without_returning(&self.tx)
                .await?;
        }
        let ids: Vec<&str> = listed.iter().map(|text| text.id.as_str()).collect();
        let of_account = message_template::Entity::update_many()
            .filter(Column::OrgId.eq(scope.organization().0))
            .filter(Column::ServiceAccountId.eq(account.0));
        let mut back = of_account
            .clone()
            .col_expr(Column::Trouble, Expr::value(None::<String>))
            .filter(Column::TemplateId.is_in(ids.clone()));
        if bans == Bans::Kept {
            back = back.filter(Column::Trouble.eq(TemplateTrouble::Gone.name()));
        }
        back.exec(&self.tx).await?;
        // What a later answer listed is not gone by this one.
        of_account
            .col_expr(Column::Trouble, Expr::value(TemplateTrouble::Gone.name()))
            .col_expr(Column::SyncedAt, Expr::value(asked_at.0))
            .filter(Column::TemplateId.is_not_in(ids))
            .filter(Column::SyncedAt.lte(asked_at.0))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// All templates of the scope's account, as this unit sees them: 25 at a time, WeChat's limit, and those that are gone.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn all_templates(
        &self,
        scope: OrgScope,
        account: ServiceAccountId,
    ) -> Result<Vec<Template>, StoreError> {
        let rows = find(scope, account).all(&self.tx).await?;
        rows.into_iter().map(read).collect()
    }

    /// Notes why a template of a service account's outbox cannot be used any more, as WeChat said when a message was sent.
    ///
    /// # Errors
    /// The database refused.
    pub async fn mark_template(
        &self,
        outbox: Outbox,
        template_id: &str,
        trouble: TemplateTrouble,
    ) -> Result<(), StoreError> {
        message_template::Entity::update_many()
            .col_expr(message_template::Column::Trouble, Expr::value(trouble.name()))
            .filter(message_template::Column::ServiceAccountId.eq(outbox.0))
            .filter(message_template::Column::TemplateId.eq(template_id))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Removes the templates of an account.
    ///
    /// # Errors
    /// The database refused.
    pub async fn forget_templates(&self, account: ServiceAccountId) -> Result<(), StoreError> {
        message_template::Entity::delete_many()
            .filter(message_template::Column::ServiceAccountId.eq(account.0))
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}

fn find(scope: OrgScope, account: ServiceAccountId) -> Select<message_template::Entity> {
    message_template::Entity::find()
        .filter(message_template::Column::OrgId.eq(scope.organization().0))
        .filter(message_template::Column::ServiceAccountId.eq(account.0))
}

fn read(row: message_template::Model) -> Result<Template, StoreError> {
    let trouble = match &row.trouble {
        Some(word) => {
            Some(TemplateTrouble::from_name(word).ok_or_else(|| inconsistent(TABLE, "trouble", row.id))?)
        }
        None => None,
    };
    let text =
        TemplateText { id: row.template_id, title: row.title, content: row.content, example: row.example };
    Ok(Template { trouble, ..Template::new(text, Millis(row.synced_at)) })
}
