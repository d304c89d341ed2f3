//! Notifications: ordered, called off, and single deliveries sent once more. Spreading and sending is a dispatcher's work.

use crate::bus::Nudge;
use crate::domain::audit::{Action, By};
use crate::domain::delivery::Delivery;
use crate::domain::ids::{AppId, DeliveryId, NotificationId};
use crate::domain::notification::{Audience, Channel, Notification, Outbox};
use crate::domain::order::{BrokenRule, Draft};
use crate::domain::scope::OrgScope;
use crate::domain::service_account::ServiceAccount;
use crate::store::StoreError;
use crate::store::notifications::NewNotification;

use super::administration::{Administration, ChangeError, Conflict, Prepared};
use super::audience::{Counting, FoundAudience, Where};

/// An order of which all is well.
struct Checked {
    account: Option<ServiceAccount>,
    found: FoundAudience,
}

impl Administration {
    /// Stores an order. Everything is checked before: what is refused leaves nothing behind. A key of the platform may not order
    /// what goes to people who are no app's users.
    ///
    /// # Errors
    /// The first rule that is broken, or there is no service account to send by.
    pub async fn order_notification(
        &self,
        scope: OrgScope,
        app: AppId,
        draft: Draft,
        by: &By,
        key_is_platform: bool,
    ) -> Result<Prepared<Notification>, ChangeError> {
        let Checked { account, found } =
            self.check_order(scope, app, &draft, key_is_platform, Counting::Whether).await?;
        let outbox = match &account {
            Some(account) => Outbox(account.id.0),
            None => Outbox(scope.organization().0),
        };
        let data = serde_json::to_string(&draft.data)
            .map_err(|_| ChangeError::invalid("data", "must be an object of texts"))?;
        let new = NewNotification {
            app,
            outbox,
            channel: draft.channel,
            template: draft.template,
            data,
            url: draft.url,
            audience: found.audience,
            priority: draft.priority,
            send_at: draft.send_at,
            expires_at: draft.expires_at,
            created_by: by.actor.clone(),
        };
        let unit = self.parts.store.begin().await?;
        // An account that was unbound just now has ended its notifications already: nobody would ever send this one.
        if let Some(account) = &account
            && unit.service_account(scope).await?.is_none_or(|bound| bound.id != account.id)
        {
            return Err(Conflict::NoServiceAccount.into());
        }
        let made = unit.create_notification(scope, &new).await?;
        Ok(self.prepared(unit, made).telling(Nudge::Outbox))
    }

    /// Checks an order as [`Administration::order_notification`] does, and stores nothing; gives how many people it would reach.
    ///
    /// # Errors
    /// As there.
    pub async fn try_order(
        &self,
        scope: OrgScope,
        app: AppId,
        draft: &Draft,
        key_is_platform: bool,
    ) -> Result<u64, ChangeError> {
        let checked = self.check_order(scope, app, draft, key_is_platform, Counting::All).await?;
        Ok(checked.found.recipients)
    }

    async fn check_order(
        &self,
        scope: OrgScope,
        app: AppId,
        draft: &Draft,
        key_is_platform: bool,
        counting: Counting,
    ) -> Result<Checked, ChangeError> {
        let of_followers = matches!(draft.audience, Audience::Followers(_) | Audience::Openids(_));
        if of_followers && key_is_platform {
            return Err(ChangeError::OrganizationKeyRequired);
        }
        let account = match draft.channel {
            Channel::Wechat => Some(self.followed_account(scope).await?),
            Channel::StationMessage | Channel::Approval | Channel::FillIn => None,
        };
        draft
            .check(self.now(), self.parts.dispatch.named_recipients)
            .map_err(|BrokenRule { field, rule }| ChangeError::Invalid { field, rule })?;
        if let Some(url) = &draft.url {
            self.check_link(scope, url).await?;
        }
        let place = Where { scope, app, account: account.as_ref() };
        let found = self.find_audience(place, draft, counting).await?;
        // Last, for WeChat may have to be asked.
        if let (Some(account), Some(template)) = (&account, &draft.template) {
            self.usable_template(scope, account, template).await?.check(&draft.data)?;
        }
        Ok(Checked { account, found })
    }

    /// Calls a notification off: what is not yet being sent is not sent.
    ///
    /// # Errors
    /// There is no such notification, or it is over.
    pub async fn cancel_notification(
        &self,
        scope: OrgScope,
        id: NotificationId,
        by: &By,
    ) -> Result<Prepared<Notification>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        let cancelled = unit.cancel_notification(scope, id).await?;
        let notification = unit.notification(scope, id).await?.ok_or(ChangeError::NotFound)?;
        if !cancelled {
            return Err(Conflict::WrongStatus.into());
        }
        let noted = (scope.organization(), Action::NotificationCancelled);
        Ok(self.noted(unit, by, noted, &id, notification).telling(Nudge::Outbox))
    }

    /// Sends a delivery once more that came to a bad end: a new delivery in its place, with an id of its own, so that WeChat takes
    /// it for another message.
    ///
    /// # Errors
    /// There is no such delivery; it did not come to a bad end, or was sent once more before; or its notification was stopped, so
    /// that nothing of it is sent any more.
    pub async fn resend(
        &self,
        scope: OrgScope,
        id: DeliveryId,
        by: &By,
    ) -> Result<Prepared<Delivery>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        let old = unit.delivery(scope, id).await?.ok_or(ChangeError::NotFound)?;
        // Held first: one that is called off at the same moment either sees the new delivery, or there is none.
        if !unit.hold_notification(scope, old.notification).await? || !old.state.can_be_resent() {
            return Err(Conflict::WrongStatus.into());
        }
        // Whoever it was for is gone.
        if old.openid.is_none() && old.account.is_none() {
            return Err(Conflict::WrongStatus.into());
        }
        let made = match unit.repeat_delivery(scope, id).await {
            Ok(made) => made.ok_or(ChangeError::NotFound)?,
            Err(StoreError::Conflict) => return Err(Conflict::WrongStatus.into()),
            Err(error) => return Err(error.into()),
        };
        let noted = (scope.organization(), Action::DeliveryResent);
        Ok(self.noted(unit, by, noted, &id, made).telling(Nudge::Outbox))
    }
}
