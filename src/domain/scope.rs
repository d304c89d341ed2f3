//! Scopes: a finder of rows demands one, and only something that proves the organization can make one.

use super::api_key::ApiKey;
use super::ids::OrgId;
use super::portal::Portal;

/// Leave to look at one organization's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrgScope(OrgId);

impl OrgScope {
    /// The organization whose portal is visited.
    pub fn of_portal(portal: &Portal) -> Self {
        Self(portal.organization)
    }

    /// The organization of a row that was found by a secret of the caller's (a cookie, a ticket).
    pub fn of_row(organization: OrgId) -> Self {
        Self(organization)
    }

    /// The organization that an API key asks for: its own, or any one when the key is the platform's; none for another's.
    pub fn of_key(key: &ApiKey, asked: OrgId) -> Option<Self> {
        key.organization.is_none_or(|own| own == asked).then_some(Self(asked))
    }

    /// Which organization.
    pub fn organization(self) -> OrgId {
        self.0
    }
}
