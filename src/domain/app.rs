//! Apps: what an organization lets people into.

use super::clock::Millis;
use super::ids::{AppId, OrgId};

/// An app of an organization.
#[derive(Clone, Debug)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// Its organization.
    pub organization: OrgId,
    /// Its name, as visitors see it.
    pub name: String,
    /// Its logo.
    pub logo_url: Option<String>,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Its portal's place in links.
    pub slug: String,
    /// When it was made.
    pub created_at: Millis,
}
