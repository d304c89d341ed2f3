//! The API's description as a page: what all routes have in common, each group, each shape, each code.

use askama::Template;

use crate::http::assets::asset_url;
use crate::http::i18n::Lang;
use crate::http::openapi::outline::Outline;
use crate::http::problem::Code;

/// The page. Its frame speaks two languages; what routes say of themselves stands in the document, in English.
#[derive(Clone, Debug, Template)]
#[template(path = "docs.html")]
pub struct DocsPage {
    /// The page's language.
    pub lang: Lang,
    /// Scheme and host of this server, for the calls from a shell.
    pub url: String,
    /// The host this site is served on.
    pub host: String,
    /// What there is to read.
    pub outline: &'static Outline,
}

impl DocsPage {
    fn codes() -> &'static [Code] {
        Code::ALL
    }
}
