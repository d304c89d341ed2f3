//! What WeChat sends us, and what it looks for: authorizations through the phone, pushes, the file at the domain's root.
//! Not here: what they mean (`wechat`), what they change (`usecases`).
//! Called by `http`'s routes.

pub mod domain_file;
pub mod wechat;
