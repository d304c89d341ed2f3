//! Chinese or English, as the browser asks.

use actix_web::{HttpRequest, http::header::ACCEPT_LANGUAGE};

/// The two languages of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Chinese,
    English,
}

impl Language {
    /// The one that the request's `Accept-Language` prefers; English when it names neither.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Self::preferred(header.unwrap_or_default())
    }

    fn preferred(header: &str) -> Self {
        let weight_of = |wanted: &str| {
            let entries = header.split(',').filter_map(|entry| {
                let (tag, rest) = entry.split_once(';').unwrap_or((entry, ""));
                let named = tag.trim().to_ascii_lowercase().split('-').next() == Some(wanted);
                let weight = rest.trim().strip_prefix("q=").and_then(|q| q.trim().parse().ok());
                named.then(|| weight.unwrap_or(1.0_f32))
            });
            entries.fold(0.0, f32::max)
        };
        let (chinese, english) = (weight_of("zh"), weight_of("en"));
        // Browsers list what they prefer first and give it the greatest weight.
        if chinese > english { Self::Chinese } else { Self::English }
    }

    /// The text in this language.
    pub(crate) const fn say(self, chinese: &'static str, english: &'static str) -> &'static str {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }

    /// The value of `lang` in HTML.
    pub(crate) const fn tag(self) -> &'static str {
        self.say("zh-CN", "en")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greater_weight_wins() {
        for (header, expected) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("en-US,en;q=0.9,zh-CN;q=0.8", Language::English),
            ("zh-TW", Language::Chinese),
            ("fr, zh;q=0.5", Language::Chinese),
            ("fr", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::preferred(header), expected, "{header}");
        }
    }
}
