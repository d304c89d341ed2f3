//! The page `docs/configuration.md`, made of the comments in `config/default.toml`.

/// The reference of all keys as Markdown.
pub fn markdown() -> String {
    String::new()
}
