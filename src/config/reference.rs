//! The page `docs/configuration.md`, made of the comments in `config/default.toml`.

use std::fmt::Write;

use super::load::{DEFAULTS, variable};
use super::values::SECRET_KEYS;

const OPENING: &str = "# Configuration

<!-- Generated from config/default.toml; `make config-reference` writes it anew. -->

Every key with its default. What is set comes, each stronger than the one before, from `config/default.toml` (compiled in), the
file given by `--config` (TOML, only the keys you change), the environment, and the flags of `menfang demo`. The variable of
`section.key` is `MENFANG__SECTION__KEY`; a list is written with commas. A key that does not exist stops the start and is named.

Keys marked with 🔑 are secret: they never appear in a log or an error. Each can also be read from a file, by the key with
`_file` at its end (`secrets.index_key_file`, `MENFANG__SECRETS__INDEX_KEY_FILE`), whose last line break is dropped.
";

/// The reference of all keys as Markdown.
pub fn markdown() -> String {
    let mut page = OPENING.to_owned();
    let mut section = String::new();
    let mut comment: Vec<&str> = Vec::new();
    // The comment above the first section is about the file, not about a key.
    for line in DEFAULTS.lines().skip_while(|line| !line.starts_with('[')) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
            open_section(&mut page, name);
        } else if let Some(text) = line.strip_prefix("# ") {
            comment.push(text);
        } else if let Some((name, default)) = line.split_once(" = ") {
            add_key(&mut page, &format!("{section}.{name}"), default, &comment.join(" "));
            comment.clear();
        }
    }
    page
}

fn open_section(page: &mut String, name: &str) {
    let _ = write!(page, "\n## {name}\n\n| key and variable | default | meaning |\n| --- | --- | --- |\n");
}

fn add_key(page: &mut String, key: &str, default: &str, meaning: &str) {
    let mark = if SECRET_KEYS.contains(&key) { " 🔑" } else { "" };
    let meaning = meaning.replace('|', "\\|");
    // Writing into a String cannot fail.
    let _ = writeln!(page, "| `{key}`{mark}<br>`{}` | `{default}` | {meaning} |", variable(key));
}

#[cfg(test)]
mod tests {
    use super::super::values::Values;
    use super::*;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");

    /// `MENFANG_REGENERATE=1 cargo test config::reference` (or `make config-reference`) writes the page anew.
    #[test]
    fn the_page_is_what_the_defaults_say() {
        #[expect(clippy::disallowed_methods, reason = "asks how this test was started, sets nothing")]
        if std::env::var_os("MENFANG_REGENERATE").is_some() {
            std::fs::write(PAGE, markdown()).unwrap();
        }
        let committed = std::fs::read_to_string(PAGE).unwrap();
        assert!(committed == markdown(), "docs/configuration.md is out of date: run `make config-reference`");
    }

    #[test]
    fn every_key_is_on_the_page_with_a_meaning() {
        let page = markdown();
        for key in Values::from_defaults(DEFAULTS).unwrap().keys() {
            let line = page
                .lines()
                .find(|line| line.starts_with(&format!("| `{key}`")))
                .unwrap_or_else(|| panic!("{key}"));
            assert!(!line.ends_with("|  |"), "{key} has no comment");
        }
        assert!(SECRET_KEYS.iter().all(|key| page.contains(&format!("`{key}` 🔑"))));
    }
}
