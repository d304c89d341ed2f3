//! Platform accounts as their own routes show them.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::domain::account::Account;
use crate::usecases::platform_accounts::Membership;

use super::affiliations::AffiliationStatus;

/// A platform account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlatformAccount {
    /// Its id.
    id: String,
    /// What the person is called.
    name: String,
    /// The phone, its middle hidden.
    phone_masked: String,
    /// When it was registered.
    #[schema(format = DateTime)]
    created_at: String,
}

/// An organization that an account belongs to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrganizationOfAccount {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
}

/// As what an account belongs to an organization.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AffiliationOfAccount {
    /// The organization.
    organization: OrganizationOfAccount,
    /// As what: `member` or `external_collaborator`.
    kind: &'static str,
    /// The member's or collaborator's id there.
    id: String,
    /// How it stands.
    status: AffiliationStatus,
}

pub(super) fn account_example() -> serde_json::Value {
    json!({
        "id": "acc_01J0000000000000000000000A", "name": "Li Lei", "phone_masked": "138****8000",
        "created_at": "2026-11-22T10:00:00.000Z",
    })
}

pub(super) fn affiliation_example() -> serde_json::Value {
    json!({
        "organization": {"id": "org_01J0000000000000000000000A", "name": "Example Ltd"}, "kind": "member",
        "id": "mbr_01J0000000000000000000000A", "status": "active",
    })
}

pub(super) fn account(known: &Account) -> PlatformAccount {
    PlatformAccount {
        id: known.id.to_string(),
        name: known.name.clone(),
        phone_masked: known.phone.masked(),
        created_at: known.created_at.rfc3339(),
    }
}

pub(super) fn organization(membership: &Membership) -> OrganizationOfAccount {
    let known = &membership.organization;
    OrganizationOfAccount { id: known.id.to_string(), name: known.name.clone() }
}

pub(super) fn affiliation(membership: &Membership) -> AffiliationOfAccount {
    let known = &membership.placed.affiliation;
    AffiliationOfAccount {
        organization: organization(membership),
        kind: known.id.belonging().kind().name(),
        id: known.id.to_string(),
        status: known.status.into(),
    }
}
