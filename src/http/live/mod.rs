//! Live connections: the waiting browser, which starts a QR session, watches it by three transports that give the same
//! frames, and claims it; the inbox of a registered person; and whoever watches how far a notification is.
//! Not here: what the frames are (`actors`).
//! Called by `http`'s routes.

pub mod events;
pub mod inbox_socket;
pub mod poll;
pub mod progress;
pub mod qr_socket;
pub mod start;
pub mod waiting_socket;
pub mod watch;
pub mod websocket;
