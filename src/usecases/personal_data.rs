//! What WeChat's events mean for what is kept of a person: who follows, and what has to go.

use std::time::Duration;

use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::clock::Millis;
use crate::domain::scope::OrgScope;
use crate::domain::service_account::ServiceAccount;
use crate::store::{StoreError, Unit};
use crate::wechat::callback::{Event, NICKNAME_AND_PICTURE, Push};

use super::open_sessions::sign_out_everywhere;

/// How a person came who scanned a parametric QR code, in WeChat's words.
const BY_QR_CODE: &str = "ADD_SCENE_QR_CODE";

/// Somebody at a service account.
struct Person<'a> {
    unit: &'a Unit,
    account: &'a ServiceAccount,
    openid: &'a str,
    at: Millis,
    follow_wait: Duration,
    caller: &'a Caller,
}

/// Does what an event asks for. Whatever the order in which events come, and how often, the same is known in the end.
pub(super) async fn apply(
    unit: &Unit,
    account: &ServiceAccount,
    push: &Push,
    follow_wait: Duration,
    caller: &Caller,
) -> Result<(), StoreError> {
    let person = Person { unit, account, openid: &push.openid, at: push.created, follow_wait, caller };
    match &push.event {
        Event::Subscribe { scene, .. } => person.follows(scene.is_some()).await,
        Event::Unsubscribe => person.left().await,
        Event::ProfileModified => person.forget("profile_modified").await,
        // What is not named may be anything.
        Event::AuthorizationRevoked { info } if info.is_empty() || info.contains(&NICKNAME_AND_PICTURE) => {
            person.forget("authorization_revoked").await
        }
        Event::AuthorizationCancelled => person.closed().await,
        // Of the rest nothing is kept; receipts have a way of their own.
        Event::AuthorizationRevoked { .. }
        | Event::Scan { .. }
        | Event::MenuClicked { .. }
        | Event::MenuOpened { .. }
        | Event::TemplateSendFinished { .. }
        | Event::Message { .. }
        | Event::Other { .. } => Ok(()),
    }
}

impl Person<'_> {
    fn scope(&self) -> OrgScope {
        OrgScope::of_row(self.account.organization)
    }

    async fn is_known(&self, follows: bool) -> Result<bool, StoreError> {
        let account = self.account;
        self.unit.set_follower(account.organization, account.id, self.openid, follows, self.at).await
    }

    async fn follows(&self, by_qr_code: bool) -> Result<(), StoreError> {
        if self.is_known(true).await? {
            let scene = by_qr_code.then_some(BY_QR_CODE);
            self.unit.set_follower_since(self.account.id, self.openid, self.at, scene).await?;
            self.catch_up().await?;
        }
        Ok(())
    }

    /// What was not sent lately for not following is sent after all.
    async fn catch_up(&self) -> Result<(), StoreError> {
        if self.follow_wait.is_zero() {
            return Ok(());
        }
        let ServiceAccount { organization, id, .. } = *self.account;
        let since = self.unit.now().minus(self.follow_wait);
        self.unit.reopen_for_follower(organization, id, self.openid, since).await?;
        Ok(())
    }

    /// What WeChat told goes. The account, its phone and whose WeChat it is stay: signing in needs no following.
    async fn left(&self) -> Result<(), StoreError> {
        self.is_known(false).await?;
        // Also when a newer event is known: name and picture are older than the leaving, or the person gives them again.
        self.forget("unsubscribed").await
    }

    /// The openid is nobody's any more: whoever has the account proves the phone, and is bound anew.
    async fn closed(&self) -> Result<(), StoreError> {
        let account = self.account;
        self.unit.erase_deliveries_to(account.organization, account.id, self.openid).await?;
        let bindings = self.unit.bindings_of(self.scope(), &account.appid, vec![self.openid.into()]).await?;
        for binding in &bindings {
            self.unit.hold_external_user(self.scope(), binding.app, binding.user).await?;
            sign_out_everywhere(self.unit, binding.user).await?;
        }
        self.forget("account_closed").await?;
        self.unit.unbind_openid(self.scope(), &account.appid, self.openid).await?;
        self.unit.remove_follower(account.id, self.openid).await?;
        self.unit.note_closed(account.organization, account.id, self.openid, self.at).await
    }

    /// Takes away name and picture in every app, with a line in the audit log for each account.
    async fn forget(&self, why: &'static str) -> Result<(), StoreError> {
        let openids = vec![self.openid.to_owned()];
        let bindings = self.unit.bindings_of(self.scope(), &self.account.appid, openids.clone()).await?;
        let users: Vec<_> = bindings.iter().map(|binding| binding.user).collect();
        self.unit.forget_profiles(self.scope(), &users, &openids).await?;
        let subjects = users.iter().map(|user| Some(user.to_string()));
        let nobody = users.is_empty().then_some(None);
        for subject in subjects.chain(nobody) {
            let entry = Entry {
                organization: self.account.organization,
                action: Action::PrivacyErased,
                actor: "wechat".into(),
                subject,
                result: why,
            };
            self.unit.audit(entry, self.caller);
        }
        Ok(())
    }
}
