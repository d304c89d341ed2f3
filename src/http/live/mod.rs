//! The waiting browser: starting a QR session, watching it by three transports that give the same frames, claiming it. And
//! whoever watches how far a notification is.
//! Not here: what the frames say (`actors`).
//! Called by `http`'s routes.

pub mod events;
pub mod poll;
pub mod progress;
pub mod start;
pub mod watch;
pub mod websocket;
