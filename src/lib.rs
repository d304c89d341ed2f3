//! Menfang: signs people in by WeChat QR code, live, and tells them things through WeChat.

pub mod config;
pub mod domain;
pub mod telemetry;
