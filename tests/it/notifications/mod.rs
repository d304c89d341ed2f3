//! Stories of telling people things.

mod inbox;
mod inbox_audience;
mod inbox_live;
