//! What comes out: one table of medians, each beside its reference and its budget.

mod line;
mod table;
mod text;

pub(crate) use line::{Line, Unit};
pub(crate) use table::Table;
