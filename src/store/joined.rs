//! Several tables' rows in one answer: each table's columns under names of their own.

use sea_orm::{ColumnTrait, EntityTrait, Iterable, QuerySelect, Select};

/// Adds all columns of a table that is part of a query, each name behind this prefix.
pub(super) fn columns_of<C: ColumnTrait + Iterable, E: EntityTrait>(
    query: Select<E>,
    prefix: &str,
) -> Select<E> {
    C::iter().fold(query, |query, column| query.column_as(column, format!("{prefix}{}", column.as_str())))
}
