//! Modules: what people are invited into.

use crate::domain::audit::{Action, By};
use crate::domain::ids::ModuleId;
use crate::domain::module::{Module, ModuleKind};
use crate::domain::scope::OrgScope;
use crate::store::modules::NewModule;
use crate::store::{StoreError, Unit};

use super::administration::{Administration, ChangeError, Conflict, Prepared};

/// A module as a request names it.
#[derive(Clone, Debug)]
pub enum ModuleReference {
    /// One that is there, by its id.
    Id(String),
    /// One of this kind and name, which is made if it is not there.
    Named {
        /// What it is.
        kind: ModuleKind,
        /// Its name, checked.
        name: String,
    },
}

impl Administration {
    /// Adds a module.
    ///
    /// # Errors
    /// There is one of this kind and name, or no such app here.
    pub async fn create_module(
        &self,
        scope: OrgScope,
        new: &NewModule,
        by: &By,
    ) -> Result<Prepared<Module>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        if let Some(app) = new.app
            && !unit.has_app(scope, app).await?
        {
            return Err(ChangeError::invalid("app", "there is no such app here"));
        }
        let made = unit.create_module(scope, new).await.map_err(|error| match error {
            StoreError::Conflict => ChangeError::Conflict(Conflict::NameTaken),
            other => ChangeError::Store(other),
        })?;
        Ok(self.noted(unit, by, (scope.organization(), Action::Created), &made.id.clone(), made))
    }

    /// Takes a module away: nobody is in it any more.
    ///
    /// # Errors
    /// There is no such module.
    pub async fn delete_module(
        &self,
        scope: OrgScope,
        id: ModuleId,
        by: &By,
    ) -> Result<Prepared<()>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        if !unit.delete_module(scope, id).await? {
            return Err(ChangeError::NotFound);
        }
        Ok(self.noted(unit, by, (scope.organization(), Action::Deleted), &id, ()))
    }
}

/// The module that a request names; one that is named by kind and name is made if need be.
pub(super) async fn found_or_made(
    unit: &Unit,
    scope: OrgScope,
    field: &str,
    reference: &ModuleReference,
    by: &By,
) -> Result<ModuleId, ChangeError> {
    let (kind, name) = match reference {
        ModuleReference::Id(text) => {
            let known = match text.parse() {
                Ok(id) => unit.module(scope, id).await?,
                Err(_) => None,
            };
            let known = known.ok_or_else(|| ChangeError::invalid(field, "there is no such module here"))?;
            return Ok(known.id);
        }
        ModuleReference::Named { kind, name } => (*kind, name),
    };
    if let Some(known) = unit.module_named(scope, kind, name).await? {
        return Ok(known.id);
    }
    let made = unit.create_module(scope, &NewModule { kind, name: name.clone(), app: None }).await?;
    unit.audit(by.did(scope.organization(), Action::Created, &made.id), &by.caller);
    Ok(made.id)
}
