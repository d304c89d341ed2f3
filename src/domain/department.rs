//! Departments: the parts of an organization that members and external users belong to.

use super::clock::Millis;
use super::ids::DepartmentId;

/// A department.
#[derive(Clone, Debug)]
pub struct Department {
    /// Its id.
    pub id: DepartmentId,
    /// Its name, unique in the organization.
    pub name: String,
    /// The department that it is part of.
    pub parent: Option<DepartmentId>,
    /// When it was made.
    pub created_at: Millis,
}
