//! Menfang: signs people in by WeChat QR code, live, and tells them things through WeChat.
//!
//! The rooms, in the order of their arrows; nothing points back up:
//! - [`cli`]: the commands
//! - [`server`]: puts the rooms together
//! - [`config`]: what an operator may set
//! - [`telemetry`]: logs and metrics
//! - [`telemetry`]: logs and metrics
//! - [`http`]: what the network says to us, and what we answer
//! - [`usecases`]: every change, by name
//! - [`actors`]: what waits, repeats or pushes
//! - [`wechat`], [`sms`]: the outside services
//! - [`bus`]: "look!", between actors and nodes
//! - [`store`]: the rows
//! - [`domain`]: the rules

pub mod actors;
pub mod bus;
pub mod cli;
pub mod config;
pub mod domain;
pub mod http;
pub mod server;
pub mod sms;
pub mod store;
pub mod telemetry;
pub mod usecases;
pub mod wechat;
