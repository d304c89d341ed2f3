//! Roles of an app: each external user has exactly one.

use super::clock::Millis;
use super::ids::RoleId;
use super::naming::{InvalidName, display_name};

/// A role of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// Its name; external users and portals have it by this.
    pub name: String,
    /// Whether new people get it.
    pub is_default: bool,
    /// When it was made.
    pub created_at: Millis,
}

/// Why a text cannot be a role's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRoleName {
    /// It is no name at all.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// It reads as the id of a role, so that nobody could tell which one is meant.
    #[error("a role is not named like an id")]
    Id,
}

/// The name of a role, without blanks at its ends.
///
/// # Errors
/// Why it is none.
pub fn role_name(typed: &str) -> Result<String, InvalidRoleName> {
    let name = display_name(typed)?;
    if name.parse::<RoleId>().is_ok() { Err(InvalidRoleName::Id) } else { Ok(name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_role_is_not_named_like_an_id() {
        assert_eq!(role_name(" buyer ").as_deref(), Ok("buyer"));
        assert_eq!(role_name("rol_x").as_deref(), Ok("rol_x"));
        assert_eq!(role_name(&RoleId(Uuid::nil()).to_string()), Err(InvalidRoleName::Id));
        assert_eq!(role_name(" "), Err(InvalidRoleName::Name(InvalidName::Empty)));
    }
}
