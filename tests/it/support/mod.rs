//! What stories are told with: a server, browsers, phones, sockets.
//! Not here: what any of them should do.
//! Called by all tests; nothing else knows ports, headers or tables.

pub(crate) mod backend;
pub(crate) mod backup;
pub(crate) mod browser;
pub(crate) mod database;
pub(crate) mod host;
pub(crate) mod inboxes;
pub(crate) mod left_over;
pub(crate) mod outbox;
pub(crate) mod phone;
pub(crate) mod places;
pub(crate) mod registrant;
pub(crate) mod server;
mod settings;
pub(crate) mod socket;
pub(crate) mod web;
pub(crate) mod wire;

pub(crate) use backend::Backend;
pub(crate) use browser::{Browser, Qr};
pub(crate) use database::OwnDatabase;
pub(crate) use phone::Phone;
pub(crate) use registrant::{PASSWORD, Registrant};
pub(crate) use server::TestServer;
pub(crate) use socket::Socket;
