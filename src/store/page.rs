//! Pages of a list: rows in the order of their ids, or the other way round, after the last one that was seen.

use sea_orm::sea_query::IntoColumnRef;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

/// Which page.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The last row that was seen.
    pub after: Option<Uuid>,
    /// How many rows.
    pub limit: u64,
    /// In which order.
    pub order: Order,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The oldest first.
    #[default]
    Ascending,
    /// The newest first.
    Descending,
}

impl Page {
    /// The first page of so many rows.
    pub fn first(limit: u64) -> Self {
        Self { after: None, limit, order: Order::Ascending }
    }

    /// The same page in an order.
    #[must_use]
    pub fn ordered(self, order: Order) -> Self {
        Self { order, ..self }
    }

    /// Narrows a query to this page, and one row beyond to see whether there is another.
    pub(crate) fn of<E>(self, query: Select<E>, id: E::Column) -> Select<E>
    where
        E: EntityTrait,
        E::Column: IntoColumnRef + ColumnTrait,
    {
        let query = match (self.after, self.order) {
            (Some(after), Order::Ascending) => query.filter(id.gt(after)),
            (Some(after), Order::Descending) => query.filter(id.lt(after)),
            (None, _) => query,
        };
        let query = match self.order {
            Order::Ascending => query.order_by_asc(id),
            Order::Descending => query.order_by_desc(id),
        };
        query.limit(self.limit + 1)
    }

    /// Cuts off the row beyond, and says where the next page begins.
    pub(crate) fn cut<M, T>(
        self,
        mut rows: Vec<M>,
        id: impl Fn(&M) -> Uuid,
        read: impl FnMut(M) -> T,
    ) -> Listed<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(id);
        Listed { items: rows.into_iter().map(read).collect(), next }
    }
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The row after which the next page begins; none at the end.
    pub next: Option<Uuid>,
}

impl<T, E> Listed<Result<T, E>> {
    /// All rows, or the first that could not be read.
    ///
    /// # Errors
    /// A row makes no sense.
    pub(crate) fn sound(self) -> Result<Listed<T>, E> {
        Ok(Listed { items: self.items.into_iter().collect::<Result<_, _>>()?, next: self.next })
    }
}
