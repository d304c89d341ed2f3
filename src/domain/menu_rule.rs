//! What WeChat allows of a menu, and the sentence that says which entry breaks it and how to mend it.

/// Most entries of the menu itself (WeChat's page on creating menus, as for all limits here).
pub const ENTRIES_LIMIT: usize = 3;

/// Most entries inside an entry.
pub const SUB_ENTRIES_LIMIT: usize = 5;

/// Longest name of an entry of the menu itself, in bytes; about four Chinese characters are shown.
pub const NAME_LIMIT: usize = 16;

/// Longest name of an entry inside an entry, in bytes; about eight Chinese characters are shown.
pub const SUB_NAME_LIMIT: usize = 60;

/// The fields whose length WeChat limits, in bytes.
pub(super) const FIELD_LIMITS: &[(&str, usize)] = &[("key", 128), ("url", 1024)];

/// Every type of action that WeChat documents, and the fields that each needs.
pub(super) const TYPES: &[(&str, &[&str])] = &[
    ("view", &["url"]),
    ("click", &["key"]),
    ("miniprogram", &["url", "appid", "pagepath"]),
    ("scancode_push", &["key"]),
    ("scancode_waitmsg", &["key"]),
    ("pic_sysphoto", &["key"]),
    ("pic_photo_or_album", &["key"]),
    ("pic_weixin", &["key"]),
    ("location_select", &["key"]),
    ("media_id", &["media_id"]),
    ("view_limited", &["media_id"]),
    ("article_id", &["article_id"]),
    ("article_view_limited", &["article_id"]),
];

/// Which entry breaks which rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {rule}", subject(.place, .name))]
pub struct MenuError {
    /// Where it stands, `button[1].sub_button[0]`; `button` for the menu itself.
    pub place: String,
    /// The entry's name; empty for the menu itself and for an entry without one.
    pub name: String,
    /// What it breaks.
    pub rule: MenuRule,
}

/// What WeChat allows, each rule said about the entry that breaks it and with the mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MenuRule {
    /// A menu has entries.
    #[error("has no entries; give it 1 to {ENTRIES_LIMIT}, or delete the menu")]
    Empty,
    /// Three in the menu, five in an entry.
    #[error("has {count} entries and may have {limit}; leave some out")]
    TooManyEntries {
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Two levels.
    #[error("stands inside an entry and holds entries itself; a menu has two levels, so move them up")]
    TooDeep,
    /// An entry acts or holds entries.
    #[error("does something and holds entries; leave out one of the two")]
    ActsAndHolds,
    /// An entry acts or holds entries.
    #[error("does nothing; name a portal, say a type with what belongs to it, or put entries inside")]
    DoesNothing,
    /// Every entry has a name.
    #[error("has no name; give it one of at most {limit} bytes")]
    NameMissing {
        /// How long it may be, in bytes.
        limit: usize,
    },
    /// Names are short.
    #[error("has a name of {bytes} bytes and may have {limit} (a Chinese character takes three); shorten it")]
    NameTooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// Texts are plain: WeChat refuses the escapes that JSON writes control characters with.
    #[error("has a line break or another control character in its {field}; take it out")]
    ControlCharacter {
        /// Where: `name` or a field of the action.
        field: String,
    },
    /// Every action has a type.
    #[error("says no type; say one of {}", known_types())]
    TypeMissing,
    /// The type is one that WeChat documents.
    #[error("has the type {}, which WeChat does not know; say one of {}", shown(.kind), known_types())]
    TypeUnknown {
        /// What it says.
        kind: String,
    },
    /// Every type has what belongs to it.
    #[error("is of the type {kind} and has no {field}; add it")]
    FieldMissing {
        /// Its type.
        kind: String,
        /// What it needs.
        field: &'static str,
    },
    /// Keys and addresses have a length.
    #[error("has a {field} of {bytes} bytes and may have {limit}; shorten it")]
    FieldTooLong {
        /// Which one.
        field: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// An address is one of the web.
    #[error("has a url that is no web address; begin it with https:// or http:// and a host, without spaces")]
    NotAnAddress,
    /// A portal is all that an entry with a portal has.
    #[error("names a portal and says something else to do; leave out one of the two")]
    PortalAndMore,
    /// The portal is one of the organization.
    #[error("names the portal {}, which the organization does not have; check its slug", shown(.slug))]
    PortalUnknown {
        /// What it names.
        slug: String,
    },
}

impl MenuError {
    /// The entry at `place` breaks `rule`.
    pub(super) fn at(place: &str, name: &str, rule: MenuRule) -> Self {
        Self { place: place.to_owned(), name: name.to_owned(), rule }
    }
}

fn subject(place: &str, name: &str) -> String {
    match name.trim() {
        "" if place == "button" => "the menu".into(),
        "" => format!("the entry {place}"),
        name => format!("the entry {} ({place})", shown(name)),
    }
}

/// Quoted, cut, and with nothing in it that could break a line.
fn shown(text: &str) -> String {
    const LENGTH: usize = 30;
    let cut: String = text.chars().take(LENGTH).collect();
    let more = if text.chars().nth(LENGTH).is_some() { "…" } else { "" };
    format!("{:?}", cut + more)
}

fn known_types() -> String {
    TYPES.iter().map(|(kind, _)| *kind).collect::<Vec<_>>().join(", ")
}
