//! Where a member or collaborator is placed: department, manager, roles, apps, modules, as far as their kind has them.

use crate::domain::affiliation::AffiliationId;
use crate::domain::audit::By;
use crate::domain::capability::{Capability, allows};
use crate::domain::ids::{AppId, DepartmentId, MemberId, ModuleId, RoleId};
use crate::domain::scope::OrgScope;
use crate::store::Unit;
use crate::store::affiliations::AffiliationSettings;

use super::administration::ChangeError;
use super::departments;
use super::modules::{ModuleReference, found_or_made};

/// Most entries of one list: each is looked up while the unit is open.
const MOST_LISTED: usize = 100;

/// Where somebody shall be placed, as a request says it; what is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Placement {
    /// What the organization calls the person, checked.
    pub name: Option<String>,
    /// The department, by id or name; `Some(None)` for none.
    pub department: Option<Option<String>>,
    /// The manager, by id; `Some(None)` for nobody.
    pub manager: Option<Option<String>>,
    /// All roles, by id or name.
    pub roles: Option<Vec<String>>,
    /// All apps, by id.
    pub apps: Option<Vec<String>>,
    /// All modules.
    pub modules: Option<Vec<ModuleReference>>,
}

/// The same, found.
#[derive(Debug, Default)]
pub(super) struct FoundPlacement {
    pub(super) settings: AffiliationSettings,
    roles: Option<Vec<RoleId>>,
    apps: Option<Vec<AppId>>,
    modules: Option<Vec<ModuleId>>,
}

impl Placement {
    /// Whether it says anything.
    pub fn says_nothing(&self) -> bool {
        self.name.is_none()
            && self.department.is_none()
            && self.manager.is_none()
            && self.roles.is_none()
            && self.apps.is_none()
            && self.modules.is_none()
    }

    /// Finds what is named.
    pub(super) async fn find(
        &self,
        unit: &Unit,
        scope: OrgScope,
        id: AffiliationId,
        by: &By,
    ) -> Result<FoundPlacement, ChangeError> {
        let kind = id.belonging().kind();
        let mut found = FoundPlacement::default();
        found.settings.name.clone_from(&self.name);
        if let Some(department) = &self.department {
            found.settings.department = Some(match department {
                Some(text) => {
                    allows(kind, Capability::Department)?;
                    Some(department_id(unit, scope, text).await?)
                }
                None => None,
            });
        }
        if let Some(manager) = &self.manager {
            found.settings.manager = Some(match manager {
                Some(text) => {
                    allows(kind, Capability::ReportingRelationship)?;
                    Some(manager_id(unit, scope, id, text).await?)
                }
                None => None,
            });
        }
        let lists = [
            ("roles", self.roles.as_ref().map(Vec::len)),
            ("apps", self.apps.as_ref().map(Vec::len)),
            ("modules", self.modules.as_ref().map(Vec::len)),
        ];
        for (field, length) in lists {
            if length.is_some_and(|length| length > MOST_LISTED) {
                return Err(ChangeError::invalid(field, format!("name at most {MOST_LISTED}")));
            }
        }
        if let Some(roles) = &self.roles {
            let roles = role_ids(unit, scope, roles).await?;
            // One that was deleted since it was found would be given all the same.
            if !unit.hold_roles(scope, &roles).await? {
                return Err(ChangeError::invalid("roles", "one of them was deleted just now"));
            }
            found.roles = Some(roles);
        }
        if let Some(apps) = &self.apps {
            found.apps = Some(app_ids(unit, scope, apps).await?);
        }
        if let Some(modules) = &self.modules {
            let mut ids = Vec::with_capacity(modules.len());
            for (place, reference) in modules.iter().enumerate() {
                ids.push(found_or_made(unit, scope, &format!("modules[{place}]"), reference, by).await?);
            }
            if !unit.hold_modules(scope, &ids).await? {
                return Err(ChangeError::invalid("modules", "one of them was deleted just now"));
            }
            found.modules = Some(ids);
        }
        Ok(found)
    }
}

impl FoundPlacement {
    /// Writes the lists.
    pub(super) async fn write_lists(
        &self,
        unit: &Unit,
        scope: OrgScope,
        id: AffiliationId,
    ) -> Result<(), ChangeError> {
        if let Some(roles) = &self.roles {
            unit.set_roles(scope, id, roles).await?;
        }
        if let Some(apps) = &self.apps {
            unit.set_apps(scope, id, apps).await?;
        }
        if let Some(modules) = &self.modules {
            unit.set_modules(scope, id, modules).await?;
        }
        Ok(())
    }
}

async fn department_id(unit: &Unit, scope: OrgScope, text: &str) -> Result<DepartmentId, ChangeError> {
    Ok(departments::found(unit, scope, "department", text).await?.id)
}

/// A manager is a member of the organization who does not report to the person, directly or over others.
async fn manager_id(
    unit: &Unit,
    scope: OrgScope,
    id: AffiliationId,
    text: &str,
) -> Result<MemberId, ChangeError> {
    let unknown = || ChangeError::invalid("manager", "there is no such member here");
    let manager: MemberId = text.parse().map_err(|_| unknown())?;
    unit.hold_hierarchy(scope.organization()).await?;
    let mut above = Some(manager);
    let mut known = false;
    while let Some(member) = above {
        if member.0 == id.row() {
            return Err(ChangeError::invalid(
                "manager",
                "nobody reports to themselves, directly or in a circle",
            ));
        }
        above = match unit.manager_of(scope, member).await? {
            Some(next) => {
                known = true;
                next
            }
            None if known => None,
            None => return Err(unknown()),
        };
    }
    // One who leaves at this moment would be reported to all the same.
    if !unit.hold_affiliation(scope, AffiliationId::Member(manager)).await? {
        return Err(unknown());
    }
    Ok(manager)
}

async fn role_ids(unit: &Unit, scope: OrgScope, roles: &[String]) -> Result<Vec<RoleId>, ChangeError> {
    let mut ids = Vec::with_capacity(roles.len());
    for (place, text) in roles.iter().enumerate() {
        let field = format!("roles[{place}]");
        let mut known = match text.parse() {
            Ok(id) => unit.role_of_any_app(scope, id).await?.into_iter().collect(),
            Err(_) => unit.roles_named(scope, text).await?,
        };
        let role = known.pop().ok_or_else(|| ChangeError::invalid(&field, "there is no such role here"))?;
        if !known.is_empty() {
            return Err(ChangeError::invalid(field, "several apps have a role of this name: give its id"));
        }
        ids.push(role.id);
    }
    Ok(ids)
}

async fn app_ids(unit: &Unit, scope: OrgScope, apps: &[String]) -> Result<Vec<AppId>, ChangeError> {
    let mut ids = Vec::with_capacity(apps.len());
    for (place, text) in apps.iter().enumerate() {
        let unknown = || ChangeError::invalid(format!("apps[{place}]"), "there is no such app here");
        let id: AppId = text.parse().map_err(|_| unknown())?;
        if !unit.has_app(scope, id).await? {
            return Err(unknown());
        }
        ids.push(id);
    }
    Ok(ids)
}
