//! Departments of an organization.

use crate::domain::audit::{Action, By};
use crate::domain::department::Department;
use crate::domain::ids::DepartmentId;
use crate::domain::naming::Named;
use crate::domain::scope::OrgScope;
use crate::store::departments::DepartmentSettings;
use crate::store::{StoreError, Unit};

use super::administration::{Administration, ChangeError, Conflict, Prepared};

/// What a request changes of a department; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct DepartmentChange {
    /// Its name, checked.
    pub name: Option<String>,
    /// What it is part of, by id or name; `Some(None)` for nothing.
    pub parent: Option<Option<String>>,
}

impl Administration {
    /// Adds a department.
    ///
    /// # Errors
    /// The name is taken, or there is no such parent.
    pub async fn create_department(
        &self,
        scope: OrgScope,
        name: &str,
        parent: Option<&str>,
        by: &By,
    ) -> Result<Prepared<Department>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        let parent = match parent {
            Some(text) => Some(found(&unit, scope, "parent", text).await?),
            None => None,
        };
        let made = unit.create_department(scope, name, parent.map(|parent| parent.id)).await;
        let made = made.map_err(name_taken)?;
        Ok(self.noted(unit, by, (scope.organization(), Action::Created), &made.id.clone(), made))
    }

    /// Changes a department.
    ///
    /// # Errors
    /// There is no such department or parent, the name is taken, or it would be part of itself.
    pub async fn change_department(
        &self,
        scope: OrgScope,
        id: DepartmentId,
        change: DepartmentChange,
        by: &By,
    ) -> Result<Prepared<Department>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        unit.hold_hierarchy(scope.organization()).await?;
        let parent = match change.parent {
            None => None,
            Some(None) => Some(None),
            Some(Some(text)) => {
                let parent = found(&unit, scope, "parent", &text).await?;
                refuse_circle(&unit, scope, id, &parent).await?;
                Some(Some(parent.id))
            }
        };
        let settings = DepartmentSettings { name: change.name, parent };
        if !unit.set_department(scope, id, &settings).await.map_err(name_taken)? {
            return Err(ChangeError::NotFound);
        }
        let changed = unit.department(scope, id).await?.ok_or(ChangeError::NotFound)?;
        Ok(self.noted(unit, by, (scope.organization(), Action::SettingChanged), &id, changed))
    }

    /// Takes a department away: its people lose it, its parts move up.
    ///
    /// # Errors
    /// There is no such department.
    pub async fn delete_department(
        &self,
        scope: OrgScope,
        id: DepartmentId,
        by: &By,
    ) -> Result<Prepared<()>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        unit.hold_hierarchy(scope.organization()).await?;
        if !unit.delete_department(scope, id).await? {
            return Err(ChangeError::NotFound);
        }
        Ok(self.noted(unit, by, (scope.organization(), Action::Deleted), &id, ()))
    }
}

/// The department that a field names, by id or name; it is held until the unit ends, so that nobody is left in one that
/// is deleted at the same moment.
pub(super) async fn found(
    unit: &Unit,
    scope: OrgScope,
    field: &str,
    text: &str,
) -> Result<Department, ChangeError> {
    let known = match unit.hold_department(scope, &Named::read(text)).await? {
        Some(id) => unit.department(scope, id).await?,
        None => None,
    };
    known.ok_or_else(|| ChangeError::invalid(field, "there is no such department here"))
}

async fn refuse_circle(
    unit: &Unit,
    scope: OrgScope,
    id: DepartmentId,
    parent: &Department,
) -> Result<(), ChangeError> {
    let mut above = Some(parent.clone());
    while let Some(department) = above {
        if department.id == id {
            return Err(ChangeError::invalid("parent", "a department is not part of itself"));
        }
        above = match department.parent {
            Some(parent) => unit.department(scope, parent).await?,
            None => None,
        };
    }
    Ok(())
}

fn name_taken(error: StoreError) -> ChangeError {
    match error {
        StoreError::Conflict => Conflict::NameTaken.into(),
        other => other.into(),
    }
}
