//! Organizations: made and changed by the platform.

use crate::domain::api_key::KeyText;
use crate::domain::audit::{Action, By};
use crate::domain::clock::Millis;
use crate::domain::date::Date;
use crate::domain::ids::OrgId;
use crate::domain::organization::{Edition, Organization};
use crate::domain::right::Scope;
use crate::store::Unit;
use crate::store::organizations::{NewOrganization, OrganizationSettings};

use super::administration::{Administration, ChangeError, Prepared};
use super::api_keys::NewKey;

/// How many days a licence of a new organization lasts when nobody says so.
const FIRST_LICENCE_DAYS: i64 = 365;

/// An organization to be made.
#[derive(Clone, Debug)]
pub struct Founding {
    /// Its name, checked.
    pub name: String,
    /// What it has bought.
    pub edition: Edition,
    /// When its licence ends, when the platform says so.
    pub licence_ends_at: Option<Millis>,
    /// The text of its first key, when somebody has it already.
    pub key: Option<KeyText>,
}

impl Administration {
    /// Makes an organization with its first API key, which has every scope that an organization's key can hold.
    ///
    /// # Errors
    /// The database refused.
    pub async fn found(
        &self,
        new: Founding,
        by: &By,
    ) -> Result<Prepared<(Organization, KeyText)>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        let made = self.write_organization(&unit, new, by).await?;
        Ok(self.prepared(unit, made))
    }

    pub(super) async fn write_organization(
        &self,
        unit: &Unit,
        new: Founding,
        by: &By,
    ) -> Result<(Organization, KeyText), ChangeError> {
        let licence_ends_at = match new.edition {
            Edition::Free => new.licence_ends_at,
            _ => new
                .licence_ends_at
                .or_else(|| Some(Date::of(self.now()).plus_days(FIRST_LICENCE_DAYS).begins_at())),
        };
        let organization = NewOrganization {
            member_seats: self.parts.member_seats.of(new.edition),
            name: new.name,
            edition: new.edition,
            licence_ends_at,
        };
        let id = unit.create_organization(&organization).await?;
        let text = new.key.unwrap_or_else(|| KeyText::generate(self.clock(), self.entropy()));
        let key = NewKey {
            organization: Some(id),
            name: "first key".into(),
            scopes: Scope::of_organizations(),
            lasts: None,
        };
        unit.create_api_key(&self.key(key, &text), &by.actor).await?;
        unit.audit(by.did(id, Action::Created, &id), &by.caller);
        unit.audit(by.did(id, Action::KeyCreated, &text.id), &by.caller);
        let made = unit.organization(id).await?.ok_or(ChangeError::NotFound)?;
        Ok((made, text))
    }

    /// Changes an organization.
    ///
    /// # Errors
    /// There is no such organization.
    pub async fn change_organization(
        &self,
        id: OrgId,
        mut settings: OrganizationSettings,
        by: &By,
    ) -> Result<Prepared<Organization>, ChangeError> {
        settings.member_seats = settings.edition.map(|edition| self.parts.member_seats.of(edition));
        let unit = self.parts.store.begin().await?;
        if !unit.set_organization(id, &settings).await? {
            return Err(ChangeError::NotFound);
        }
        if settings.enabled.is_some() {
            let apps = unit.apps_of(id).await?;
            self.portals_switched(&unit, &apps).await?;
        }
        let changed = unit.organization(id).await?.ok_or(ChangeError::NotFound)?;
        Ok(self.noted(unit, by, (id, Action::SettingChanged), &id, changed))
    }
}
