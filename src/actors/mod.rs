//! What waits, repeats or pushes: live views of rows, rebuilt at any time from them.
//! Not here: decisions (`domain`), changes with a name (`usecases`), HTTP.
//! Started by `server`; watched by `http/live`.

pub mod change_feed;
pub mod closed_portals;
pub mod dispatcher;
pub mod follow_check;
pub mod follower_import;
pub mod frame;
pub mod inbox;
pub mod inboxes;
pub mod janitor;
pub mod progress;
pub mod qr_session;
pub mod registry;
pub mod scanned;
pub mod supervision;
mod unfollowed;
pub mod watcher;
