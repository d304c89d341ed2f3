//! The change feed: one small table that tells every node which rows are worth reading again.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use entities::change;

use super::connect::Store;
use super::error::StoreError;

/// What kind of row changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A QR session; the subject is its `r` in hexadecimal.
    QrSession,
    /// A portal that was made, opened or closed, or whose service account came or went; the subject is its app's id.
    Portal,
    /// A notification that came further; the subject is its id.
    Notification,
    /// An inbox that has something new; the subject is its account's id.
    Inbox,
}

impl Topic {
    const ALL: [Self; 4] = [Self::QrSession, Self::Portal, Self::Notification, Self::Inbox];

    /// The word in its row.
    pub fn name(self) -> &'static str {
        match self {
            Self::QrSession => "qr_session",
            Self::Portal => "portal",
            Self::Notification => "notification",
            Self::Inbox => "inbox",
        }
    }

    /// Reads the word of a row.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }
}

/// One line of the feed.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its number; numbers may be committed out of their order.
    pub id: i64,
    /// What kind of row; none for a kind that only newer nodes know.
    pub topic: Option<Topic>,
    /// Which row.
    pub subject: String,
    /// Which step the row is at, where its steps have numbers.
    pub seq: Option<u32>,
}

impl Store {
    /// Lines with a number above `after`, at most `limit`, in their order.
    ///
    /// # Errors
    /// The database is away.
    pub async fn changes_after(&self, after: i64, limit: u64) -> Result<Vec<Change>, StoreError> {
        let above = change::Entity::find().filter(change::Column::Id.gt(after));
        let rows = above.order_by_asc(change::Column::Id).limit(limit).all(&self.readers).await?;
        Ok(rows.into_iter().map(read).collect())
    }

    /// The lines with one of these numbers, in their order.
    ///
    /// # Errors
    /// The database is away.
    pub async fn changes_among(&self, ids: impl Iterator<Item = i64>) -> Result<Vec<Change>, StoreError> {
        let among = change::Entity::find().filter(change::Column::Id.is_in(ids));
        let rows = among.order_by_asc(change::Column::Id).all(&self.readers).await?;
        Ok(rows.into_iter().map(read).collect())
    }

    /// The highest numbers so far, at most `limit`, in their order.
    ///
    /// # Errors
    /// The database is away.
    pub async fn last_changes(&self, limit: u64) -> Result<Vec<i64>, StoreError> {
        let last = change::Entity::find().select_only().column(change::Column::Id);
        let last = last.order_by_desc(change::Column::Id).limit(limit);
        let mut ids: Vec<i64> = last.into_tuple().all(&self.readers).await?;
        ids.reverse();
        Ok(ids)
    }
}

fn read(row: change::Model) -> Change {
    Change {
        id: row.id,
        topic: Topic::from_name(&row.topic),
        subject: row.subject,
        seq: row.seq.and_then(|seq| u32::try_from(seq).ok()),
    }
}
