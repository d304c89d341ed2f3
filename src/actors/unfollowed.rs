//! What follows when it turns out, without an event of WeChat's, that people do not follow any more.

use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::scope::OrgScope;
use crate::domain::service_account::ServiceAccount;
use crate::store::{StoreError, Unit};

/// Takes away names and pictures of people who have left without a word.
pub(super) async fn forget(
    unit: &Unit,
    account: &ServiceAccount,
    openids: Vec<String>,
    caller: &Caller,
) -> Result<(), StoreError> {
    if openids.is_empty() {
        return Ok(());
    }
    let scope = OrgScope::of_row(account.organization);
    let bindings = unit.bindings_of(scope, &account.appid, openids.clone()).await?;
    let users: Vec<_> = bindings.iter().map(|binding| binding.user).collect();
    unit.forget_profiles(scope, &users, &openids).await?;
    for user in users {
        let entry = Entry {
            organization: account.organization,
            action: Action::PrivacyErased,
            actor: "server".into(),
            subject: Some(user.to_string()),
            result: "not_following",
        };
        unit.audit(entry, caller);
    }
    Ok(())
}
