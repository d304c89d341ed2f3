//! Scopes: a finder of rows demands one, and only something that proves the organization can make one.

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

    /// Which organization.
    pub fn organization(self) -> OrgId {
        self.0
    }
}
