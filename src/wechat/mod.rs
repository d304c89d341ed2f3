//! Speaking WeChat: what we ask of its servers (client), and what it pushes to us (callback).
//! Not here: rows, sign-in rules, HTTP routes, the moment a call is due.
//! Called by use cases, actors and the composition root; knows `domain` and nothing else of ours.

pub mod access_token;
pub mod callback;
pub mod client;
pub mod errcode;
pub mod error;
pub mod followers;
pub mod menu;
pub mod oauth;
pub mod qr_code;
pub mod quota;
mod shared_tokens;
pub mod template_message;
pub mod trouble;

pub use client::{Credentials, DEADLINE, Endpoints, WeChat};
pub use errcode::{Advice, Class, Interface, SendRefusal};
pub use error::{NetworkFailure, WeChatError};
pub use followers::{FollowerDetails, FollowerPage, Followership, OpenidBatch};
pub use oauth::{Authorization, Profile, Scope};
pub use qr_code::ParametricCode;
pub use quota::Quota;
pub use template_message::{ListedTemplate, TemplateMessage};
pub use trouble::Trouble;

#[cfg(test)]
mod tests;
