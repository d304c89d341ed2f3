//! What an operator sees: log lines on stderr and numbers for Prometheus.
//! Not here: what is worth a line or a number (each room says that itself), the ops port, the audit trail (a table).
//! Called by cli and server at the start; `metrics` is rendered by http. Every room writes by the macros of `tracing` and `metrics`.

pub mod errors;
pub mod logs;
pub mod metrics;
pub mod one_line;
