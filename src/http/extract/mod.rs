//! What handlers take out of a request.
//! Not here: decisions about it.
//! Called by the handlers of `http`.

pub mod body;
pub mod visitor;

pub use body::fields;
pub use visitor::Visitor;
