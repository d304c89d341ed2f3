//! What handlers take out of a request.
//! Not here: decisions about it.
//! Called by the handlers of `http`.

pub mod account;
pub mod body;
pub mod visitor;

pub use account::Account;
pub use body::fields;
pub use visitor::Visitor;
