//! What an organization's messages may open.

use std::collections::BTreeSet;

use crate::domain::audit::{Action, By};
use crate::domain::link::{MOST_HOSTS, check_link, is_link_host};
use crate::domain::scope::OrgScope;

use super::administration::{Administration, ChangeError, Prepared};

/// What stands in the audit log for the hosts, which have no id of ours.
const SUBJECT: &str = "link_hosts";

impl Administration {
    /// Checks an address that a message of the scope's organization opens.
    ///
    /// # Errors
    /// Which rule `url` breaks, or the database is away.
    pub async fn check_link(&self, scope: OrgScope, url: &str) -> Result<(), ChangeError> {
        let hosts = self.parts.store.link_hosts(scope).await?;
        check_link(url, self.public_url(), &hosts)
            .map_err(|rule| ChangeError::invalid("url", rule.to_string()))
    }

    /// Names the hosts that messages may link to, in the place of those before; orders that are stored keep their links.
    ///
    /// # Errors
    /// One is no host's name, or there are too many.
    pub async fn set_link_hosts(
        &self,
        scope: OrgScope,
        hosts: Vec<String>,
        by: &By,
    ) -> Result<Prepared<Vec<String>>, ChangeError> {
        if hosts.len() > MOST_HOSTS {
            return Err(ChangeError::invalid("hosts", format!("must be at most {MOST_HOSTS}")));
        }
        let mut seen = BTreeSet::new();
        for (at, host) in hosts.iter().enumerate() {
            let rule = match () {
                () if !is_link_host(host) => {
                    "must be a host's name in small letters, such as shop.example.com or shop.example.com:8443, without a wildcard"
                }
                () if !seen.insert(host) => "must not be there twice",
                () => continue,
            };
            return Err(ChangeError::invalid(format!("hosts[{at}]"), rule));
        }
        let unit = self.parts.store.begin().await?;
        unit.set_link_hosts(scope, &hosts).await?;
        Ok(self.noted(unit, by, (scope.organization(), Action::SettingChanged), &SUBJECT, hosts))
    }
}
