//! Platform accounts: registered people, who are members or external collaborators of organizations.

/// What somebody signs in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// A browser.
    Web,
    /// The mobile app.
    App,
}

impl Client {
    /// Every client.
    pub const ALL: [Self; 2] = [Self::Web, Self::App];

    /// The contract's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::App => "app",
        }
    }

    /// Reads the contract's word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.name() == name)
    }
}

/// How an account stands in an organization, as its member or its external collaborator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Invited, but not registered yet.
    Invited,
    /// In use; a member takes a seat.
    Active,
    /// Switched off.
    Disabled,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Invited, Self::Active, Self::Disabled];

    /// The contract's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// Reads the contract's word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        assert!(Client::ALL.into_iter().all(|value| Client::from_name(value.name()) == Some(value)));
        assert!(Status::ALL.into_iter().all(|value| Status::from_name(value.name()) == Some(value)));
        assert_eq!((Client::from_name("Web"), Status::from_name("")), (None, None));
    }
}
