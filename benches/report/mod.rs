//! What comes out: one table of medians, each beside its reference and its budget.

mod files;
mod json;
mod line;
mod svg;
mod table;
mod text;

pub(crate) use line::{Line, Unit};
pub(crate) use table::Table;
