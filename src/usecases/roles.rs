//! Roles of an app: added, renamed, taken away; nobody is ever left without one.

use crate::domain::audit::{Action, By};
use crate::domain::ids::{AppId, RoleId};
use crate::domain::naming::Named;
use crate::domain::role::Role;
use crate::domain::scope::OrgScope;
use crate::store::{StoreError, Unit};

use super::administration::{Administration, ChangeError, Conflict, Prepared};

impl Administration {
    /// Adds a role; its name is checked.
    ///
    /// # Errors
    /// The app has one of this name.
    pub async fn create_role(
        &self,
        scope: OrgScope,
        app: AppId,
        name: String,
        by: &By,
    ) -> Result<Prepared<Role>, ChangeError> {
        let id = RoleId::generate(self.clock(), self.entropy());
        let role = Role { id, name, is_default: false, created_at: self.now() };
        let unit = self.parts.store.begin().await?;
        unit.create_role(scope, app, &role).await.map_err(name_taken)?;
        Ok(self.noted(unit, by, (scope.organization(), Action::Created), &id, role))
    }

    /// Renames a role; its people and its portal follow.
    ///
    /// # Errors
    /// There is no such role, or the app has another one of this name.
    pub async fn rename_role(
        &self,
        scope: OrgScope,
        app: AppId,
        role: RoleId,
        name: String,
        by: &By,
    ) -> Result<Prepared<Role>, ChangeError> {
        let (unit, held) = self.hold_role(scope, app, role).await?;
        unit.rename_role(app, &held, &name).await.map_err(name_taken)?;
        let renamed = Role { name, ..held };
        Ok(self.noted(unit, by, (scope.organization(), Action::SettingChanged), &role, renamed))
    }

    /// Deletes a role; its people get the default role.
    ///
    /// # Errors
    /// There is no such role, or it is the default role.
    pub async fn delete_role(
        &self,
        scope: OrgScope,
        app: AppId,
        role: RoleId,
        by: &By,
    ) -> Result<Prepared<()>, ChangeError> {
        let (unit, held) = self.hold_role(scope, app, role).await?;
        if held.is_default {
            return Err(Conflict::RoleIsDefault.into());
        }
        let default = unit.default_role(app).await?;
        unit.delete_role(app, &held, &default).await?;
        Ok(self.noted(unit, by, (scope.organization(), Action::Deleted), &role, ()))
    }

    /// A unit that holds an app's portal and one of its roles: until it ends neither the default role nor this one
    /// becomes another.
    async fn hold_role(
        &self,
        scope: OrgScope,
        app: AppId,
        role: RoleId,
    ) -> Result<(Unit, Role), ChangeError> {
        let unit = self.parts.store.begin().await?;
        if !unit.hold_portal(scope, app).await? {
            return Err(ChangeError::NotFound);
        }
        let held = unit.hold_role(app, &Named::Id(role)).await?.ok_or(ChangeError::NotFound)?;
        Ok((unit, held))
    }
}

fn name_taken(error: StoreError) -> ChangeError {
    match error {
        StoreError::Conflict => ChangeError::Conflict(Conflict::NameTaken),
        other => ChangeError::Store(other),
    }
}
