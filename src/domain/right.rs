//! Rights: what an API key may do, each a scope of the key; an operation names the one it needs in its signature.

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// A scope of an API key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope { $($(#[$doc])* $name,)* }

        impl Scope {
            /// Every scope.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in keys and documents.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }

        $($(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Right for $name {
            const SCOPE: Scope = Scope::$name;
        })*
    };
}

/// A right that an operation demands, as a type.
pub trait Right: 'static {
    /// The scope that gives it.
    const SCOPE: Scope;
}

scopes! {
    /// Make and list organizations, change their edition and licence (platform keys only).
    OrganizationsWrite = "organizations:write";
    /// Read an organization.
    OrganizationRead = "organization:read";
    /// Read API keys (never their secrets).
    KeysRead = "keys:read";
    /// Make and revoke API keys.
    KeysWrite = "keys:write";
    /// Read the service account (never its secrets) and its menu.
    ServiceAccountRead = "service_account:read";
    /// Bind and unbind the service account, change its menu.
    ServiceAccountWrite = "service_account:write";
    /// Read followers.
    FollowersRead = "followers:read";
    /// Import followers from WeChat.
    FollowersSync = "followers:sync";
    /// Read apps, portals and roles.
    AppsRead = "apps:read";
    /// Make and change apps, portals and roles.
    AppsWrite = "apps:write";
    /// Read external users and their logins.
    ExternalUsersRead = "external_users:read";
    /// Invite, let in, change, disable and delete external users, and end their logins.
    ExternalUsersWrite = "external_users:write";
    /// Read members, collaborators, departments and modules.
    MembersRead = "members:read";
    /// Invite, change and remove members, collaborators, departments and modules.
    MembersWrite = "members:write";
    /// Read seats, quotes and bought packs.
    SeatsRead = "seats:read";
    /// Buy expansion packs.
    SeatsBuy = "seats:buy";
    /// Read the audit log.
    AuditRead = "audit:read";
    /// Read the service account's message templates.
    TemplatesRead = "templates:read";
    /// Fetch the message templates from WeChat.
    TemplatesSync = "templates:sync";
    /// Read notifications and their deliveries.
    NotificationsRead = "notifications:read";
    /// Send, cancel and resend notifications.
    NotificationsSend = "notifications:send";
}

impl Scope {
    /// Reads the word of a key.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| scope.name() == name)
    }

    /// Whether only platform keys can hold it.
    pub fn platform_only(self) -> bool {
        self == Self::OrganizationsWrite
    }

    /// Every scope that an organization's key can hold.
    pub fn of_organizations() -> Vec<Self> {
        Self::ALL.iter().copied().filter(|scope| !scope.platform_only()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_reads_back() {
        for &scope in Scope::ALL {
            assert_eq!(Scope::from_name(scope.name()), Some(scope));
        }
        assert_eq!(Scope::from_name("everything"), None);
        assert_eq!(<AppsRead as Right>::SCOPE, Scope::AppsRead);
    }
}
