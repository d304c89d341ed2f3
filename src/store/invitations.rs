//! Invitations, found by the hash of their token.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use entities::{affiliation, invitation};

use crate::domain::affiliation::{Affiliation, AffiliationId};
use crate::domain::clock::Millis;
use crate::domain::ids::{InvitationId, OrgId};
use crate::domain::invitation::Invitation;
use crate::domain::organization::Organization;

use super::affiliations;
use super::connect::{Store, Tools};
use super::error::StoreError;
use super::unit::Unit;

/// An invitation with who invites, and whom as what.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// Who invites.
    pub organization: Organization,
    /// Whom, as what.
    pub affiliation: Affiliation,
}

impl Store {
    /// The invitation of a token, whether or not it still counts.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn invitation(&self, token_hash: &str) -> Result<Option<Invited>, StoreError> {
        let row = invitation::Entity::find()
            .filter(invitation::Column::TokenHash.eq(token_hash))
            .one(&self.readers)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let organization = self.organization(OrgId(row.org_id)).await?;
        invited(&self.readers, &self.tools, &row, organization).await
    }
}

impl Unit {
    /// Adds an invitation and takes back those before it.
    ///
    /// # Errors
    /// The database refused.
    pub async fn create_invitation(
        &self,
        new: &Invitation,
        affiliation: AffiliationId,
        token_hash: &str,
        created_by: &str,
    ) -> Result<(), StoreError> {
        use invitation::Column::{AcceptedAt, AffiliationId as Of, RevokedAt};
        invitation::Entity::update_many()
            .col_expr(RevokedAt, Expr::value(self.now().0))
            .filter(Of.eq(affiliation.row()))
            .filter(AcceptedAt.is_null())
            .filter(RevokedAt.is_null())
            .exec(&self.tx)
            .await?;
        let row = invitation::ActiveModel {
            id: Set(new.id.0),
            org_id: Set(new.organization.0),
            affiliation_id: Set(affiliation.row()),
            token_hash: Set(token_hash.into()),
            created_by: Set(created_by.into()),
            created_at: Set(self.now().0),
            expires_at: Set(new.expires_at.0),
            accepted_at: Set(None),
            revoked_at: Set(None),
        };
        row.insert(&self.tx).await?;
        Ok(())
    }

    /// Holds an invitation until the unit ends, and gives it whether or not it still counts; none when it is gone.
    ///
    /// # Errors
    /// The database refused, or a row makes no sense.
    pub async fn hold_invitation(&self, id: InvitationId) -> Result<Option<Invited>, StoreError> {
        invitation::Entity::update_many()
            .col_expr(invitation::Column::Id, Expr::value(id.0))
            .filter(invitation::Column::Id.eq(id.0))
            .exec(&self.tx)
            .await?;
        let Some(row) = invitation::Entity::find_by_id(id.0).one(&self.tx).await? else { return Ok(None) };
        let organization = self.organization(OrgId(row.org_id)).await?;
        invited(&self.tx, &self.tools, &row, organization).await
    }

    /// Takes an invitation up; false when it does not count any more.
    ///
    /// # Errors
    /// The database refused.
    pub async fn accept_invitation(&self, id: InvitationId) -> Result<bool, StoreError> {
        use invitation::Column::{AcceptedAt, ExpiresAt, Id, RevokedAt};
        let now = self.now().0;
        let done = invitation::Entity::update_many()
            .col_expr(AcceptedAt, Expr::value(now))
            .filter(Id.eq(id.0))
            .filter(AcceptedAt.is_null())
            .filter(RevokedAt.is_null())
            .filter(ExpiresAt.gte(now))
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }
}

async fn invited<C: ConnectionTrait>(
    db: &C,
    tools: &Tools,
    row: &invitation::Model,
    organization: Option<Organization>,
) -> Result<Option<Invited>, StoreError> {
    let of_row = affiliation::Entity::find_by_id(row.affiliation_id)
        .filter(affiliation::Column::OrgId.eq(row.org_id))
        .one(db)
        .await?;
    // Whoever was removed meanwhile is invited no more.
    let (Some(of_row), Some(organization)) = (of_row, organization) else { return Ok(None) };
    let affiliation = affiliations::read(tools, &of_row)?;
    Ok(Some(Invited { invitation: read(row), organization, affiliation }))
}

fn read(row: &invitation::Model) -> Invitation {
    Invitation {
        id: InvitationId(row.id),
        organization: OrgId(row.org_id),
        expires_at: Millis(row.expires_at),
        accepted_at: row.accepted_at.map(Millis),
        revoked_at: row.revoked_at.map(Millis),
    }
}
