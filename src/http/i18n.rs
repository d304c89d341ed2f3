//! The two languages of the pages: which one a browser gets, and the catalogue of texts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

type Catalogue = BTreeMap<String, String>;

static ZH_CN: LazyLock<Catalogue> = LazyLock::new(|| catalogue(include_str!("locales/zh-CN.toml")));
static EN: LazyLock<Catalogue> = LazyLock::new(|| catalogue(include_str!("locales/en.toml")));

/// A language the pages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// Simplified Chinese, what people here read unless they say otherwise.
    #[default]
    ZhCn,
    /// English.
    En,
}

impl Lang {
    /// The language the header prefers (highest `q`, the first of equals); Chinese when it names none of ours.
    /// The shape is RFC 9110, section 12.5.4; ranges that cannot be read are skipped.
    pub fn from_accept_language(header: Option<&str>) -> Self {
        let mut best: Option<(u16, Self)> = None;
        for (lang, weight) in header.unwrap_or_default().split(',').filter_map(range) {
            if weight > 0 && best.is_none_or(|(top, _)| weight > top) {
                best = Some((weight, lang));
            }
        }
        best.map_or(Self::ZhCn, |(_, lang)| lang)
    }

    /// The BCP 47 tag, for the `lang` attribute and `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }

    /// The text of `key`; templates read it as `lang.t("…")`.
    pub fn t(self, key: &'static str) -> &'static str {
        t(self, key)
    }

    /// The text of `key` with its slots filled; templates read it as `lang.tf("…", &[…])`.
    pub fn tf(self, key: &'static str, slots: &[(&str, &str)]) -> String {
        tf(self, key, slots)
    }

    fn catalogue(self) -> &'static Catalogue {
        match self {
            Self::ZhCn => &ZH_CN,
            Self::En => &EN,
        }
    }
}

/// The text of `key`, or the key itself when the catalogue lacks it (a test sees to it that it never does).
pub fn t(lang: Lang, key: &'static str) -> &'static str {
    lang.catalogue().get(key).map_or(key, String::as_str)
}

/// The text of `key` with every `{name}` replaced by its value. Values are not read for slots again, and not
/// escaped: that is the template's work.
pub fn tf(lang: Lang, key: &'static str, slots: &[(&str, &str)]) -> String {
    let mut rest = t(lang, key);
    let mut text = String::with_capacity(rest.len() + 32);
    while let Some((before, name, after)) = next_slot(rest) {
        text.push_str(before);
        match slots.iter().find(|(slot, _)| *slot == name) {
            Some((_, value)) => text.push_str(value),
            // Left standing: the page's script fills it in (a countdown, for example).
            None => text.extend(["{", name, "}"]),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// One range of the header with its weight in thousandths, if it is a language of ours.
fn range(part: &str) -> Option<(Lang, u16)> {
    let mut fields = part.split(';').map(str::trim);
    let tag = fields.next()?.to_ascii_lowercase();
    let lang = match tag.split('-').next()? {
        "zh" => Lang::ZhCn,
        "en" => Lang::En,
        _ => return None,
    };
    let weight = match fields.find_map(|field| field.strip_prefix("q=").or(field.strip_prefix("Q="))) {
        Some(written) => thousandths(written)?,
        None => 1000,
    };
    Some((lang, weight))
}

/// `0`, `1`, `0.8`, `0.125` as thousandths; nothing for what is no weight.
fn thousandths(written: &str) -> Option<u16> {
    let (whole, fraction) = written.split_once('.').unwrap_or((written, ""));
    let digits = whole.len() == 1 && fraction.len() <= 3 && fraction.bytes().all(|b| b.is_ascii_digit());
    let whole: u16 = whole.parse().ok().filter(|_| digits)?;
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    Some(whole * 1000 + fraction).filter(|weight| *weight <= 1000)
}

/// Splits at the first `{name}`.
fn next_slot(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// Flattens a catalogue's tables into dotted keys. What cannot be read is left out: a test holds the files whole,
/// and a page with keys for texts still works, a server that does not start does not.
fn catalogue(source: &str) -> Catalogue {
    let mut texts = Catalogue::new();
    flatten("", toml::from_str::<toml::Table>(source).unwrap_or_default(), &mut texts);
    texts
}

fn flatten(prefix: &str, table: toml::Table, texts: &mut Catalogue) {
    for (name, value) in table {
        let key = if prefix.is_empty() { Cow::from(name) } else { Cow::from(format!("{prefix}.{name}")) };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, texts),
            toml::Value::String(text) => {
                texts.insert(key.into_owned(), text);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(text: &str) -> Vec<&str> {
        let mut names = Vec::new();
        let mut rest = text;
        while let Some((_, name, after)) = next_slot(rest) {
            names.push(name);
            rest = after;
        }
        names.sort_unstable();
        names
    }

    fn files(folder: &str) -> Vec<std::path::PathBuf> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http").join(folder);
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn both_catalogues_hold_the_same_keys_with_the_same_slots() {
        assert!(ZH_CN.len() > 50, "the catalogue could not be read");
        assert_eq!(ZH_CN.keys().collect::<Vec<_>>(), EN.keys().collect::<Vec<_>>());
        for (key, text) in ZH_CN.iter() {
            assert_eq!(slots(text), slots(&EN[key]), "slots of {key}");
            assert!(!text.trim().is_empty() && !EN[key].trim().is_empty(), "{key} is empty");
        }
    }

    #[test]
    fn every_key_that_is_used_exists_and_every_text_is_used() {
        let mut used = std::collections::BTreeSet::new();
        for path in
            ["pages", "pages/views"].into_iter().flat_map(files).filter(|path| !path.ends_with("tests.rs"))
        {
            let source = std::fs::read_to_string(&path).unwrap_or_default();
            // A key is any dotted lower-case literal whose first part is a table of the catalogue.
            for literal in source.split('"').filter(|s| s.contains('.')) {
                let known_table = ZH_CN.keys().any(|key| key.split('.').next() == literal.split('.').next());
                let dotted = literal.bytes().all(|b| b.is_ascii_lowercase() || b == b'.' || b == b'_');
                let file = [".html", ".css", ".js", ".svg"].iter().any(|end| literal.ends_with(end));
                if known_table && dotted && !file {
                    assert!(ZH_CN.contains_key(literal), "{literal} in {} has no text", path.display());
                    used.insert(literal.to_owned());
                }
            }
        }
        let unused: Vec<_> = ZH_CN.keys().filter(|key| !used.contains(*key)).collect();
        assert!(unused.is_empty(), "texts that no page uses: {unused:?}");
    }

    #[test]
    fn the_header_decides_the_language() {
        for (header, expected) in [
            (None, Lang::ZhCn),
            (Some(""), Lang::ZhCn),
            (Some("fr-FR,de;q=0.8"), Lang::ZhCn),
            (Some("en"), Lang::En),
            (Some("EN-us,en;q=0.9"), Lang::En),
            (Some("zh-TW"), Lang::ZhCn),
            (Some("fr, en;q=0.3, zh;q=0.7"), Lang::ZhCn),
            (Some("fr, en;q=0.700, zh;q=0.7"), Lang::En),
            (Some("zh;q=0, en;q=0.1"), Lang::En),
            (Some("en;q=0"), Lang::ZhCn),
            (Some("en;q=7, zh;q=x, en-GB ; q=0.2"), Lang::En),
            (Some("*"), Lang::ZhCn),
        ] {
            assert_eq!(Lang::from_accept_language(header), expected, "{header:?}");
        }
    }

    #[test]
    fn slots_are_filled_once_and_unknown_ones_stay() {
        assert_eq!(tf(Lang::En, "entrance.title", &[("app", "{app}")]), "Sign in to {app}");
        assert_eq!(tf(Lang::ZhCn, "entrance.title", &[("app", "门店")]), "登录门店");
        assert!(tf(Lang::En, "entrance.waiting.countdown", &[]).contains("{time}"));
        assert_eq!(t(Lang::En, "no.such.key"), "no.such.key");
    }
}
