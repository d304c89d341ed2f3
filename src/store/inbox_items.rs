//! Inboxes: what stands in them, and whether it was read. Its words are its notification's.

use std::collections::{BTreeMap, HashMap};

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use uuid::Uuid;

use entities::{affiliation, app, inbox_item, notification, organization};

use crate::domain::account::Status;
use crate::domain::clock::Millis;
use crate::domain::ids::{AccountId, DeliveryId, NotificationId, OrgId};
use crate::domain::inbox::{InboxItem, InboxKind, InboxScope};

use super::changes::Topic;
use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::notifications;
use super::page::{Listed, Order, Page};
use super::unit::Unit;

/// Which items.
#[derive(Clone, Copy, Debug, Default)]
pub struct InboxFilter {
    /// Those that were not read, or those that were.
    pub unread: Option<bool>,
    /// Those of one kind.
    pub kind: Option<InboxKind>,
}

/// An inbox as its owner sees it.
#[derive(Clone, Debug)]
pub struct InboxView {
    /// Where it looks.
    pub scope: InboxScope,
    /// The items, the newest first.
    pub items: Listed<InboxItem>,
    /// How many items in all were not read.
    pub unread: u64,
}

impl Store {
    /// Where an account may look: the organizations in which it is active now.
    ///
    /// # Errors
    /// The database is away.
    pub async fn inbox_scope(&self, account: AccountId) -> Result<InboxScope, StoreError> {
        scope_of(&self.readers, account).await
    }

    /// A page of an account's inbox.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn inbox(
        &self,
        account: AccountId,
        wanted: InboxFilter,
        page: Page,
    ) -> Result<InboxView, StoreError> {
        let scope = self.inbox_scope(account).await?;
        let mut query = within(&scope);
        if let Some(unread) = wanted.unread {
            let read_at = inbox_item::Column::ReadAt;
            query = query.filter(if unread { read_at.is_null() } else { read_at.is_not_null() });
        }
        if let Some(kind) = wanted.kind {
            query = query.filter(is_of(kind));
        }
        let rows =
            page.ordered(Order::Descending).of(query, inbox_item::Column::Id).all(&self.readers).await?;
        let Listed { items, next } = page.cut(rows, |row| row.id, |row| row);
        let unread = within(&scope).filter(inbox_item::Column::ReadAt.is_null()).count(&self.readers).await?;
        let items = Listed { items: read_all(&self.readers, items).await?, next };
        Ok(InboxView { scope, items, unread })
    }

    /// An item of an account's inbox.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn inbox_item(
        &self,
        account: AccountId,
        id: DeliveryId,
    ) -> Result<Option<InboxItem>, StoreError> {
        let scope = self.inbox_scope(account).await?;
        item_of(&self.readers, &scope, id).await
    }
}

impl Unit {
    /// Where an account may look, as this unit sees it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn inbox_scope(&self, account: AccountId) -> Result<InboxScope, StoreError> {
        scope_of(&self.tx, account).await
    }

    /// An item of an inbox, as this unit sees it.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn inbox_item(
        &self,
        scope: &InboxScope,
        id: DeliveryId,
    ) -> Result<Option<InboxItem>, StoreError> {
        item_of(&self.tx, scope, id).await
    }

    /// Marks an item read that was not, and tells those who watch the inbox.
    ///
    /// # Errors
    /// The database refused.
    pub async fn mark_inbox_item_read(&self, scope: &InboxScope, item: &InboxItem) -> Result<(), StoreError> {
        let this = Condition::all().add(inbox_item::Column::Id.eq(item.id.0));
        self.mark_read(scope.account, item.organization.0, this).await?;
        Ok(())
    }

    /// Marks everything read, and tells those who watch the inbox; gives how much there was.
    ///
    /// # Errors
    /// The database refused.
    pub async fn mark_inbox_read(&self, scope: &InboxScope) -> Result<u64, StoreError> {
        let mut read = 0;
        for organization in &scope.organizations {
            read += self.mark_read(scope.account, *organization, Condition::all()).await?;
        }
        Ok(read)
    }

    async fn mark_read(
        &self,
        account: AccountId,
        organization: OrgId,
        which: Condition,
    ) -> Result<u64, StoreError> {
        use inbox_item::Column;
        let done = inbox_item::Entity::update_many()
            .col_expr(Column::ReadAt, Expr::value(self.now().0))
            .filter(Column::AccountId.eq(account.0))
            .filter(Column::OrgId.eq(organization.0))
            .filter(Column::ReadAt.is_null())
            .filter(which)
            .exec(&self.tx)
            .await?;
        if done.rows_affected > 0 {
            self.changed(organization, Topic::Inbox, &account.to_string());
        }
        Ok(done.rows_affected)
    }
}

/// Items of one account that it may see.
fn within(scope: &InboxScope) -> Select<inbox_item::Entity> {
    inbox_item::Entity::find()
        .filter(inbox_item::Column::AccountId.eq(scope.account.0))
        .filter(inbox_item::Column::OrgId.is_in(scope.organizations.iter().map(|id| id.0)))
}

/// Whether an item is of a kind, which its notification says.
fn is_of(kind: InboxKind) -> Expr {
    let of_item = (inbox_item::Entity, inbox_item::Column::NotificationId);
    let its_own = Query::select()
        .expr(Expr::value(1))
        .from(notification::Entity)
        .and_where(Expr::col((notification::Entity, notification::Column::Id)).equals(of_item))
        .and_where(Expr::col((notification::Entity, notification::Column::Channel)).eq(kind.channel().name()))
        .to_owned();
    Expr::exists(its_own)
}

async fn scope_of<C: ConnectionTrait>(db: &C, account: AccountId) -> Result<InboxScope, StoreError> {
    let active = Query::select()
        .column(affiliation::Column::OrgId)
        .from(affiliation::Entity)
        .and_where(affiliation::Column::AccountId.eq(account.0))
        .and_where(affiliation::Column::Status.eq(Status::Active.name()))
        .to_owned();
    let open: Vec<Uuid> = organization::Entity::find()
        .select_only()
        .column(organization::Column::Id)
        .filter(organization::Column::Enabled.eq(true))
        .filter(organization::Column::Id.in_subquery(active))
        .order_by_asc(organization::Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    Ok(InboxScope { account, organizations: open.into_iter().map(OrgId).collect() })
}

async fn item_of<C: ConnectionTrait>(
    db: &C,
    scope: &InboxScope,
    id: DeliveryId,
) -> Result<Option<InboxItem>, StoreError> {
    let row = within(scope).filter(inbox_item::Column::Id.eq(id.0)).one(db).await?;
    Ok(read_all(db, row.into_iter().collect()).await?.pop())
}

/// Reads items with their words. One whose notification is gone is left out: it is being swept at this moment.
async fn read_all<C: ConnectionTrait>(
    db: &C,
    rows: Vec<inbox_item::Model>,
) -> Result<Vec<InboxItem>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids = rows.iter().map(|row| row.notification_id);
    let orders = notification::Entity::find().filter(notification::Column::Id.is_in(ids)).all(db).await?;
    let apps = app::Entity::find()
        .filter(app::Column::Id.is_in(orders.iter().map(|order| order.app_id)))
        .all(db)
        .await?;
    let apps: HashMap<Uuid, String> = apps.into_iter().map(|app| (app.id, app.name)).collect();
    let organizations = organization::Entity::find()
        .filter(organization::Column::Id.is_in(rows.iter().map(|row| row.org_id)))
        .all(db)
        .await?;
    let organizations: HashMap<Uuid, String> =
        organizations.into_iter().map(|organization| (organization.id, organization.name)).collect();
    let orders: HashMap<Uuid, notification::Model> =
        orders.into_iter().map(|order| (order.id, order)).collect();
    let read = |row: inbox_item::Model| {
        let order = orders.get(&row.notification_id)?;
        Some(item(&row, order.clone(), (apps.get(&order.app_id), organizations.get(&row.org_id))))
    };
    rows.into_iter().filter_map(read).collect()
}

fn item(
    row: &inbox_item::Model,
    order: notification::Model,
    (app, organization): (Option<&String>, Option<&String>),
) -> Result<InboxItem, StoreError> {
    let order = notifications::read(order)?;
    let named = |name: Option<&String>, column| {
        name.cloned().ok_or_else(|| inconsistent("notifications", column, order.id))
    };
    Ok(InboxItem {
        id: DeliveryId(row.id),
        kind: InboxKind::of_channel(order.channel)
            .ok_or_else(|| inconsistent("notifications", "channel", order.id))?,
        app: (order.app, named(app, "app_id")?),
        organization: (OrgId(row.org_id), named(organization, "org_id")?),
        data: fields(order.id, &order.data)?,
        template: order.template,
        url: order.url,
        created_at: Millis(row.created_at),
        read_at: row.read_at.map(Millis),
    })
}

fn fields(id: NotificationId, data: &str) -> Result<BTreeMap<String, String>, StoreError> {
    serde_json::from_str(data).map_err(|_| inconsistent("notifications", "data", id))
}
