//! Modules: what an external collaborator is invited into.

use super::clock::Millis;
use super::ids::{AppId, ModuleId};

/// A module.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its id.
    pub id: ModuleId,
    /// What it is.
    pub kind: ModuleKind,
    /// Its name, unique among those of its kind in the organization.
    pub name: String,
    /// The app that it belongs to, if it belongs to one.
    pub app: Option<AppId>,
    /// When it was made.
    pub created_at: Millis,
}

/// What a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModuleKind {
    /// A project.
    Project,
    /// A task.
    Task,
    /// A group.
    Group,
}

impl ModuleKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Project, Self::Task, Self::Group];

    /// Its word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Task => "task",
            Self::Group => "group",
        }
    }

    /// Reads the word of the API.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        assert!(ModuleKind::ALL.into_iter().all(|kind| ModuleKind::from_name(kind.name()) == Some(kind)));
        assert_eq!(ModuleKind::from_name("projects"), None);
    }
}
