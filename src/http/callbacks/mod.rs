//! What WeChat sends us: authorizations through the phone, pushes from its servers.
//! Not here: what they mean (`wechat`), what they change (`usecases`).
//! Called by `http`'s routes.

pub mod wechat;
