//! Inviting external users: an account is prepared for a phone, and whoever proves the phone comes in.

use std::collections::HashMap;

use crate::domain::audit::{Action, By};
use crate::domain::external_user::{ExternalUser, Record, Status};
use crate::domain::ids::{AppId, DepartmentId, RoleId, UserId};
use crate::domain::naming::{Named, display_name};
use crate::domain::phone_number::PhoneNumber;
use crate::domain::role::Role;
use crate::domain::scope::OrgScope;
use crate::store::{StoreError, Unit};

use super::administration::{Administration, ChangeError, Conflict, Prepared};
use super::external_users::{Whom, no_department, no_role, record};

/// Rows of a file that are stored in one unit.
const ROWS_OF_A_UNIT: usize = 200;
/// Tries against other writers of the same phones and roles.
const TRIES: usize = 3;

/// Somebody to be invited, as they were written down.
#[derive(Clone, Default)]
pub struct Invitation {
    /// The phone.
    pub phone: String,
    /// A name to show until the person gives one.
    pub name: Option<String>,
    /// The role, by id or name; the default one when absent.
    pub role: Option<String>,
    /// The department, by id or name.
    pub department: Option<String>,
}

/// What came of a file.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// How many people were invited.
    pub invited: usize,
    /// How many have an account in this app already, or came before in the file.
    pub already: usize,
    /// The rows that break a rule, in their order.
    pub failed: Vec<Failed>,
}

/// A row that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Its line in the file, from 1.
    pub line: u64,
    /// Which field.
    pub field: String,
    /// What it must be.
    pub rule: String,
}

/// An invitation whose phone and name follow their rules.
struct Checked {
    phone: PhoneNumber,
    name: Option<String>,
    role: Option<Named<RoleId>>,
    department: Option<Named<DepartmentId>>,
}

impl Administration {
    /// A phone number as people write it.
    ///
    /// # Errors
    /// It is none, or of a country that is not allowed.
    pub fn phone(&self, typed: &str) -> Result<PhoneNumber, ChangeError> {
        PhoneNumber::parse(typed, &self.parts.countries).map_err(|_| {
            ChangeError::invalid("phone", "must be a mobile number that can receive a code here")
        })
    }

    /// Prepares an account for a phone: whoever proves the phone gets it, whatever the portal asks of others.
    ///
    /// # Errors
    /// The phone has an account in this app, or a field breaks a rule.
    pub async fn invite(
        &self,
        scope: OrgScope,
        app: AppId,
        invitation: &Invitation,
        by: &By,
    ) -> Result<Prepared<Record>, ChangeError> {
        let checked = self.checked(invitation)?;
        let unit = self.parts.store.begin().await?;
        let mut places = Places::new(scope, app);
        let user = places.user(self, &unit, &checked).await?;
        let id = user.id;
        unit.create_external_user(&user).await.map_err(|error| match error {
            StoreError::Conflict => ChangeError::Conflict(Conflict::PhoneInUse),
            other => ChangeError::Store(other),
        })?;
        let invited = record(&unit, Whom { scope, app, user: id }).await?;
        Ok(self.noted(unit, by, (scope.organization(), Action::UserInvited), &id, invited))
    }

    /// Invites everybody of a file, each with its line: the good rows are stored, each once, also when the file comes
    /// again; a crash between two units loses nothing that a repetition does not bring.
    ///
    /// # Errors
    /// The database refused; the units that were written stay.
    pub async fn import_users(
        &self,
        scope: OrgScope,
        app: AppId,
        rows: &[(u64, Invitation)],
        by: &By,
    ) -> Result<Prepared<Imported>, ChangeError> {
        let mut imported = Imported::default();
        let mut good = Vec::new();
        for (line, invitation) in rows {
            match self.checked(invitation) {
                Ok(checked) => good.push((*line, checked)),
                Err(error) => imported.failed.push(failed(*line, error)?),
            }
        }
        let mut units = good.chunks(ROWS_OF_A_UNIT).peekable();
        loop {
            let rows = units.next().unwrap_or_default();
            let (unit, part) = self.import_unit(Places::new(scope, app), rows, by).await?;
            imported.invited += part.invited;
            imported.already += part.already;
            imported.failed.extend(part.failed);
            if units.peek().is_none() {
                imported.failed.sort_by_key(|row| row.line);
                return Ok(self.prepared(unit, imported));
            }
            unit.commit().await?;
        }
    }

    async fn import_unit(
        &self,
        places: Places,
        rows: &[(u64, Checked)],
        by: &By,
    ) -> Result<(Unit, Imported), ChangeError> {
        for _ in 1..TRIES {
            match self.try_import(places.clone(), rows, by).await {
                Err(ChangeError::Store(StoreError::Conflict)) => {}
                outcome => return outcome,
            }
        }
        self.try_import(places, rows, by).await
    }

    async fn try_import(
        &self,
        mut places: Places,
        rows: &[(u64, Checked)],
        by: &By,
    ) -> Result<(Unit, Imported), ChangeError> {
        let unit = self.parts.store.begin().await?;
        let mut part = Imported::default();
        let mut users = Vec::new();
        for (line, checked) in rows {
            match places.user(self, &unit, checked).await {
                Ok(user) => users.push(user),
                Err(error) => part.failed.push(failed(*line, error)?),
            }
        }
        let wanted = users.len();
        let invited = unit.create_external_users(places.app, users).await?;
        for user in &invited {
            let entry = by.did(user.organization, Action::UserInvited, &user.id);
            unit.audit(entry, &by.caller);
        }
        part.invited = invited.len();
        part.already = wanted - invited.len();
        Ok((unit, part))
    }

    fn checked(&self, invitation: &Invitation) -> Result<Checked, ChangeError> {
        let name = invitation.name.as_deref().map(display_name).transpose();
        Ok(Checked {
            phone: self.phone(&invitation.phone)?,
            name: name.map_err(|rule| ChangeError::invalid("name", rule.to_string()))?,
            role: invitation.role.as_deref().map(Named::read),
            department: invitation.department.as_deref().map(Named::read),
        })
    }
}

/// The roles and departments that a unit has looked up and holds.
#[derive(Clone)]
struct Places {
    scope: OrgScope,
    app: AppId,
    roles: HashMap<Option<Named<RoleId>>, Option<Role>>,
    departments: HashMap<Named<DepartmentId>, Option<DepartmentId>>,
}

impl Places {
    fn new(scope: OrgScope, app: AppId) -> Self {
        Self { scope, app, roles: HashMap::new(), departments: HashMap::new() }
    }

    /// The account that an invitation prepares.
    async fn user(
        &mut self,
        admin: &Administration,
        unit: &Unit,
        invitation: &Checked,
    ) -> Result<ExternalUser, ChangeError> {
        let role = self.role(unit, invitation.role.as_ref()).await?;
        let department = match &invitation.department {
            Some(named) => Some(self.department(unit, named).await?),
            None => None,
        };
        Ok(ExternalUser {
            id: UserId::generate(admin.clock(), admin.entropy()),
            organization: self.scope.organization(),
            app: self.app,
            phone: Some(invitation.phone.clone()),
            nickname: invitation.name.clone(),
            avatar_url: None,
            status: Status::Pending,
            role,
            department,
            manager: None,
            invited_at: Some(admin.now()),
        })
    }

    async fn role(&mut self, unit: &Unit, wanted: Option<&Named<RoleId>>) -> Result<String, ChangeError> {
        let key = wanted.cloned();
        if !self.roles.contains_key(&key) {
            let found = match wanted {
                Some(named) => unit.hold_role(self.app, named).await?,
                None => Some(unit.default_role(self.app).await?),
            };
            self.roles.insert(key.clone(), found);
        }
        let role = self.roles.get(&key).and_then(Option::as_ref);
        role.map(|role| role.name.clone()).ok_or_else(no_role)
    }

    async fn department(
        &mut self,
        unit: &Unit,
        wanted: &Named<DepartmentId>,
    ) -> Result<DepartmentId, ChangeError> {
        if !self.departments.contains_key(wanted) {
            let found = unit.hold_department(self.scope, wanted).await?;
            self.departments.insert(wanted.clone(), found);
        }
        self.departments.get(wanted).copied().flatten().ok_or_else(no_department)
    }
}

/// What is wrong with a row; anything that is not the row's fault ends the import.
fn failed(line: u64, error: ChangeError) -> Result<Failed, ChangeError> {
    match error {
        ChangeError::Invalid { field, rule } => Ok(Failed { line, field, rule }),
        other => Err(other),
    }
}
