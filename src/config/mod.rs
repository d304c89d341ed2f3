//! What an operator can set: one struct per section, read from the defaults, a file and the environment.
//! Not here: anything that acts on a value; no room of ours is known. The only place of `std::env`.
//! Called by cli, server and telemetry; every other room is handed its section.

pub mod accounts;
pub mod api;
pub mod billing;
pub mod database;
pub mod error;
pub mod http;
pub mod lifetimes;
pub mod limits;
pub mod load;
pub mod network;
pub mod notifications;
pub mod ops;
pub mod redis;
pub mod reference;
pub mod retention;
pub mod seats;
pub mod secret;
pub mod secrets;
mod server_url;
pub mod sms;
pub mod telemetry;
pub mod url;
mod values;
pub mod wechat;

pub use self::redis::{Redis, RedisServers};
pub use accounts::Accounts;
pub use api::Api;
pub use billing::Billing;
pub use database::Database;
pub use error::ConfigError;
pub use http::{Http, Language};
pub use lifetimes::Lifetimes;
pub use limits::Limits;
pub use load::Config;
pub use network::Cidr;
pub use notifications::Notifications;
pub use ops::Ops;
pub use retention::Retention;
pub use seats::Seats;
pub use secret::{Key, Secret};
pub use secrets::{EncryptionKey, Secrets};
pub use sms::{Sms, SmsProvider};
pub use telemetry::{LogFormat, Telemetry};
pub use url::{BaseUrl, Origin};
pub use wechat::WeChat;
